// From a CRTC's planes to the display's frame: what each plane shows, composed.
import GVTCore
import Glibc
import Logging

/// Reads what one device's planes show. Display thread only.
final class KMSPlaneReader {
  /// A picture that is flipped away while it is being read is read again so often before it is taken as it is.
  private static let attempts = 3

  private let device: any KMSDevice
  private let importer: DMABufImporter
  private let path: String
  private let clock: () -> Instant
  private let logger: Logger
  private let planes: [(id: UInt32, kind: PlaneReport.Kind, possibleCRTCs: UInt32)]
  private var cache = FramebufferCache()
  private var looks: [KMSPlaneLook] = []
  private var log = FaultLog()
  private var errors: [UInt32: [String: Int]] = [:]
  private var hasCursor = false
  private(set) var cursor = CursorState.unknown
  /// Pictures that were being replaced each time they were read.
  private(set) var tornPictures = 0
  /// The last capture found other framebuffers than the one before it.
  private(set) var hasFlipped = false

  init(
    _ device: any KMSDevice, path: String, importer: DMABufImporter, logger: Logger, clock: @escaping () -> Instant
  ) throws(SystemFailure) {
    self.device = device
    self.importer = importer
    self.path = path
    self.clock = clock
    self.logger = logger
    var planes: [(id: UInt32, kind: PlaneReport.Kind, possibleCRTCs: UInt32)] = []
    for id in try device.resources().planes {
      let type = try device.properties(ofPlane: id)[.type]
      planes.append((id, PlaneReport.Kind(planeType: type), try device.plane(id).possibleCRTCs))
    }
    self.planes = planes
  }

  /// Lets go of all buffers, as long as nobody looks.
  func rest() {
    looks = []
    cache.removeAll()
  }

  var reports: [PlaneReport] { looks.map { $0.report(errors: errors[$0.id] ?? [:]) } }

  // MARK: - The picture

  /// Brings `store` up to what `screen` shows; nil while bytes are on their way.
  func capture(_ screen: KMSScreen, into store: FrameStore) throws(KMSRefusal) -> Damage? {
    var damage: Damage?
    hasFlipped = false
    for _ in 0..<Self.attempts {
      do throws(KMSRefusal) {
        guard let new = try captureOnce(screen, into: store) else { return damage }
        damage = damage.map { $0.joined(with: new) } ?? new
        if try isStill(screen) { return damage }
      } catch {
        // What is in the frame already has to be told; the next capture meets the same refusal.
        if let damage { return damage }
        throw error
      }
    }
    tornPictures += 1
    return damage
  }

  private func captureOnce(_ screen: KMSScreen, into store: FrameStore) throws(KMSRefusal) -> Damage? {
    let before = looks
    try look(at: screen)
    if looks.map(\.framebuffer) != before.map(\.framebuffer) { hasFlipped = true }
    cache.prune(at: clock())
    for old in before where !looks.contains(where: { $0.entry === old.entry }) { old.entry?.arrived = nil }
    readCursor()
    return try layers(of: screen).map { layers throws(KMSRefusal) in
      try present(layers, size: screen.mode.size, in: store)
    }
  }

  private func present(_ layers: [PictureLayer], size: PixelSize, in store: FrameStore) throws(KMSRefusal) -> Damage {
    do {
      return try store.present(layers, size: size, hint: .unknown)
    } catch {
      throw .waiting("The picture cannot be read", error.sentence)
    }
  }

  /// Finds out what each plane of `screen` shows.
  private func look(at screen: KMSScreen) throws(KMSRefusal) {
    do throws(SystemFailure) {
      var looks: [KMSPlaneLook] = []
      for plane in planes where screen.isPossible(plane.possibleCRTCs) {
        let now = try device.plane(plane.id)
        guard now.crtc == screen.crtc, now.framebuffer != 0 else { continue }
        var look = KMSPlaneLook(plane.id, plane.kind, framebuffer: now.framebuffer)
        try examine(&look, on: screen)
        looks.append(look)
      }
      self.looks = looks
    } catch {
      throw KMSRefusal(error, path: path)
    }
    if looks.contains(where: { $0.problem == Self.noHandle }) { throw .noRights(path) }
    for look in looks { note(look) }
  }

  private static let noHandle = "is shown to root only"

