import TestSupport
// What a test needs of the machine; a test whose need is not met is skipped with the reason.
import Testing

extension Trait where Self == ConditionTrait {
  /// Programs by name, or by path.
  static func needs(_ tools: String...) -> Self {
    let missing = tools.filter { !Project.has($0) }
    let list = missing.map { String($0.split(separator: "/").last ?? "") }.joined(separator: ", ")
    return .enabled(if: missing.isEmpty, "not installed: \(list) (.ci/packages test)")
  }
}

/// Tests that start servers and viewers run one after another: two cores do not carry more.
@Suite(.serialized, .timeLimit(.minutes(10))) enum RealPeers {}

extension Trait where Self == ConditionTrait {
  /// Linux guests with vGPUs.
  static func needsGuests(_ kernels: [GuestKernel], desktop: Bool = false) -> Self {
    let missing = GuestImages.whatIsMissing(kernels: kernels, desktop: desktop)
    return .enabled(if: missing == nil, "\(missing ?? "")")
  }
}
