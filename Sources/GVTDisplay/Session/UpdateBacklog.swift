// What one viewer has asked for and what it has not got yet.
package import GVTCore

/// The pixels that a viewer wants and those that changed since it last got them.
package struct UpdateBacklog: Equatable, Sendable {
  /// The frame as the viewer knows it: nothing outside is ever sent.
  package private(set) var size: PixelSize
  /// What it asked for and was not given; nil if it waits for nothing.
  package private(set) var requested: PixelRect?
  /// While set, everything in it counts as asked for (rfbproto, EnableContinuousUpdates).
  package var continuous: PixelRect?
  private var dirty: TileSet
  private var changedBounds: PixelRect

  /// A new viewer has nothing: all of it is new, even to one that asks for changes only.
  package init(size: PixelSize) {
    self.size = size
    dirty = .all(of: size)
    changedBounds = size.bounds
  }

  /// The rectangle that may be sent now.
  package var wanted: PixelRect? { requested ?? continuous }

  /// Whether there is something to send for what is wanted.
  package var isDue: Bool {
    guard let wanted, !dirty.isEmpty else { return false }
    return !changedBounds.intersection(wanted).isEmpty
  }

  package mutating func request(_ rect: PixelRect, isIncremental: Bool) {
    let inside = rect.intersection(size.bounds)
    requested = (requested ?? .empty).union(inside)
    guard !isIncremental, !inside.isEmpty else { return }
    dirty.insert(tilesTouching: inside)
    changedBounds = changedBounds.union(inside)
  }

  /// Something changed. The damage is that of a frame which may be larger or smaller than the viewer's.
  package mutating func add(_ damage: Damage) {
    guard !damage.isEmpty else { return }
    changedBounds = changedBounds.union(damage.bounds.intersection(size.bounds))
    if damage.tiles.size == size {
      dirty.formUnion(damage.tiles)
    } else {
      for rect in damage.tiles.rectangles() { dirty.insert(tilesTouching: rect) }
    }
  }

  /// The viewer's frame has a new size, which it has been told or is about to be: all of it is new.
  package mutating func resize(to size: PixelSize) {
    self.size = size
    dirty = .all(of: size)
    changedBounds = size.bounds
    // A request for the old frame is one for the new: its answer tells the size.
    if requested != nil { requested = size.bounds }
    // Continuous updates go on over the whole of the new frame, as TigerVNC's server has it.
    if continuous != nil { continuous = size.bounds }
  }

  /// The answer to a request has gone out.
  package mutating func answerRequest() { requested = nil }

  /// These parts were taken out and not sent. `isAnswered`: others were, which answers the request.
  package mutating func putBack(_ rects: [PixelRect], isAnswered: Bool) {
    for rect in rects {
      let inside = rect.intersection(size.bounds)
      dirty.insert(tilesTouching: inside)
      changedBounds = changedBounds.union(inside)
    }
    if !isAnswered { requested = (requested ?? .empty).union(changedBounds) }
  }

  /// Takes out what is to be sent now: tiles, and a rectangle outside which nothing is sent. Nil if nothing is due.
  package mutating func take() -> (tiles: TileSet, clip: PixelRect)? {
    guard isDue, let wanted else { return nil }
    let clip = changedBounds.intersection(wanted)
    var tiles = TileSet(size: size)
    tiles.insert(tilesTouching: clip)
    var outside = dirty
    outside.subtract(tiles)
    tiles = dirty
    tiles.subtract(outside)
    if wanted.contains(changedBounds) {
      dirty.removeAll()
      changedBounds = .empty
    } else {
      dirty.remove(tilesWithin: wanted)
      if dirty.isEmpty { changedBounds = .empty }
    }
    requested = nil
    return (tiles, clip)
  }
}
