// What a lender says of a dmabuf, checked before anything is done with it.
import GVTCore
import Testing

@testable import GVTDisplay

struct ImportRequestTests {
  static let xTiled: UInt64 = 0x0100_0000_0000_0001
  static let compressed: UInt64 = 0x0100_0000_0000_0004

  static func description(
    _ code: FourCC = "XR24", modifier: UInt64? = nil, width: Int = 100, height: Int = 50, stride: Int = 400,
    offset: Int = 0
  ) -> DMABufDescription {
    DMABufDescription(
      code: code, modifier: modifier, size: PixelSize(width: width, height: height), strideBytes: stride,
      byteOffset: offset)
  }

  /// A file of so many bytes stands in for a dmabuf.
  static func file(_ count: Int) throws -> OwnedDescriptor {
    let file = try TemporaryFile()
    try file.truncate(to: count)
    return try file.shared.owned.duplicate()
  }

  @Test(
    arguments: [
      (description(), 20_000, nil), (description(), 19_999, BufferFailure.tooShort(needed: 20_000, has: 19_999)),
      (description(offset: 1), 20_000, .tooShort(needed: 20_001, has: 20_000)),
      (description(stride: 512), 49 * 512 + 400, nil),
      (description(stride: 399), 1 << 20, .impossibleLayout), (description(stride: -400), 1 << 20, .impossibleLayout),
      (description(stride: .max), 1 << 20, .impossibleLayout), (description(offset: .max), 1 << 20, .impossibleLayout),
      (description(offset: -1), 1 << 20, .impossibleLayout),
      (description(width: 0), 1 << 20, .impossibleSize(PixelSize(width: 0, height: 50))),
      (description(height: .max), 1 << 20, .impossibleSize(PixelSize(width: 100, height: .max))),
      (description(modifier: xTiled, stride: 512), 7 * 4096, nil),
      (description(modifier: xTiled, stride: 512), 7 * 4096 - 1, .tooShort(needed: 7 * 4096, has: 7 * 4096 - 1)),
      (description(modifier: xTiled, stride: 400), 1 << 20, .impossibleLayout),
      (description(modifier: compressed, stride: 512), 49 * 512 + 1, nil),
      (description(modifier: compressed, stride: 512), 49 * 512, .tooShort(needed: 49 * 512 + 1, has: 49 * 512)),
      (description("YUYV", stride: 200), 49 * 200 + 1, nil),
      (description("YUYV", stride: 200), 100, .tooShort(needed: 9801, has: 100)),
    ] as [(DMABufDescription, Int, BufferFailure?)])
  func `numbers that contradict each other or the dmabuf are refused`(
    _ description: DMABufDescription, _ bytes: Int, _ expected: BufferFailure?
  ) throws {
    let file = try Self.file(bytes)
    do {
      let request = try ImportRequest(file, as: description)
      #expect(expected == nil)
      #expect(request.description == description)
    } catch {
      #expect(error == expected)
    }
  }

  @Test(
    arguments: [
      (description(), "format XR24 with no modifier", Tiling.linear),
      (description(modifier: 0x00ff_ffff_ffff_ffff), "format XR24 with no modifier", .linear),
      (description(modifier: 0), "format XR24 with modifier LINEAR (0x0)", .linear),
      (description(modifier: xTiled, stride: 512), "format XR24 with modifier X_TILED (0x100000000000001)", .x),
      (
        description(modifier: compressed, stride: 512), "format XR24 with modifier Y_TILED_CCS (0x100000000000004)", nil
      ),
      (description("XR4H", stride: 800), "format XR4H with no modifier", nil),
      (description("C8  ", stride: 100), "format C8   with no modifier", nil),
      (description("YUYV", stride: 200), "format YUYV with no modifier", nil),
    ] as [(DMABufDescription, String, Tiling?)])
  func `what a CPU can make sense of has a layout, and everything has a name`(
    _ description: DMABufDescription, _ name: String, _ tiling: Tiling?
  ) throws {
    let request = try ImportRequest(try Self.file(1 << 20), as: description)
    #expect(request.name == name)
    if let tiling {
      #expect(try request.layout().tiling == tiling)
    } else {
      #expect(throws: BufferFailure.unreadableFormat(name)) { try request.layout() }
    }
  }
}
