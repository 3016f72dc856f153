// The demo's desktop: drawing what changed gives the same picture as drawing everything, at any size.
import GVTCore
import Testing

@testable import GVTDisplay

struct DemoDesktopTests {
  private func desktop(_ width: Int, _ height: Int) -> DemoDesktop {
    DemoDesktop(
      size: PixelSize(width: width, height: height), possibleModes: Set(DemoDesktop.modes), title: "test")
  }

  private func whole(_ desktop: DemoDesktop) -> [UInt32] {
    var canvas = Canvas(size: desktop.size)
    desktop.draw([desktop.size.bounds], on: &canvas)
    return canvas.pixels
  }

  @Test(arguments: [(720, 540), (512, 480), (560, 260), (200, 180), (33, 17)])
  func `drawing what changed equals drawing everything`(width: Int, height: Int) {
    var desktop = desktop(width, height)
    var canvas = Canvas(size: desktop.size)
    desktop.draw(desktop.takeDirty(), on: &canvas)
    #expect(canvas.pixels == whole(desktop))
    for round in 1...6 {
      desktop.advance(to: round * 13, WallTime(hour: 1, minute: 2, second: round))
      desktop.handle(KeyPress(keysym: round == 3 ? 0xfe51 : 0x61 + UInt32(round), isDown: round % 2 == 0))
      // Over the buttons, the text and the pad, with the button down now and then.
      let place = PixelPoint(x: width - 30 * round, y: height - 25 * round)
      desktop.handle(PointerState(position: place, buttons: round % 3 == 0 ? [.left, .wheelLeft] : []))
      desktop.draw(desktop.takeDirty(), on: &canvas)
      #expect(canvas.pixels == whole(desktop), "round \(round)")
    }
  }

  @Test(arguments: [(16, 16), (100, 2000), (2000, 100), (320, 200), (640, 480), (800, 600), (1024, 768), (5120, 4096)])
  func `windows lie on the screen, apart, with room for what is in them`(width: Int, height: Int) {
    let layout = DesktopLayout(PixelSize(width: width, height: height))
    let places = Array(layout.windows.values)
    for (index, place) in places.enumerated() {
      #expect(layout.size.bounds.contains(place) && !place.isEmpty)
      for other in places[(index + 1)...] { #expect(place.intersection(other).isEmpty) }
    }
    for window in layout.windows.keys { #expect(layout.content(of: window)?.isEmpty == false) }
    if let box = layout.textBox, let content = layout.content(of: .keyboard) { #expect(content.contains(box)) }
    for button in layout.buttons {
      #expect(layout.content(of: .display)?.contains(layout.frame(of: button)) == true)
    }
    for step in stride(from: 0, to: 5000, by: 37) {
      #expect(layout.size.bounds.contains(layout.floating(at: step)))
    }
  }

  @Test func `a click on a button asks for its mode, on the present or an impossible one for none`() {
    var desktop = DemoDesktop(
      size: PixelSize(width: 1024, height: 768), possibleModes: [PixelSize(width: 1280, height: 800)], title: "")
    for (mode, expected) in zip(DemoDesktop.modes, [nil, PixelSize(width: 1280, height: 800), nil]) {
      let frame = desktop.layout.frame(of: .mode(mode))
      let place = PixelPoint(x: frame.x + 5, y: frame.y + 5)
      desktop.handle(PointerState(position: place, buttons: []))
      desktop.handle(PointerState(position: place, buttons: .left))
      // Held down, it asks once.
      desktop.handle(PointerState(position: PixelPoint(x: place.x + 1, y: place.y), buttons: .left))
      let requests = [desktop.takeModeRequest(), desktop.takeModeRequest()]
      #expect(requests == [expected, nil])
      desktop.handle(PointerState(position: place, buttons: []))
    }
  }

  @Test func `a static desktop has nothing to draw, and goes on afterwards`() {
    var desktop = desktop(512, 480)
    desktop.handle(KeyPress(keysym: 0xffbf, isDown: true))
    _ = desktop.takeDirty()
    desktop.advance(to: 5, WallTime(hour: 1, minute: 1, second: 1))
    #expect(desktop.isStatic && !desktop.isDirty)
    desktop.handle(KeyPress(keysym: 0xffbf, isDown: true))
    desktop.advance(to: 6, WallTime(hour: 1, minute: 1, second: 2))
    #expect(desktop.isDirty)
  }

  @Test func `wheels count presses, and a pointer outside is at the edge`() {
    var desktop = desktop(720, 540)
    for buttons in [[.wheelUp], [], [.wheelUp, .wheelRight], [.wheelUp], [.wheelDown]] as [ButtonMask] {
      desktop.handle(PointerState(position: PixelPoint(x: -5, y: 100_000), buttons: buttons))
    }
    #expect(desktop.pad.wheel == [2, 1, 0, 1])
    #expect(desktop.pad.position == PixelPoint(x: 0, y: 539))
  }

  @Test func `the photo has as many colours as one`() {
    let picture = Landscape.picture(size: PixelSize(width: 300, height: 220))
    #expect(Set(picture.pixels).count > 10_000)
  }

  @Test func `every pixel of the video changes with nearly every step`() {
    let rect = PixelRect(x: 0, y: 0, width: 64, height: 64)
    var first = Canvas(size: rect.size)
    var second = first
    VideoPattern.draw(1, in: rect, on: &first)
    VideoPattern.draw(2, in: rect, on: &second)
    #expect(zip(first.pixels, second.pixels).filter { $0 == $1 }.count < rect.area / 10)
  }
}
