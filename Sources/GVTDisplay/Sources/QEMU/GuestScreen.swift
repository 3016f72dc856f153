// The screen of one console as QEMU's display describes it, and how it gets into the frame.
import GVTCore

/// What a listener has heard so far. It is there before QEMU and outlives it.
final class GuestScreen {
  fileprivate enum Content {
    case card(StatusCard)
    /// QEMU sends bytes.
    case canvas(ConsolePixels, visible: PixelSize)
    /// The bytes are in memory that QEMU shares.
    case shared(PlaneBuffer, SurfaceLayout)
  }

  /// More rectangles than this say no more than the one around them.
  private static let mostHints = 64

  private var content = Content.card(.noPicture)
  private var consoleSize: PixelSize?
  private var changed = DamageHint.unknown
  private var definedCursor: CursorImage?
  private var isCursorOn = true
  private var cursorPosition: PixelPoint?
  /// The picture may have changed.
  var onPicture: () -> Void = {}
  var onCursor: () -> Void = {}
  /// A Scanout's size is not the console's. They come on two connections, so that either may be the older: ask.
  var onSizeInDoubt: () -> Void = {}

  /// False until QEMU has said anything about a picture.
  private(set) var hasContent = false

  /// The guest's pointer, if it has told QEMU of one.
  var cursor: CursorState {
    guard let definedCursor else { return .unknown }
    return CursorState(image: isCursorOn ? definedCursor : nil, position: cursorPosition)
  }

  /// For reports.
  var planes: [PlaneReport] { [primaryPlane] + (cursorPlane.map { [$0] } ?? []) }

  private var primaryPlane: PlaneReport {
    switch content {
    case .card(let card):
      var report = PlaneReport(.primary)
      report.problem = card.detail
      return report
    case .canvas(let canvas, let visible):
      var report = PlaneReport(.primary, canvas.layout(showing: visible))
      report.importer = "D-Bus"
      return report
    case .shared(let buffer, let layout):
      var report = PlaneReport(.primary, layout)
      report.importer = buffer.isSlow ? ImportMethod.mmap.rawValue : "shared memory"
      return report
    }
  }

  private var cursorPlane: PlaneReport? {
    guard let definedCursor else { return nil }
    var report = PlaneReport(.cursor)
    (report.width, report.height) = (definedCursor.size.width, definedCursor.size.height)
    (report.hotSpotX, report.hotSpotY) = (definedCursor.hotSpot.x, definedCursor.hotSpot.y)
    report.importer = "D-Bus"
    if !isCursorOn { report.problem = "the guest hides it" }
    return report
  }

  /// Forgets a VM that is gone.
  func reset() {
    content = .card(.noPicture)
    hasContent = false
    consoleSize = nil
    changed = .unknown
    definedCursor = nil
    cursorPosition = nil
    isCursorOn = true
    onCursor()
  }

  /// Brings `store` up to date.
  func capture(into store: FrameStore) -> Damage {
    do {
      let damage: Damage
      switch content {
      case .card(let card): return store.present(card)
      case .canvas(let canvas, let visible):
        let layer = PictureLayer(buffer: canvas.buffer, layout: canvas.layout(showing: visible))
        damage = try store.present([layer], size: visible, hint: changed)
      case .shared(let buffer, let layout):
        damage = try store.present([PictureLayer(buffer: buffer, layout: layout)], size: layout.size, hint: changed)
      }
      changed = .within([])
      return damage
    } catch {
      changed = .unknown
      return store.present(StatusCard(title: "No picture", detail: error.sentence))
    }
  }

  /// A whole new picture, as bytes.
  func scanout(_ shape: ScanoutShape, _ bytes: UnsafeRawBufferPointer) throws(ScanoutFault) {
    guard bytes.count >= shape.byteCount else {
      throw .impossible("QEMU sends \(bytes.count) bytes for a picture of \(shape.size) pixels.")
    }
    var canvas = ConsolePixels(reusing: content, size: shape.size, format: shape.format)
    _ = unsafe canvas.write(bytes, strideBytes: shape.strideBytes, to: shape.size.bounds)
    show(.canvas(canvas, visible: shape.size))
    if let consoleSize, consoleSize != shape.size { onSizeInDoubt() }
  }

  /// Some pixels of the picture. The stride is that of these bytes, not of the screen.
  func update(at origin: PixelPoint, _ shape: ScanoutShape, _ bytes: UnsafeRawBufferPointer) throws(ScanoutFault) {
    let limit = 0...16384
    guard limit.contains(origin.x), limit.contains(origin.y), bytes.count >= shape.byteCount else {
      throw .impossible("QEMU updates \(shape.size) pixels at \(origin.x),\(origin.y) with \(bytes.count) bytes.")
    }
    let rect = shape.size.bounds.offset(byX: origin.x, y: origin.y)
    let needed = PixelSize(width: rect.maxX, height: rect.maxY)
    var (canvas, visible) = current(format: shape.format, needed: needed)
    guard canvas.grow(toHold: needed) else {
      throw .impossible("QEMU updates pixels at \(rect.maxX),\(rect.maxY), beyond any screen.")
    }
    _ = unsafe canvas.write(bytes, strideBytes: shape.strideBytes, to: rect)
    content = .canvas(canvas, visible: visible)
    hasContent = true
    note(rect)
  }

