// Planes from registers, sensible and absurd.
import GVTCore
import Testing

@Suite struct PlaneDecoderTests {
  /// 64x32 pixels at graphics address 0x10000000.
  private static func registers(
    _ control: PlaneControl, stride: UInt32 = 4, _ change: (inout PlaneRegisters) -> Void = { _ in }
  ) -> PlaneRegisters {
    var registers = PlaneRegisters()
    registers.control = control
    registers.stride = stride
    registers.size = PlaneSize(PixelSize(width: 64, height: 32))
    registers.surface = 0x1000_0000
    change(&registers)
    return registers
  }

  private static func decode(_ registers: PlaneRegisters) -> PlaneState {
    PlaneDecoder.decode(registers, of: .a, plane: 1, on: PixelSize(width: 1, height: 1), by: .universal) {
      (0..<256).map { $0 * 0x01_0101 }
    }
  }

  private static let linear = PlaneControl(rawValue: 0x8400_0000)

  private static let formats: [(UInt32, PixelFormat, PlaneDescription.Alpha)] = [
    (0x8400_0000, .xrgb8888, .opaque),
    (0x8410_0000, .xbgr8888, .opaque),
    (0x8400_0020, .argb8888, .premultiplied),
    (0x8400_0030, .argb8888, .straight),
    (0x8410_0020, .abgr8888, .premultiplied),
    (0x8200_0000, .xrgb2101010, .opaque),
    (0x8210_0000, .xbgr2101010, .opaque),
    (0x8200_0020, .xrgb2101010, .opaque),
    (0x8e00_0000, .rgb565, .opaque),
    (0x8c00_0000, .c8, .opaque),
  ]

  @Test(arguments: formats)
  func `each format is recognised`(control: UInt32, format: PixelFormat, alpha: PlaneDescription.Alpha) throws {
    let picture = try #require(Self.decode(Self.registers(PlaneControl(rawValue: control))).picture)
    #expect(picture.layout.format == format)
    #expect(picture.alpha == alpha)
    #expect(picture.isOpaque == (alpha == .opaque))
    #expect((picture.layout.palette != nil) == (format == .c8))
  }

  @Test(arguments: PixelFormat.all, Tiling.allCases)
  func `what a driver asks for by name is what is decoded`(format: PixelFormat, tiling: Tiling) throws {
    guard let control = PlaneControl(showing: format, tiling) else {
      #expect(format == .xrgb1555)
      return
    }
    let unit = tiling.strideUnitBytes(bytesPerPixel: format.bytesPerPixel)
    let state = Self.decode(Self.registers(control, stride: 8))
    guard format.isReadable else {
      #expect(state == .invalid(.init(.plane(.a, 1), .format(format.name))))
      return
    }
    let layout = try #require(state.picture).layout
    #expect(layout.format == format)
    #expect(layout.tiling == tiling)
    #expect(layout.strideBytes == 8 * unit)
  }

  @Test func `the registers of a real i915 console give its picture`() throws {
    var registers = PlaneRegisters()
    registers.control = PlaneControl(rawValue: 0x8484_2400)
    registers.stride = 0x0f
    registers.size = PlaneSize(rawValue: 0x0437_077f)
    registers.surface = 0x1000_0000
    let picture = try #require(Self.decode(registers).picture)
    #expect(
      picture.layout
        == SurfaceLayout(
          format: .xrgb8888, tiling: .x, size: PixelSize(width: 1920, height: 1080), strideBytes: 7680))
    #expect(picture.pages.lowerBound == PageNumber(0x1_0000))
    #expect(picture.pages.upperBound == PageNumber(0x1_0000 + 2025))
  }

  @Test func `position and offset are honoured`() throws {
    let registers = Self.registers(Self.linear, stride: 8) {
      $0.position = PackedPair(PixelPoint(x: 300, y: 20))
      $0.offset = PackedPair(PixelPoint(x: 16, y: 9))
    }
    let picture = try #require(Self.decode(registers).picture)
    #expect(picture.position == PixelPoint(x: 300, y: 20))
    #expect(picture.layout.origin == PixelPoint(x: 16, y: 9))
    #expect(picture.layout.byteCount == 40 * 512 + 80 * 4)
    #expect(picture.pages == PageNumber(0x1_0000)..<PageNumber(0x1_0006))
  }

  @Test func `a plane that is not enabled is off, whatever else it says`() {
    #expect(Self.decode(Self.registers(PlaneControl(rawValue: 0x7fff_ffff))) == .off)
    #expect(Self.decode(PlaneRegisters()) == .off)
  }

  private static let faults: [(String, PlaneRegisters)] = [
    ("is 0x0 pixels", registers(linear) { $0.size = PlaneSize(rawValue: 0) }),
    (
      "is 65535x65535 pixels, more than the 5120x4096 that the hardware can show",
      registers(linear) { $0.size = PlaneSize(rawValue: 0xfffe_fffe) }
    ),
    (
      "is 65536x1 pixels, more than the 5120x4096 that the hardware can show",
      registers(linear) { $0.size = PlaneSize(rawValue: 0x0000_ffff) }
    ),
    ("has a stride of 0 bytes", registers(linear, stride: 0)),
    ("has a stride of 192 bytes for rows of 256 bytes", registers(linear, stride: 3)),
    (
      "has a stride of 256 bytes for rows of 260 bytes",
      registers(linear) { $0.offset = PackedPair(low: 1, high: 0) }
    ),
    ("has a stride of 4194240 bytes, more than the 32768 that the hardware knows", registers(linear, stride: .max)),
    (
      "begins at pixel 65535,0 of its surface, which is too far in",
      registers(linear) { $0.offset = PackedPair(low: 0xffff, high: 0) }
    ),
    (
      "reaches from 0xfffff000 to 0x100001000, beyond graphics memory, which ends at 0x100000000",
      registers(linear) { $0.surface = 0xffff_f000 }
    ),
    ("has the unknown tiling 2", registers(PlaneControl(rawValue: 0x8400_0800))),
    ("has the unknown tiling 7", registers(PlaneControl(rawValue: 0x8400_1c00))),
    ("is rotated by 90 degrees, which is not supported", registers(PlaneControl(rawValue: 0x8400_0001))),
    ("is rotated by 180 degrees, which is not supported", registers(PlaneControl(rawValue: 0x8400_0002))),
    ("has compressed pixels, which cannot be read", registers(PlaneControl(rawValue: 0x8400_9000))),
    ("has the pixel format NV12, which cannot be read", registers(PlaneControl(rawValue: 0x8100_0000))),
    (
      "has the pixel format packed YUV 4:2:2, which cannot be read", registers(PlaneControl(rawValue: 0x8000_0000))
    ),
    (
      "has the pixel format XBGR16161616F, which cannot be read",
      registers(PlaneControl(rawValue: 0x8610_0000), stride: 8)
    ),
    ("has the pixel format number 15, which cannot be read", registers(PlaneControl(rawValue: 0x8f00_0000))),
  ]

  @Test(arguments: faults)
  func `nonsense is invalid, with a sentence that says why`(sentence: String, registers: PlaneRegisters) throws {
    guard case .invalid(let reason) = Self.decode(registers) else {
      Issue.record("not found invalid: \(registers)")
      return
    }
    #expect(reason.description == "plane 1 of pipe A " + sentence)
  }

  @Test func `a surface that ends exactly where graphics memory does is fine`() throws {
    let registers = Self.registers(Self.linear) { $0.surface = 0xffff_e000 }
    let picture = try #require(Self.decode(registers).picture)
    #expect(picture.pages.upperBound == PageNumber(TranslationTable.entryCount))
  }
}
