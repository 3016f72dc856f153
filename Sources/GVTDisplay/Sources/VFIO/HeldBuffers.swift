// The dmabufs of one plane that were shown last: a guest that flips shows the same few again and again.
import GVTCore

/// A few buffers, the latest last. While one is held, its number means that buffer and no other (KVMGT keeps a number only as
/// long as somebody holds its buffer).
struct HeldBuffers {
  private let limit: Int
  private var held: [(key: DevicePicture.Key, plane: ImportedPlane)] = []

  init(limit: Int) { self.limit = limit }

  var count: Int { held.count }

  /// The buffer of that key, which becomes the latest.
  mutating func take(_ key: DevicePicture.Key) -> ImportedPlane? {
    guard let index = held.firstIndex(where: { $0.key == key }) else { return nil }
    let found = held.remove(at: index)
    held.append(found)
    return found.plane
  }

  /// Lets go of what will not be shown again, before something else is opened: buffers of the same number and another
  /// shape, and the oldest if there are too many.
  mutating func makeRoom(for key: DevicePicture.Key) {
    held.removeAll { $0.key.buffer == key.buffer }
    while held.count >= limit { held.removeFirst() }
  }

  mutating func add(_ plane: ImportedPlane, as key: DevicePicture.Key) { held.append((key, plane)) }
}