  /// A whole new picture in a file that QEMU shares.
  func scanoutMap(_ shape: ScanoutShape, offset: Int, _ file: borrowing OwnedDescriptor) throws(ScanoutFault) {
    let layout = SurfaceLayout(
      format: shape.format, size: shape.size, strideBytes: shape.strideBytes, byteOffset: offset)
    guard let count = layout.checkedByteCount else { throw .impossible("QEMU shares a picture at \(offset) bytes.") }
    do {
      show(.shared(try .file(file, count: count), layout))
    } catch {
      throw .unreadable(error.sentence)
    }
  }

  /// A whole new picture in a dmabuf.
  func scanoutDMABuf(_ shape: DMABufShape, _ buffer: consuming OwnedDescriptor) throws(ScanoutFault) {
    let layout = try shape.layout()
    let plane: PlaneBuffer
    do {
      plane = try .dmabuf(buffer)
    } catch .notMappable {
      throw .unreadable("The guest's picture is \(shape.name), in graphics memory that the CPU cannot read.")
    } catch {
      throw .unreadable("\(error.sentence) It is \(shape.name).")
    }
    guard layout.byteCount <= plane.count else {
      throw .impossible("The picture needs \(layout.byteCount) bytes of a dmabuf that has \(plane.count).")
    }
    show(.shared(plane, layout))
  }

  /// Pixels of the shared picture have changed.
  func updateShared(_ rect: PixelRect) {
    if case .shared = content { note(rect) }
  }

  /// The guest shows nothing any more.
  func disable() { show(.card(.displayOff)) }

  /// What arrived makes no picture.
  func fail(_ fault: ScanoutFault) { show(.card(StatusCard(title: "No picture", detail: fault.sentence))) }

  /// The console's size by its own account. Shared pictures say their size themselves.
  func consoleResized(to size: PixelSize) {
    guard size.isShowable else { return }
    consoleSize = size
    guard case .canvas(var canvas, let visible) = content, visible != size, canvas.grow(toHold: size) else { return }
    show(.canvas(canvas, visible: size))
  }

  /// A new picture for the guest's pointer: 0xAARRGGBB.
  func defineCursor(_ size: PixelSize, hotSpot: PixelPoint, _ bytes: UnsafeRawBufferPointer) throws(ScanoutFault) {
    let side = 1...256
    guard side.contains(size.width), side.contains(size.height), bytes.count >= size.area * 4 else {
      throw .impossible("QEMU describes a pointer of \(size) pixels with \(bytes.count) bytes.")
    }
    let pixels = (0..<size.area).map {
      Self.premultiplied(unsafe bytes.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self))
    }
    let hot = PixelPoint(
      x: min(max(hotSpot.x, 0), size.width - 1), y: min(max(hotSpot.y, 0), size.height - 1))
    definedCursor = CursorImage(size: size, hotSpot: hot, pixels: pixels)
    onCursor()
  }

  func moveCursor(to position: PixelPoint, isOn: Bool) {
    guard position != cursorPosition || isOn != isCursorOn else { return }
    cursorPosition = position
    isCursorOn = isOn
    if definedCursor != nil { onCursor() }
  }

  private func show(_ new: Content) {
    content = new
    hasContent = true
    changed = .unknown
    onPicture()
  }

  /// The canvas to update, and what of it is visible. An Update before any Scanout, or in another format, begins anew.
  private func current(format: PixelFormat, needed: PixelSize) -> (ConsolePixels, PixelSize) {
    if case .canvas(let canvas, let visible) = content, canvas.format == format { return (canvas, visible) }
    changed = .unknown
    var visible = consoleSize ?? needed
    if !visible.isShowable || visible.area > ConsolePixels.mostPixels { visible = PixelSize(width: 640, height: 480) }
    return (ConsolePixels(size: visible, format: format), visible)
  }

  private func note(_ rect: PixelRect) {
    if case .within(let rects) = changed {
      let inside = rect.intersection(PixelRect(x: 0, y: 0, width: 16384, height: 16384))
      if inside.isEmpty { return }
      changed = .within(
        rects.count < Self.mostHints ? rects + [inside] : [rects.reduce(inside) { $0.union($1) }])
    }
    onPicture()
  }

  /// Guests leave colours in transparent pixels; viewers are promised colours multiplied by alpha.
  private static func premultiplied(_ pixel: UInt32) -> UInt32 {
    let alpha = pixel >> 24
    let red = min(pixel >> 16 & 0xff, alpha)
    let green = min(pixel >> 8 & 0xff, alpha)
    let blue = min(pixel & 0xff, alpha)
    return alpha << 24 | red << 16 | green << 8 | blue
  }
}

extension ConsolePixels {
  /// The canvas that is there, if it has the right size and format: a whole new picture overwrites it.
  fileprivate init(reusing content: GuestScreen.Content, size: PixelSize, format: PixelFormat) {
    if case .canvas(let canvas, _) = content, canvas.size == size, canvas.format == format {
      self = canvas
    } else {
      self.init(size: size, format: format)
    }
  }
}

extension StatusCard {
  static let noPicture = StatusCard(title: "No picture", detail: "The VM runs, but has shown nothing yet.")
  static let displayOff = StatusCard(title: "Display is off", detail: "The guest has turned its display off.")
}
