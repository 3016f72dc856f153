// What the display tells the demo guest: input and wishes, handed over between threads.
import GVTCore

/// Filled by the display's thread, emptied by the guest's. Bounded: pointer motion is joined, keys are kept.
struct GuestInbox: Sendable {
  enum Event: Equatable, Sendable {
    case key(KeyPress)
    case pointer(PointerState)
  }

  /// Keys beyond this many are those of a guest that has not looked for minutes.
  static let limit = 4096

  private(set) var events: [Event] = []
  var isWatched = false
  var isStopped = false
  var wantedSize: PixelSize?

  /// A motion that presses and releases nothing replaces the one before it.
  mutating func add(_ event: Event) {
    if case .pointer(let new) = event, events.count >= 2, case .pointer(let last) = events[events.count - 1],
      case .pointer(let before) = events[events.count - 2], last.buttons == new.buttons, before.buttons == new.buttons
    {
      events[events.count - 1] = event
    } else if events.count < Self.limit || Self.isRelease(event) {
      events.append(event)
      if events.count > 2 * Self.limit { events.removeFirst(Self.limit) }
    }
  }

  private static func isRelease(_ event: Event) -> Bool {
    if case .key(let key) = event { !key.isDown } else { false }
  }

  mutating func takeEvents() -> [Event] {
    defer { events = [] }
    return events
  }

  mutating func takeSize() -> PixelSize? {
    defer { wantedSize = nil }
    return wantedSize
  }
}
