// The planes of an opened device: asks for them, and gets at their bytes without asking twice for the same.
import GVTCore
import Glibc

/// What one plane shows now.
enum PlaneLook {
  /// Nothing, or nothing that it would say.
  case none
  case picture(DevicePicture, buffer: PlaneBuffer, layout: SurfaceLayout)
  /// It is being read back.
  case coming(DevicePicture)
  case unreadable(DevicePicture, BufferFailure)
}

/// What a plane said of itself at the last look, for reports.
struct LatestLook {
  let picture: DevicePicture
  /// How its bytes are reached, once they were.
  var method: String?
  /// Why they are not.
  var problem: String?

  /// What was known of the same buffer still is.
  init(_ picture: DevicePicture, after before: LatestLook?) {
    self.picture = picture
    guard let before, before.picture.key == picture.key else { return }
    method = before.method
    problem = before.problem
  }
}

/// A device that shows its planes in one of the two ways. Display thread only.
final class DevicePlanes {
  /// Buffers held at once, at most: QEMU keeps as many (hw/vfio/display.c).
  static let mostBuffers = 5

  private struct Region {
    var key: DevicePicture.Key
    var region: VFIORegion
    var buffer: PlaneBuffer
  }

  let device: any GraphicsPlaneDevice
  let ledger: PlaneLedger
  /// Nil until the device has said so.
  private(set) var flavour: PlaneFlavour?
  /// What each plane said last, and what came of its buffer.
  private(set) var latest: [GraphicsPlane.Kind: LatestLook] = [:]
  private let importer: DMABufImporter
  private var buffers: [GraphicsPlane.Kind: HeldBuffers] = [
    .primary: HeldBuffers(limit: mostBuffers - 1), .cursor: HeldBuffers(limit: 1),
  ]
  private var mapped: Region?
  /// Buffers that cannot be read are not got again for a while.
  private var refused: [GraphicsPlane.Kind: (key: DevicePicture.Key, failure: BufferFailure, until: Instant)] = [:]
  private let now: () -> Instant

  init(
    _ device: any GraphicsPlaneDevice, importer: DMABufImporter, ledger: PlaneLedger, now: @escaping () -> Instant
  ) {
    self.device = device
    self.importer = importer
    self.ledger = ledger
    self.now = now
  }

  /// Buffers and mappings that are held now.
  var heldCount: Int { buffers.values.reduce(0) { $0 + $1.count } + (mapped == nil ? 0 : 1) }

  /// Finds out which way the device shows its planes; false if it shows none, or does not say.
  func findFlavour() -> Bool {
    if flavour != nil { return true }
    for candidate in PlaneFlavour.allCases {
      ledger.queries += 1
      do throws(SystemFailure) {
        try device.probe(candidate)
        flavour = candidate
        return true
      } catch {
        // EINVAL: the other way. ENOTTY: none, as with devices that are passed through whole.
        if error.code != EINVAL { note("PROBE fails: \(error.reason)", .primary) }
      }
    }
    return false
  }

  /// What a plane shows now. A device that shows a region has one plane, and answers for it whichever is asked for
  /// (samples/vfio-mdev/mdpy.c): its cursor is never asked for.
  func look(at kind: GraphicsPlane.Kind) -> PlaneLook {
    guard findFlavour(), let flavour, flavour == .dmabuf || kind == .primary else { return .none }
    guard let picture = ask(flavour, kind) else {
      latest[kind] = nil
      return .none
    }
    latest[kind] = LatestLook(picture, after: latest[kind])
    do throws(BufferFailure) {
      let look = flavour == .dmabuf ? try imported(picture, kind) : try lookInRegion(picture)
      latest[kind]?.problem = nil
      return look
    } catch {
      note(error.sentence, kind)
      latest[kind]?.problem = error.sentence
      return .unreadable(picture, error)
    }
  }

  /// True if the primary plane shows another buffer than when it was looked at last.
  func hasFlipped() -> Bool {
    guard flavour == .dmabuf, let before = latest[.primary], let now = ask(.dmabuf, .primary) else { return false }
    return now.key != before.picture.key
  }

