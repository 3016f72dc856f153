// Where the demo's windows go on a screen of a given size.
import GVTCore

/// The windows that there is room for. Everything else follows from the screen's size.
struct DesktopLayout: Equatable, Sendable {
  enum Window: String, CaseIterable, Sendable {
    case keyboard = "Keyboard"
    case pointer = "Pointer"
    case photo = "Photo"
    case video = "Video"
    case display = "Display"
  }

  static let barHeight = 32
  static let titleHeight = 30
  static let minimumDisplay = PixelSize(width: 216, height: 176)

  let size: PixelSize
  let margin: Int
  private(set) var windows: [Window: PixelRect] = [:]
  /// What the window that moves by itself moves within; empty where there is no room for it.
  private(set) var drift: PixelRect = .empty

  init(_ size: PixelSize) {
    self.size = size
    margin = min(24, max(6, size.width / 64))
    let area = PixelRect(
      x: margin, y: Self.barHeight + margin, width: size.width - 2 * margin,
      height: size.height - Self.barHeight - 2 * margin)
    if area.width >= 680 && area.height >= 440 {
      let rows = split(area, vertically: [46, 54])
      place([.keyboard, .pointer], split(rows[0], horizontally: [57, 43]))
      place([.photo, .video, .display], split(rows[1], horizontally: [38, 38, 24]))
      giveDisplayRoom(in: rows[1])
    } else if area.width >= 480 && area.height >= 400 {
      let rows = split(area, vertically: [50, 50])
      windows[.keyboard] = rows[0]
      place([.video, .display], split(rows[1], horizontally: [52, 48]))
    } else if area.width >= 520 && area.height >= 180 {
      place([.keyboard, .display], split(area, horizontally: [58, 42]))
    } else if area.width >= 160 && area.height >= 110 {
      windows[.keyboard] = area
    }
    if let photo = windows[.photo], let video = windows[.video] {
      drift = photo.union(video).inset(by: 14)
    }
  }

  /// The inside of a window, below its title.
  func content(of window: Window) -> PixelRect? {
    windows[window].map {
      PixelRect(
        x: $0.x + 12, y: $0.y + Self.titleHeight + 6, width: $0.width - 24, height: $0.height - Self.titleHeight - 18)
    }
  }

  /// Where the moving window is after `step` steps.
  func floating(at step: Int) -> PixelRect {
    let size = Self.floatingSize
    guard drift.width > size.width, drift.height > size.height else { return .empty }
    // Two triangle waves whose periods share no factor: it visits every corner.
    func wave(_ step: Int, _ length: Int) -> Int {
      let phase = step % (2 * length)
      return phase < length ? phase : 2 * length - phase
    }
    return PixelRect(
      x: drift.x + wave(step * 3, drift.width - size.width),
      y: drift.y + wave(step * 2 + 31, drift.height - size.height),
      width: size.width, height: size.height)
  }

  static let floatingSize = PixelSize(width: 208, height: 84)

  private mutating func place(_ names: [Window], _ places: [PixelRect]) {
    for (name, place) in zip(names, places) { windows[name] = place }
  }

  /// The buttons need a certain width; the pictures share the rest.
  private mutating func giveDisplayRoom(in row: PixelRect) {
    guard let display = windows[.display], display.width < Self.minimumDisplay.width + 24 else { return }
    let width = Self.minimumDisplay.width + 24
    let rest = PixelRect(x: row.x, y: row.y, width: row.width - width - margin, height: row.height)
    place([.photo, .video], split(rest, horizontally: [50, 50]))
    windows[.display] = PixelRect(x: row.maxX - width, y: row.y, width: width, height: row.height)
  }

  private func split(_ rect: PixelRect, horizontally shares: [Int]) -> [PixelRect] {
    let room = rect.width - margin * (shares.count - 1)
    var x = rect.x
    return shares.enumerated().map { index, share in
      let width = index == shares.count - 1 ? rect.maxX - x : room * share / 100
      defer { x += width + margin }
      return PixelRect(x: x, y: rect.y, width: width, height: rect.height)
    }
  }

  private func split(_ rect: PixelRect, vertically shares: [Int]) -> [PixelRect] {
    let room = rect.height - margin * (shares.count - 1)
    var y = rect.y
    return shares.enumerated().map { index, share in
      let height = index == shares.count - 1 ? rect.maxY - y : room * share / 100
      defer { y += height + margin }
      return PixelRect(x: rect.x, y: y, width: rect.width, height: height)
    }
  }
}