  private func examine(_ look: inout KMSPlaneLook, on screen: KMSScreen) throws(SystemFailure) {
    let properties = try device.properties(ofPlane: look.id)
    let framebuffer: KMSFramebuffer
    do throws(SystemFailure) {
      framebuffer = try device.framebuffer(look.framebuffer)
    } catch  where error.isDeviceGone && !isThere {
      throw error
    } catch {
      // Removed since, or in memory that its driver does not share.
      look.problem =
        error.code == ENOSYS ? "cannot be read: \(device.driver) shares no memory" : "cannot be read: \(error)"
      return
    }
    let description = framebuffer.description
    look.description = description
    let state = KMSPlaneState(
      look.kind, properties, framebuffer: description.size, on: screen.state, mode: screen.mode.size)
    look.state = state
    look.problem = state.problem
    if look.problem == nil && framebuffer.memoryPlanes > 1 && PixelFormat(description.code) == nil {
      look.problem =
        "is in format \(description.code.printable) in \(framebuffer.memoryPlanes) parts, which cannot be read"
    }
    guard look.problem == nil else { return }
    guard let memory = framebuffer.memory else {
      look.problem = Self.noHandle
      return
    }
    let entry = try cache.entry(of: framebuffer, in: memory, by: importer, at: clock())
    look.entry = entry
    if case .failure(let failure) = entry.result { look.problem = Self.words(failure, description) }
  }

  /// Whether the device still answers: drivers refuse framebuffers with ENODEV too.
  private var isThere: Bool { (try? device.resources()) != nil }

  private static func words(_ failure: BufferFailure, _ description: DMABufDescription) -> String {
    let modifier = description.modifier.map { ", arranged as \(FormatModifier(rawValue: $0).name)" } ?? ""
    let sentence = failure.sentence
    return "is in format \(description.code.printable)\(modifier), and is not shown: "
      + sentence.prefix(1).lowercased() + sentence.dropFirst(1).dropLast(sentence.hasSuffix(".") ? 1 : 0)
  }

  /// Counts and logs what is wrong with a plane.
  private func note(_ look: KMSPlaneLook) {
    guard let problem = look.problem else { return }
    errors[look.id, default: [:]][problem.prefix(while: { $0 != ":" }).prefix(60).description, default: 0] += 1
    guard log.isFirst("\(look.id) \(problem)") else { return }
    logger.warning("\(look.name) \(problem)", metadata: ["device": "\(path)"])
  }

  /// Throws if `screen` shows nothing that can be read, as far as that is known before it is read.
  func inspect(_ screen: KMSScreen) throws(KMSRefusal) {
    try look(at: screen)
    _ = try shownLooks()
  }

  /// What makes the picture, the lowest first.
  private func shownLooks() throws(KMSRefusal) -> [KMSPlaneLook] {
    if let primary = looks.first(where: { $0.kind == .primary }), let problem = primary.problem {
      throw .waiting("The picture cannot be shown", "\(primary.name) \(problem).")
    }
    let shown = looks.filter { $0.isShown && ($0.kind != .cursor || !hasCursorOfItsOwn) }
    guard !shown.isEmpty else {
      throw .waiting("The screen is blank", "The screen is on, but shows nothing: all its planes are off.")
    }
    return shown.sorted { ($0.state?.zpos ?? 0, $0.id) < ($1.state?.zpos ?? 0, $1.id) }
  }

  /// The layers of the picture; nil while the bytes of one are on their way.
  private func layers(of screen: KMSScreen) throws(KMSRefusal) -> [PictureLayer]? {
    let shown = try shownLooks()
    var layers: [PictureLayer] = []
    var isComplete = true
    for look in shown {
      guard let entry = look.entry, let state = look.state, let position = state.position else { continue }
      do throws(BufferFailure) {
        guard let (buffer, layout) = try entry.bytes() else {
          isComplete = false
          continue
        }
        layers.append(
          PictureLayer(
            buffer: buffer, layout: try layout.cut(to: state.source, of: buffer), position: position,
            isOpaque: state.isOpaque || layers.isEmpty))
      } catch {
        throw .waiting("The picture cannot be read", "\(look.name) cannot be read. \(error.sentence)")
      }
    }
    guard isComplete else { return nil }
    for look in shown { look.entry?.arrived = nil }
    return layers
  }

  // MARK: - Changes

  /// Whether the planes still show what they did when they were looked at.
  private func isStill(_ screen: KMSScreen) throws(KMSRefusal) -> Bool {
    try !isFlipped(screen, includingCursor: false)
  }

