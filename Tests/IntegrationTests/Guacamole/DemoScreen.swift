// Where things stand on the demo guest's desktop, for tests that look at it and click on it.
import GVTCore
import TestSupport

@testable import GVTDisplay

struct DemoScreen {
  /// Stops and starts everything that moves.
  static let staticKey = 0xffbf
  private let layout: DesktopLayout

  init(width: Int, height: Int) { layout = DesktopLayout(PixelSize(width: width, height: height)) }

  /// The text field and the two lines about the last key.
  func keyboard(in picture: TestSupport.Picture) -> TestSupport.Picture { part(.keyboard, of: picture) }

  /// What moves all the time.
  func video(in picture: TestSupport.Picture) -> TestSupport.Picture { part(.video, of: picture) }

  /// An empty picture when the desktop has another size.
  private func part(_ window: DesktopLayout.Window, of picture: TestSupport.Picture) -> TestSupport.Picture {
    guard picture.width == layout.size.width, picture.height == layout.size.height,
      let area = layout.content(of: window)
    else { return TestSupport.Picture(width: 0, height: 0) }
    return picture.cropped(x: area.x, y: area.y, width: area.width, height: area.height)
  }

  /// The middle of the button that asks for a mode.
  func button(width: Int, height: Int) -> (x: Int, y: Int) {
    let frame = layout.frame(of: .mode(PixelSize(width: width, height: height)))
    return (frame.x + frame.width / 2, frame.y + frame.height / 2)
  }
}
