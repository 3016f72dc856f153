// Drawing: clipping never changes a pixel that it lets through, and blending is exact at both ends.
import GVTCore
import Testing

@testable import GVTDisplay

struct CanvasTests {
  private func scene(_ canvas: inout Canvas) {
    let bounds = canvas.size.bounds
    canvas.fill(bounds, from: 0x102030, to: 0x405060)
    canvas.shadow(of: bounds.inset(by: 12), radius: 9, blur: 10, drop: 3, alpha: 120)
    canvas.fillRounded(bounds.inset(by: 12), radius: 9, .vertical(0xf0f0ff, 0xd0d0e0), alpha: 230)
    canvas.strokeRounded(bounds.inset(by: 12), radius: 9, width: 2, 0x3366ff, alpha: 200)
    canvas.text("Wörter →", at: PixelPoint(x: 5, y: 40), .medium, 0x101010)
    canvas.fillCircle(centre: PixelPoint(x: 60, y: 30), radius: 11, 0xff8800, alpha: 128)
  }

  @Test func `drawing in pieces gives the same pixels as drawing at once`() {
    let size = PixelSize(width: 97, height: 61)
    var whole = Canvas(size: size)
    scene(&whole)
    var pieces = Canvas(size: size)
    for y in stride(from: 0, to: size.height, by: 7) {
      for x in stride(from: 0, to: size.width, by: 11) {
        pieces.clipped(to: PixelRect(x: x, y: y, width: 11, height: 7)) { scene(&$0) }
      }
    }
    #expect(whole.pixels == pieces.pixels)
  }

  @Test(arguments: [0x000000, 0xffffff, 0x123456, 0xff00ff] as [UInt32])
  func `blending is exact at both ends and never leaves its channels`(colour: UInt32) {
    for under in [0x000000, 0xffffff, 0x00ff00, 0x8899aa] as [UInt32] {
      #expect(blend(colour, over: under, alpha: 255) == colour)
      #expect(blend(colour, over: under, alpha: 0) == under)
      for alpha in 0...255 { #expect(blend(colour, over: colour, alpha: alpha) == colour) }
      #expect(blend(colour, over: under, alpha: 128) >> 24 == 0)
    }
  }

  @Test func `shapes outside the canvas, empty or inverted, draw nothing and do not trap`() {
    var canvas = Canvas(size: PixelSize(width: 3, height: 3), colour: 7)
    let before = canvas.pixels
    canvas.fill(PixelRect(x: 5, y: 5, width: 9, height: 9), 1)
    canvas.fillRounded(PixelRect(x: 1, y: 1, width: -4, height: 2), radius: 3, .solid(1))
    canvas.strokeRounded(PixelRect(x: -9, y: 0, width: 2, height: 2), radius: 0, width: 5, 1)
    canvas.text("hello", at: PixelPoint(x: -500, y: 2), .small, 1)
    #expect(canvas.pixels == before)
  }
}