  private func ask(_ flavour: PlaneFlavour, _ kind: GraphicsPlane.Kind) -> DevicePicture? {
    // The first answer for a new mode is ENOMEM, and the next is right (samples/vfio-mdev/mbochs.c).
    for attempt in 0..<2 {
      ledger.queries += 1
      do {
        return try DevicePicture(try device.query(flavour, kind))
      } catch let failure as SystemFailure {
        note("QUERY fails: \(failure.reason)", kind)
        if failure.code != ENOMEM || attempt > 0 { return nil }
      } catch let nonsense as DevicePicture.Nonsense {
        note(nonsense.kind, kind)
        return nil
      } catch {
        return nil
      }
    }
    return nil
  }

  func note(_ kind: String, _ plane: GraphicsPlane.Kind) { ledger.note(kind, plane) }

  // MARK: - dmabufs

  private func imported(
    _ picture: DevicePicture, _ kind: GraphicsPlane.Kind
  ) throws(BufferFailure) -> PlaneLook {
    if let plane = buffers[kind]?.take(picture.key) { return try read(plane, picture, kind) }
    if let refusal = refused[kind], refusal.key == picture.key, now() < refusal.until { throw refusal.failure }
    do {
      return try opened(picture, kind)
    } catch {
      refused[kind] = (picture.key, error, now() + ImportedPlane.retryInterval)
      throw error
    }
  }

  /// Gets a buffer that is not held. The number was pinned by the query until somebody, perhaps QEMU's own display, gets a
  /// buffer: what was got is the one meant only if the device still says the same.
  private func opened(_ picture: DevicePicture, _ kind: GraphicsPlane.Kind) throws(BufferFailure) -> PlaneLook {
    buffers[kind]?.makeRoom(for: picture.key)
    ledger.gets += 1
    let dmabuf: OwnedDescriptor
    do {
      dmabuf = try device.dmabuf(picture.key.buffer)
    } catch {
      note("GET fails: \(error.reason)", kind)
      return .none
    }
    guard let now = ask(.dmabuf, kind), now.key == picture.key else {
      note("the plane has changed while its buffer was being got", kind)
      return .none
    }
    let plane = try importer.plane(dmabuf, as: picture.description)
    buffers[kind]?.add(plane, as: picture.key)
    return try read(plane, picture, kind)
  }

  private func read(
    _ plane: ImportedPlane, _ picture: DevicePicture, _ kind: GraphicsPlane.Kind
  ) throws(BufferFailure) -> PlaneLook {
    let content = try plane.refreshed()
    latest[kind]?.method = plane.method.rawValue
    guard let content else { return .coming(picture) }
    return .picture(picture, buffer: content.buffer, layout: content.layout)
  }

  // MARK: - A region

  private func lookInRegion(_ picture: DevicePicture) throws(BufferFailure) -> PlaneLook {
    let layout = try picture.layout()
    guard let needed = layout.checkedByteCount else { throw .impossibleLayout }
    latest[.primary]?.method = "region"
    if let mapped, mapped.key == picture.key {
      return .picture(picture, buffer: mapped.buffer, layout: layout)
    }
    mapped = nil
    // Whatever number of regions the device announces: mdpy announces 9, and shows its picture in number 16.
    let region: VFIORegion
    do {
      region = try device.region(picture.key.buffer)
    } catch {
      throw .system(doing: "Asking for the region of the picture", error)
    }
    guard region.isMappable else { throw .notMappable }
    guard region.byteCount >= UInt64(needed) else {
      throw .tooShort(needed: needed, has: Int(clamping: region.byteCount))
    }
    guard region.offset.isMultiple(of: 4096), region.offset <= UInt64(Int.max) - UInt64(needed) else {
      throw .impossibleLayout
    }
    do {
      let buffer = PlaneBuffer.deviceMemory(try device.map(offset: region.offset, count: needed))
      mapped = Region(key: picture.key, region: region, buffer: buffer)
      return .picture(picture, buffer: buffer, layout: layout)
    } catch {
      throw .system(doing: "Mapping the region of the picture", error)
    }
  }
}
