// Which guests are polled, and what is learnt of their pointers.
import GVTCore
import Testing

@testable import GVTDisplay

struct FlipPacingTests {
  private let start = Instant(nanoseconds: 1_000_000_000)

  @Test func `a guest that flips is not polled, and one that stops flipping is`() {
    var flips = FlipPacing()
    #expect(flips.pacing(at: start) == .polled)
    flips.noteFlip(at: start)
    #expect(flips.pacing(at: start + .milliseconds(49)) == .announced)
    #expect(flips.end(at: start + .milliseconds(10)) == start + FlipPacing.patience)
    #expect(flips.pacing(at: start + .milliseconds(50)) == .polled)
    #expect(flips.end(at: start + .milliseconds(50)) == nil)
  }
}

struct HotSpotFinderTests {
  private let arrow = CursorImage(
    size: PixelSize(width: 8, height: 8), hotSpot: .zero, pixels: Array(repeating: 1, count: 64))
  private let beam = CursorImage(
    size: PixelSize(width: 8, height: 8), hotSpot: .zero, pixels: Array(repeating: 2, count: 64))

  @Test func `a resting pointer tells its hot spot, each image its own`() {
    var finder = HotSpotFinder()
    let isTold = finder.rested(arrow, at: PixelPoint(x: 10, y: 10))
    #expect(!isTold)
    finder.pointed(at: PixelPoint(x: 12, y: 11))
    let first = finder.rested(arrow, at: PixelPoint(x: 10, y: 10))
    let again = finder.rested(arrow, at: PixelPoint(x: 10, y: 10))
    #expect(first && !again)
    #expect(finder.hotSpot(of: arrow) == PixelPoint(x: 2, y: 1) && finder.hotSpot(of: beam) == nil)
    let other = finder.rested(beam, at: PixelPoint(x: 8, y: 7))
    #expect(other && finder.hotSpot(of: beam) == PixelPoint(x: 4, y: 4))
  }

  @Test(arguments: [PixelPoint(x: 13, y: 10), PixelPoint(x: 4, y: 10), PixelPoint(x: 12, y: -900)])
  func `a pointer that is not where it was put tells nothing`(_ corner: PixelPoint) {
    var finder = HotSpotFinder()
    finder.pointed(at: PixelPoint(x: 12, y: 11))
    let isTold = finder.rested(arrow, at: corner)
    #expect(!isTold && finder.hotSpot(of: arrow) == nil)
  }
}
