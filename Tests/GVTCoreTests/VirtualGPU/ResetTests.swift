// Nothing of one guest is left for the next.
import GVTCore
import Testing
import VGPUTesting

@Suite struct ResetTests {
  /// Where registers with rules are, and some room around them.
  private static let blocks: [Range<Int>] =
    Engine.allCases.map(\.block) + [
      0xd80..<0xd90, 0x4200..<0x4300, 0x7000..<0x7400, 0x9100..<0x9500, 0xa180..<0xa280, 0xc000..<0xc010,
      0xe100..<0xe500, 0x4_2000..<0x4_2400, 0x4_4200..<0x4_4500, 0x4_4fe0..<0x4_5010, 0x4_5400..<0x4_5410,
      0x4_6000..<0x4_6210, 0x4_a000..<0x4_b800, 0x6_0000..<0x6_7000, 0x6_c000..<0x6_c100, 0x7_0000..<0x7_3000,
      0x7_8000..<0x7_8900, 0xc_2000..<0xc_2020, 0xc_4000..<0xc_4040, 0xc_5000..<0xc_5200, 0xc_6000..<0xc_7300,
      0x10_0000..<0x10_0100, 0x13_0040..<0x13_0050, 0x13_8120..<0x13_8150, 0x14_5980..<0x14_59a0,
    ]

  /// Of the GGTT, from end to end.
  private static let pages = [0, 1, 511, 0x8_0000, 0xf_0001, 0xf_ffff]

  /// Writes something to every word of the blocks, some of it again, and lets time pass.
  private static func disturb(_ bench: inout Bench, _ blocks: [Range<Int>] = blocks) {
    var state: UInt64 = 1
    for _ in 0..<2 {
      for block in blocks {
        for offset in stride(from: block.lowerBound, to: block.upperBound, by: 4) {
          state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
          bench.write(offset, UInt32(truncatingIfNeeded: state >> 32))
        }
      }
      bench.turnOn()
      bench.setPlane()
      bench.write(MMIO.planeSurface(.a, 1), 0x1000_0000)
      bench.unmaskVblank()
      _ = bench.advance(by: .milliseconds(40))
    }
    for page in pages { bench.gpu.table[PageNumber(page)] = TranslationEntry(rawValue: .max) }
  }

  @Test(arguments: Platform.all)
  func `after a reset every register, unit and entry is as in a fresh device`(platform: Platform) throws {
    let fresh = try Bench(platform: platform)
    var bench = try Bench(platform: platform)
    Self.disturb(&bench)
    #expect(!StateComparison.differences(bench.gpu, fresh.gpu).isEmpty, "the comparison must be able to fail")
    _ = bench.gpu.reset()
    #expect(StateComparison.differences(bench.gpu, fresh.gpu) == [])
    #expect(Self.pages.allSatisfy { bench.gpu.table[PageNumber($0)] == .absent })
  }

  @Test(arguments: Platform.all, EngineBehaviour.allCases)
  func `a reset of all engines leaves nothing in them`(platform: Platform, engines: EngineBehaviour) throws {
    let fresh = try Bench(platform: platform, engines: engines)
    var bench = try Bench(platform: platform, engines: engines)
    let blocks = Engine.allCases.map(\.block)
    for block in blocks {
      for offset in stride(from: block.lowerBound, to: block.upperBound, by: 4) { bench.write(offset, .max) }
    }
    bench.write(MMIO.domainReset, 1)
    #expect(StateComparison.differences(bench.gpu, fresh.gpu) == [])
  }
}

/// Compares two vGPUs down to the last stored property, those that somebody adds later included.
private enum StateComparison {
  /// What is decided before power-on, or not the device's own, or says when it was reset.
  private static let ignored: Set<String> = [
    ".configuration", ".table", ".memory", ".access", ".clock", ".registers.rules",
    ".engines.start",
  ]

  static func differences(_ a: VirtualGPU, _ b: VirtualGPU) -> [String] {
    differences(a, b, "")
  }

  private static func differences(_ a: Any, _ b: Any, _ path: String) -> [String] {
    if let same = isEqual(a, b) { return same ? [] : [path] }
    let left = Mirror(reflecting: a).children
    let right = Mirror(reflecting: b).children
    guard left.count == right.count else { return [path] }
    return zip(left, right).flatMap { left, right -> [String] in
      let name = path + "." + (left.label ?? "element")
      return ignored.contains(name) ? [] : differences(left.value, right.value, name)
    }
  }

  /// Nil if the values cannot be compared as a whole.
  private static func isEqual(_ a: Any, _ b: Any) -> Bool? {
    guard let a = a as? any Equatable else { return nil }
    return areEqual(a, b)
  }

  private static func areEqual<Value: Equatable>(_ a: Value, _ b: Any) -> Bool { b as? Value == a }
}
