// The region of a vGPU through which the host gives the guest's monitor another EDID (linux/vfio.h, vfio_region_gfx_edid).
import GVTCore

/// A vGPU's monitor, unplugged and plugged in again with another size.
final class MonitorRegion {
  /// How long a guest takes to notice that the monitor is gone (hw/vfio/display.c waits as long).
  static let unpluggedTime: Int64 = .milliseconds(100)

  /// Offsets of the words in the region.
  private enum Word: UInt64 {
    case blobOffset = 0
    case mostBytes = 4
    case byteCount = 8
    case widest = 12
    case highest = 16
    case linkState = 20
  }

  // VFIO_DEVICE_GFX_LINK_STATE_UP and _DOWN.
  private static let isPlugged: UInt32 = 1
  private static let isUnplugged: UInt32 = 2

  private let device: any GraphicsPlaneDevice
  private let loop: EventLoop
  private let offset: UInt64
  private let blobOffset: UInt64
  private let blob: (_ size: PixelSize) -> [UInt8]?
  private var timer: EventLoop.TimerID?
  private var next: PixelSize?

  /// Nil where the device has no such region.
  init?(of device: any GraphicsPlaneDevice, on loop: EventLoop) {
    guard let region = Self.find(in: device) else { return nil }
    func word(_ word: Word) -> UInt32? { try? device.read(at: region.offset &+ word.rawValue) }
    guard let blobOffset = word(.blobOffset), let mostBytes = word(.mostBytes), let widest = word(.widest),
      let highest = word(.highest), mostBytes >= 128, region.byteCount >= UInt64(blobOffset) + 128
    else { return nil }
    let room = min(UInt64(mostBytes), region.byteCount - UInt64(blobOffset))
    self.device = device
    self.loop = loop
    offset = region.offset
    self.blobOffset = UInt64(blobOffset)
    blob = { size in
      // Zero is no limit.
      guard widest == 0 || size.width <= widest, highest == 0 || size.height <= highest else { return nil }
      guard Monitor.isPossible(size) else { return nil }
      let whole = EDID.bytes(for: Monitor(preferred: size))
      return UInt64(whole.count) <= room ? whole : EDID.baseBlock(for: Monitor(preferred: size))
    }
  }

  /// Never leaves a guest without its monitor.
  deinit {
    guard timer != nil else { return }
    loop.cancel(timer)
    try? write(.linkState, Self.isPlugged)
  }

  /// The first regions are a PCI function's own; those of a device's driver follow.
  private static func find(in device: any GraphicsPlaneDevice) -> VFIORegion? {
    guard let count = try? device.regionCount() else { return nil }
    for index in 9..<max(9, min(count, 64)) {
      if let region = try? device.region(index), region.kind == .monitor { return region }
    }
    return nil
  }

  /// Asks the guest for another size. While the monitor is unplugged the last wish counts.
  func request(_ size: PixelSize) -> ResizeAnswer {
    guard blob(size) != nil else { return .invalid }
    next = size
    if timer != nil { return .forwarded }
    do {
      try replug()
      return .forwarded
    } catch {
      return .unsupported
    }
  }

  private func replug() throws(SystemFailure) {
    guard let size = next, let bytes = blob(size) else { return }
    next = nil
    try write(.linkState, Self.isUnplugged)
    do throws(SystemFailure) {
      try write(.byteCount, UInt32(bytes.count))
      try device.write(bytes, at: offset + blobOffset)
    } catch {
      try? write(.linkState, Self.isPlugged)
      throw error
    }
    timer = loop.schedule(after: Self.unpluggedTime) { [weak self] in self?.plugIn() }
  }

  private func plugIn() {
    timer = nil
    try? write(.linkState, Self.isPlugged)
    // A wish that came meanwhile; the guest gets to see the monitor in between.
    if next != nil {
      timer = loop.schedule(after: Self.unpluggedTime) { [weak self] in
        self?.timer = nil
        try? self?.replug()
      }
    }
  }

  private func write(_ word: Word, _ value: UInt32) throws(SystemFailure) {
    var structure = StructureBytes(count: 4)
    structure[0] = value
    try device.write(structure.bytes, at: offset + word.rawValue)
  }
}
