// The display's current picture, and how a capture gets into it.
package import GVTCore

/// Holds the frame that viewers see, and brings it up to date in one pass over what is captured.
package final class FrameStore {
  /// Replaced by a new object when the size changes; the same object as long as it does not.
  package private(set) var frame: Frame
  private var composer: BandComposer
  /// What a failed capture left in the frame and nobody was told of yet.
  private var owed: Damage?
  /// The card that the frame shows, if it does.
  private var card: StatusCard?
  /// How the layers of the last capture were arranged: a hint says nothing about another arrangement.
  private var arrangement: [LayerArrangement] = []

  private struct LayerArrangement: Equatable {
    var layout: SurfaceLayout
    var position: PixelPoint
    var isOpaque: Bool
  }

  package init(size: PixelSize) {
    frame = Frame(size: size)
    composer = BandComposer(size: size)
  }

  /// Shows `layers`, the lowest first, on a black picture of `size`. Outside of `hint` nothing is looked at.
  ///
  /// After a throw the frame may hold part of a picture; the next call's damage makes good for it.
  package func present(
    _ layers: [PictureLayer], size: PixelSize, hint: DamageHint
  ) throws(BufferFailure) -> Damage {
    guard size.isShowable else { throw .impossibleSize(size) }
    for layer in layers { try Self.check(layer) }
    let isResize = size != frame.size
    let target = isResize ? Frame(size: size) : frame
    let composer = isResize ? BandComposer(size: size) : self.composer
    let new = layers.map {
      LayerArrangement(layout: $0.layout, position: $0.position, isOpaque: $0.isOpaque)
    }
    let wholePicture = isResize || owed != nil || card != nil || new != arrangement
    var scan = DamageScan(size: size)
    do {
      try Self.reading(layers) { readable in
        Self.update(target, from: readable, within: wholePicture ? .unknown : hint, composer, &scan)
      }
    } catch {
      if !isResize { owe(Damage(tiles: scan.tiles, bounds: scan.bounds)) }
      throw error
    }
    arrangement = new
    card = nil
    if isResize {
      frame = target
      self.composer = composer
      owed = nil
      return .everything(of: size, isResize: true)
    }
    return settle(Damage(tiles: scan.tiles, bounds: scan.bounds))
  }

  /// Shows a status card at the present size.
  package func present(_ card: StatusCard) -> Damage {
    if card == self.card { return settle(.nothing(in: frame.size)) }
    var scan = DamageScan(size: frame.size)
    unsafe card.pixels(size: frame.size).withUnsafeBytes { pixels in
      guard let first = pixels.baseAddress else { return }
      precondition(pixels.count >= frame.size.area * 4, "a card fills the picture")
      let strideBytes = frame.size.width * 4
      for row in 0..<scan.tiles.rows {
        let top = scan.tiles.rect(column: 0, row: row).y
        unsafe scan.update(
          columns: Array(0..<scan.tiles.columns), row: row, of: frame, from: first + top * strideBytes,
          strideBytes: strideBytes)
      }
    }
    self.card = card
    arrangement = []
    return settle(Damage(tiles: scan.tiles, bounds: scan.bounds))
  }

  private static func check(_ layer: PictureLayer) throws(BufferFailure) {
    guard layer.layout.format.isReadable else { throw .unreadableFormat(layer.layout.format.name) }
    guard let needed = layer.layout.checkedByteCount,
      (-1 << 20...1 << 20).contains(layer.position.x), (-1 << 20...1 << 20).contains(layer.position.y)
    else { throw .impossibleLayout }
    guard needed <= layer.buffer.count else { throw .tooShort(needed: needed, has: layer.buffer.count) }
  }

  /// Runs `body` while the bytes of all layers can be read.
  private static func reading(
    _ layers: [PictureLayer], _ body: ([ReadableLayer]) -> Void
  ) throws(BufferFailure) {
    var readable: [ReadableLayer] = []
    var failure: BufferFailure?
    for layer in layers {
      do {
        let bytes = unsafe try layer.buffer.beginReading()
        guard let first = bytes.baseAddress else { continue }
        readable.append(unsafe ReadableLayer(layer: layer, bytes: first))
      } catch {
        failure = error
        break
      }
    }
    if failure == nil { body(readable) }
    for layer in readable {
      do { try layer.layer.buffer.endReading() } catch { failure = failure ?? error }
    }
    if let failure { throw failure }
  }

  private static func update(
    _ target: Frame, from layers: [ReadableLayer], within hint: DamageHint, _ composer: BandComposer,
    _ scan: inout DamageScan
  ) {
    let candidates = candidates(hint, size: target.size)
    let direct = directLayer(layers, size: target.size)
    for row in 0..<candidates.rows {
      let columns = (0..<candidates.columns).filter { candidates.contains(column: $0, row: row) }
      guard let first = columns.first, let last = columns.last else { continue }
      let region = candidates.rect(column: first, row: row).union(candidates.rect(column: last, row: row))
      let source: UnsafeRawPointer
      let strideBytes: Int
      if let direct {
        let layout = direct.layer.layout
        strideBytes = layout.strideBytes
        let x = region.x - direct.layer.position.x + layout.origin.x
        let y = region.y - direct.layer.position.y + layout.origin.y
        unsafe source = direct.bytes + layout.byteOffset + y * strideBytes + x * 4
      } else {
        unsafe source = composer.compose(layers, region: region)
        strideBytes = composer.strideBytes
      }
      unsafe scan.update(columns: columns, row: row, of: target, from: source, strideBytes: strideBytes)
    }
  }

  private static func candidates(_ hint: DamageHint, size: PixelSize) -> TileSet {
    guard case .within(let rects) = hint else { return .all(of: size) }
    var set = TileSet(size: size)
    for rect in rects { set.insert(tilesTouching: rect) }
    return set
  }

  /// The layer that alone is the picture and needs no work but copying.
  private static func directLayer(_ layers: [ReadableLayer], size: PixelSize) -> ReadableLayer? {
    guard let top = layers.last?.layer, top.hidesWhatIsBelow, top.rect.contains(size.bounds),
      top.layout.tiling == .linear, PixelConverter.isIdentity(top.layout.format), !top.buffer.isSlow
    else { return nil }
    return layers.last
  }

  private func owe(_ damage: Damage) { owed = settle(damage) }

  /// `damage` with what is owed from before, which is then paid.
  private func settle(_ damage: Damage) -> Damage {
    guard let debt = owed else { return damage }
    owed = nil
    var tiles = damage.tiles
    tiles.formUnion(debt.tiles)
    return Damage(tiles: tiles, bounds: damage.bounds.union(debt.bounds))
  }
}
