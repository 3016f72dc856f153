// From a vGPU's scan-out to the display's frame: planes composed, or a card that says why there are none.
package import GVTCore

/// Reads what one vGPU shows. Lives on the display's thread; whoever drives the vGPU is on another.
package final class VGPUPlaneReader {
  /// How long a picture stays when its pipe goes off: a driver that changes mode turns it off and on again.
  package static let holdNanoseconds = Int64.milliseconds(250)

  private static let unlit = SourceStatus.waiting("The guest has not turned on its display yet.")

  private let device: VirtualGPUDevice
  private let clock: any Clock
  private let faults: MemoryFaultCounter
  private let exporter: PageExporter?
  private var views: PlaneViews
  private var hold = PictureHold(for: holdNanoseconds)
  /// The guest has shown something since it was there.
  private var hasShown = false

  /// What the last capture found, and whether it still holds: while nobody looks, nothing is captured.
  private var found = VGPUPlaneReader.unlit
  private var isFresh = false
  package private(set) var cursor = CursorState(image: nil, position: nil)

  /// `faults` counts pages that are not the guest's. `exporter` makes dmabufs of those that are; without it they are
  /// mapped.
  package init(
    device: VirtualGPUDevice, faults: MemoryFaultCounter = MemoryFaultCounter(), exporter: PageExporter? = nil,
    clock: any Clock = MonotonicClock()
  ) {
    self.device = device
    self.faults = faults
    self.exporter = exporter
    views = PlaneViews(faults: faults, exporter: exporter)
    self.clock = clock
  }

  /// When ``capture(into:)`` should be called again though nothing changes: a picture is being kept until then.
  package var recheckTime: Instant? { hold.end }

  /// Whether some plane is on now.
  package var isPictureThere: Bool { pictureSize != nil }

  /// The size of the pipe that shows some plane now.
  package var pictureSize: PixelSize? {
    let scan = scanOut()
    return scan.pictures.isEmpty ? nil : scan.size
  }

  /// Whether the pages of what is shown are dmabufs.
  package var isExporting: Bool { views.areExported }

  package var status: SourceStatus { !isFresh && isPictureThere ? .running : found }

  /// The guest changed what it shows since the last capture.
  package func pictureChanged() { isFresh = false }

  /// The guest's memory map changed: no mapping is trusted any more. While nobody looks none is kept either, so that memory
  /// that the guest no longer has does not stay in use.
  package func memoryChanged(isWatched: Bool = true) {
    if isWatched { views.memoryChanged() } else { views = PlaneViews(faults: faults, exporter: exporter) }
  }

  /// There is no guest any more: nothing of it is kept.
  package func guestIsGone() {
    views = PlaneViews(faults: faults, exporter: exporter)
    cursor = CursorState(image: nil, position: nil)
    hold.drop()
    hasShown = false
    isFresh = false
    found = Self.unlit
  }

  /// Brings `store` up to what the vGPU shows now.
  package func capture(into store: FrameStore, hint: DamageHint = .unknown) -> Damage {
    isFresh = true
    let scan = scanOut()
    guard case .on(let size) = scan.state, !scan.pictures.isEmpty else {
      return miss(card(for: scan), in: store)
    }
    do {
      var layers: [PictureLayer] = []
      for picture in scan.pictures {
        guard let buffer = try views.buffer(of: picture, in: device) else { continue }
        layers.append(
          PictureLayer(
            buffer: buffer, layout: picture.layout, position: picture.position, isOpaque: picture.isOpaque))
      }
      if layers.isEmpty {
        return miss(
          StatusCard(title: "No picture", detail: "The guest's display plane points at memory that it does not have."),
          in: store)
      }
      let damage = try store.present(layers, size: size, hint: hint)
      hold.show()
      hasShown = true
      found = .running
      return damage
    } catch {
      return miss(StatusCard(title: "The picture cannot be read", detail: error.sentence), in: store)
    }
  }

  /// Reads the cursor's image and place; true if either changed.
  package func refreshCursor() -> Bool {
    let before = cursor
    cursor = readCursor()
    return cursor != before
  }

  /// The first pipe that is on or ought to be; pipe A if none is.
  func scanOut() -> ScanOut {
    let first = device.scanOut(of: .a)
    if first.state != .off { return first }
    for pipe in [Pipe.b, .c] {
      let other = device.scanOut(of: pipe)
      if other.state != .off { return other }
    }
    return first
  }

  private func readCursor() -> CursorState {
    let scan = scanOut()
    guard case .on = scan.state, let picture = scan.cursor.picture,
      let buffer = try? views.buffer(of: picture, in: device), let pixels = try? buffer.pixels(picture.layout)
    else { return CursorState(image: nil, position: nil) }
    let hotSpot = scan.cursorHotSpot
    let image = CursorImage(size: picture.layout.size, hotSpot: hotSpot, pixels: pixels)
    return CursorState(
      image: image, position: PixelPoint(x: picture.position.x + hotSpot.x, y: picture.position.y + hotSpot.y))
  }

  /// Keeps a picture for a moment, then shows the card instead.
  private func miss(_ card: StatusCard, in store: FrameStore) -> Damage {
    if hold.keeps(at: clock.now) { return .nothing(in: store.frame.size) }
    found = .waiting(card.detail)
    return store.present(card)
  }

  private func card(for scan: ScanOut) -> StatusCard {
    if let fault = scan.fault {
      let sentence = "\(fault)"
      return StatusCard(
        title: "The picture cannot be shown", detail: sentence.prefix(1).uppercased() + sentence.dropFirst() + ".")
    }
    switch scan.state {
    case .off where !hasShown:
      return StatusCard(title: "Waiting for the guest", detail: "The guest has not turned on its display yet.")
    case .off: return StatusCard(title: "The display is off", detail: "The guest has not turned on a display pipe.")
    default:
      return StatusCard(
        title: "The display is blank", detail: "The guest has turned on \(scan.pipe), but no plane of it.")
    }
  }
}
