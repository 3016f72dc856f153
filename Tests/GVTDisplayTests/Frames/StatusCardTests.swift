// Status cards: a picture of the right size for any size, and words on it where they fit.
import GVTCore
import Testing

@testable import GVTDisplay

struct StatusCardTests {
  static let card = StatusCard(title: "VM is off", detail: "The display comes back when somebody starts it.")

  @Test(arguments: [(1, 1), (2, 500), (500, 2), (16, 16), (64, 48), (320, 200), (640, 480)])
  func `a card of any size has that many pixels`(width: Int, height: Int) {
    #expect(Self.card.pixels(size: PixelSize(width: width, height: height)).count == width * height)
  }

  @Test func `no size, no pixels`() {
    #expect(Self.card.pixels(size: PixelSize(width: 0, height: 5)).isEmpty)
  }

  @Test(arguments: [(320, 200), (640, 480)])
  func `words are bright on a dark ground`(width: Int, height: Int) {
    let pixels = Self.card.pixels(size: PixelSize(width: width, height: height))
    let bright = pixels.filter { $0 >> 8 & 255 > 150 }.count
    #expect(bright > 200 && bright < pixels.count / 10)
  }

  @Test func `endless words neither trap nor take long`() {
    let card = StatusCard(
      title: String(repeating: "x", count: 50_000), detail: String(repeating: "y ", count: 50_000))
    #expect(card.pixels(size: PixelSize(width: 200, height: 100)).count == 20_000)
  }

  @Test func `equal cards give equal pixels, other words give others`() {
    let size = PixelSize(width: 320, height: 200)
    #expect(Self.card.pixels(size: size) == Self.card.pixels(size: size))
    var other = Self.card
    other.detail = "Starting"
    #expect(Self.card.pixels(size: size) != other.pixels(size: size))
  }
}
