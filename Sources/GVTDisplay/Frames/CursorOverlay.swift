// The picture with the guest's pointer painted into it, for viewers that draw no pointer of their own.
package import GVTCore
import Glibc

/// Keeps a second frame equal to the first plus the cursor, copying no more than changes.
package final class CursorOverlay {
  /// The picture with the pointer. Replaced when the size changes.
  package private(set) var frame: Frame
  private var shown: Shown?

  /// The pointer as it is in ``frame`` now.
  private struct Shown: Equatable {
    var image: CursorImage
    var corner: PixelPoint
    var rect: PixelRect { image.size.bounds.offset(byX: corner.x, y: corner.y) }
  }

  /// Starts as a copy of `frame`, without a pointer.
  package init(copying frame: Frame) {
    self.frame = Frame(size: frame.size)
    copy(frame.size.bounds, from: frame)
  }

  /// Follows `source`, of which `damage` has changed since the last call, and puts the hot spot of `cursor` at
  /// `position`. What changed in ``frame`` is the result.
  package func update(
    from source: Frame, damage: Damage, cursor: CursorImage?, position: PixelPoint
  ) -> Damage {
    let next = cursor.map { image in
      Shown(
        image: image,
        corner: PixelPoint(
          x: Self.near(position.x) - image.hotSpot.x, y: Self.near(position.y) - image.hotSpot.y))
    }
    if source.size != frame.size {
      frame = Frame(size: source.size)
      copy(source.size.bounds, from: source)
      paint(next)
      return .everything(of: source.size, isResize: true)
    }
    for rect in damage.tiles.rectangles() { copy(rect, from: source) }
    var result = damage
    let old = shown
    let isStale = old != next || Self.touches(damage.tiles, old?.rect ?? .empty)
    guard isStale else { return result }
    for rect in [old?.rect ?? .empty, next?.rect ?? .empty] {
      let visible = rect.intersection(frame.size.bounds)
      copy(visible, from: source)
      if old != next {
        result.tiles.insert(tilesTouching: visible)
        result.bounds = result.bounds.union(visible)
      }
    }
    paint(next)
    return result
  }

  /// Positions come from guests: beyond any picture they are all the same.
  private static func near(_ coordinate: Int) -> Int { min(max(coordinate, -1 << 20), 1 << 20) }

  private static func touches(_ tiles: TileSet, _ rect: PixelRect) -> Bool {
    let visible = rect.intersection(tiles.size.bounds)
    guard !visible.isEmpty else { return false }
    let side = TileSet.tileSide
    return (visible.y / side...(visible.maxY - 1) / side).contains { row in
      (visible.x / side...(visible.maxX - 1) / side).contains { tiles.contains(column: $0, row: row) }
    }
  }

  private func copy(_ rect: PixelRect, from source: Frame) {
    guard !rect.isEmpty else { return }
    for y in rect.y..<rect.maxY {
      let offset = y * frame.strideBytes + rect.x * 4
      unsafe memcpy(frame.pixels + offset, source.pixels + offset, rect.width * 4)
    }
  }

  private func paint(_ cursor: Shown?) {
    shown = cursor
    guard let cursor else { return }
    let visible = cursor.rect.intersection(frame.size.bounds)
    guard !visible.isEmpty else { return }
    for y in visible.y..<visible.maxY {
      let row = unsafe frame.row(y)
      let line = (y - cursor.corner.y) * cursor.image.size.width - cursor.corner.x
      for x in visible.x..<visible.maxX {
        unsafe row[x] = blended(cursor.image.pixels[line + x], over: row[x])
      }
    }
  }
}