  /// Whether `screen` shows other framebuffers than at the last capture.
  func isFlipped(_ screen: KMSScreen, includingCursor: Bool) throws(KMSRefusal) -> Bool {
    do throws(SystemFailure) {
      for plane in planes where screen.isPossible(plane.possibleCRTCs) && (includingCursor || plane.kind != .cursor) {
        let now = try device.plane(plane.id)
        let shown = now.crtc == screen.crtc ? now.framebuffer : 0
        if shown != looks.first(where: { $0.id == plane.id })?.framebuffer ?? 0 { return true }
      }
      return false
    } catch {
      throw KMSRefusal(error, path: path)
    }
  }

  /// Reads where the cursor is. True if it has moved.
  func refreshCursorPosition(_ screen: KMSScreen) throws(KMSRefusal) -> Bool {
    guard cursor.image != nil, let index = looks.firstIndex(where: { $0.kind == .cursor }),
      let description = looks[index].description
    else { return false }
    do throws(SystemFailure) {
      let properties = try device.properties(ofPlane: looks[index].id)
      let state = KMSPlaneState(
        .cursor, properties, framebuffer: description.size, on: screen.state, mode: screen.mode.size)
      guard state.problem == nil, state.position != looks[index].state?.position else { return false }
      looks[index].state = state
      cursor.position = state.pointedAt
      return true
    } catch {
      throw KMSRefusal(error, path: path)
    }
  }

  // MARK: - The cursor

  /// The cursor plane is a picture that viewers can have as their own pointer.
  private var hasCursorOfItsOwn: Bool { cursor.image != nil }

  private func readCursor() {
    guard let look = looks.first(where: { $0.kind == .cursor && $0.isShown }), let entry = look.entry,
      let state = look.state
    else {
      // As long as there was none, the pointer may be drawn into the picture, or there is none at all.
      cursor = hasCursor ? CursorState(image: nil, position: nil) : .unknown
      return
    }
    guard look.description?.code == PixelFormat.argb8888.code, state.source.width <= 256, state.source.height <= 256,
      let bytes = try? entry.bytes()
    else {
      cursor = .unknown
      return
    }
    entry.arrived = nil
    guard let layout = try? bytes.layout.cut(to: state.source, of: bytes.buffer),
      let pixels = try? bytes.buffer.pixels(layout)
    else { return }
    hasCursor = true
    let image = CursorImage(size: layout.size, hotSpot: state.hotSpotWithin ?? .zero, pixels: pixels)
    cursor = CursorState(image: image, position: state.pointedAt)
  }
}

extension KMSScreen {
  /// Whether a plane that can be on these CRTCs can be on this one.
  fileprivate func isPossible(_ crtcs: UInt32) -> Bool { index < 32 && crtcs & 1 << UInt32(index) != 0 }
}

extension KMSPlaneState {
  /// The hot spot, if it is within the plane.
  fileprivate var hotSpotWithin: PixelPoint? {
    guard let hotSpot, (0..<source.width).contains(hotSpot.x), (0..<source.height).contains(hotSpot.y) else {
      return nil
    }
    return hotSpot
  }

  /// Where on the screen the hot spot is.
  fileprivate var pointedAt: PixelPoint? {
    position.map { PixelPoint(x: $0.x + (hotSpotWithin?.x ?? 0), y: $0.y + (hotSpotWithin?.y ?? 0)) }
  }
}

extension FramebufferCache.Entry {
  /// The bytes as they are now; nil while they are on their way.
  fileprivate func bytes() throws(BufferFailure) -> (buffer: PlaneBuffer, layout: SurfaceLayout)? {
    if let arrived { return arrived }
    arrived = try result.get().refreshed()
    return arrived
  }
}

extension SurfaceLayout {
  /// The part of the picture that is shown, if it is within `buffer`.
  fileprivate func cut(to part: PixelRect, of buffer: PlaneBuffer) throws(BufferFailure) -> SurfaceLayout {
    var layout = self
    layout.origin = PixelPoint(x: origin.x + part.x, y: origin.y + part.y)
    layout.size = part.size
    guard let needed = layout.checkedByteCount else { throw .impossibleLayout }
    guard needed <= buffer.count else { throw .tooShort(needed: needed, has: buffer.count) }
    return layout
  }
}
