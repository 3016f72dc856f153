// Cursors from registers.
import GVTCore
import Testing

@Suite struct CursorDecoderTests {
  private func decode(_ control: UInt32, _ change: (inout CursorRegisters) -> Void = { _ in }) -> PlaneState {
    var registers = CursorRegisters()
    registers.control = CursorControl(rawValue: control)
    registers.base = 0x2000_0000
    change(&registers)
    return PlaneDecoder.decode(registers, of: .b)
  }

  @Test(arguments: [(0x27, 64), (0x0100_0027, 64), (0x22, 128), (0x0400_0023, 256)])
  func `the three sizes are premultiplied ARGB without padding`(control: UInt32, side: Int) throws {
    let picture = try #require(decode(control).picture)
    #expect(
      picture.layout
        == SurfaceLayout(
          format: .argb8888, size: PixelSize(width: side, height: side), strideBytes: 4 * side))
    #expect(picture.alpha == .premultiplied)
    #expect(picture.address == GraphicsAddress(0x2000_0000))
    #expect(CursorControl.mode(side: side) == control & 0x27)
  }

  @Test func `a cursor hangs over the upper left corner`() throws {
    let state = decode(0x27) { $0.position = CursorPosition(rawValue: 0x8005_803f) }
    #expect(try #require(state.picture).position == PixelPoint(x: -63, y: -5))
  }

  @Test(arguments: [(0x8000_0007, 8), (0x0000_0007, 64), (0x8000_00ff, 64)])
  func `the height may be less than the width`(raw: UInt32, height: Int) throws {
    let state = decode(0x27) { $0.height = CursorHeight(rawValue: raw) }
    #expect(try #require(state.picture).layout.size == PixelSize(width: 64, height: height))
  }

  @Test func `mode 0 is off and the old modes are invalid`() {
    #expect(decode(0x0400_0000) == .off)
    #expect(decode(0x04) == .invalid(.init(.cursor(.b), .cursorMode(4))))
    #expect(decode(0x8027) == .invalid(.init(.cursor(.b), .rotated(degrees: 180))))
  }

  @Test func `an image beyond graphics memory is invalid`() {
    guard case .invalid(let reason) = decode(0x27, { $0.base = 0xffff_f000 }) else {
      Issue.record("not found invalid")
      return
    }
    #expect(reason.description.hasPrefix("the cursor of pipe B reaches from 0xfffff000 to 0x100003000"))
  }
}
