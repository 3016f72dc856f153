// The table of types.
import GVTCore
import Testing

@Suite struct InstanceTypeTests {
  private static let rows: [(String, Int, Int, Int, PixelSize)] = [
    ("i915-GVTg_V4_8", 64, 384, 2, PixelSize(width: 1024, height: 768)),
    ("i915-GVTg_V4_1", 512, 2048, 16, PixelSize(width: 1920, height: 1200)),
    ("i915-GVTg_V5_8", 64, 384, 2, PixelSize(width: 1024, height: 768)),
    ("i915-GVTg_V5_4", 128, 512, 4, PixelSize(width: 1920, height: 1200)),
    ("i915-GVTg_V5_2", 256, 1024, 8, PixelSize(width: 1920, height: 1200)),
  ]

  @Test(arguments: rows)
  func `a type is found by its name`(
    name: String, low: Int, high: Int, weight: Int, resolution: PixelSize
  ) throws {
    let type = try InstanceType(named: name)
    #expect(type.name == name)
    #expect(type.lowMegabytes == low)
    #expect(type.highMegabytes == high)
    #expect(type.weight == weight)
    #expect(type.resolution == resolution)
    #expect(type.fences == 4)
  }

  @Test func `there are eight types with different names`() {
    #expect(Set(InstanceType.all.map(\.name)).count == 8)
  }

  @Test func `a wrong name is refused with a list of the right ones`() {
    let failure = #expect(throws: UnknownInstanceType.self) { try InstanceType(named: "i915-GVTg_V5_3") }
    #expect(failure?.description.contains("\"i915-GVTg_V5_3\"") == true)
    for type in InstanceType.all { #expect(failure?.description.contains(type.name) == true) }
  }
}
