// What a device answered that was a refusal or made no sense: counted by kind, and logged once per kind.
import GVTCore
import Logging

/// Counts of answers by kind.
struct PlaneErrors {
  /// No device has more kinds of them than the kernel has error numbers.
  private static let mostKinds = 64

  private(set) var counts: [String: Int] = [:]
  private let logger: Logger
  private let subject: String

  /// `subject` begins each line of the log.
  init(of subject: String, logger: Logger) {
    self.subject = subject
    self.logger = logger
  }

  mutating func note(_ kind: String) {
    if let count = counts[kind] {
      counts[kind] = count &+ 1
    } else if counts.count < Self.mostKinds {
      counts[kind] = 1
      logger.warning("\(subject): \(kind)")
    }
  }
}

/// What was done with a VM's device and what it answered, over all times that it was opened.
final class PlaneLedger {
  var queries = 0
  var gets = 0
  private(set) var errors: [GraphicsPlane.Kind: PlaneErrors]

  init(logger: Logger) {
    errors = [
      .primary: PlaneErrors(of: "the vGPU's primary plane", logger: logger),
      .cursor: PlaneErrors(of: "the vGPU's cursor", logger: logger),
    ]
  }

  func note(_ kind: String, _ plane: GraphicsPlane.Kind) { errors[plane]?.note(kind) }
}
