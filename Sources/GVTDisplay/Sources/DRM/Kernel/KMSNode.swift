// A card node of the kernel's, asked through libdrm. The door to its mode interface.
import CDRM
import GVTCore
import Glibc

/// `/dev/dri/cardN`, open. Looks and never sets: it stays no master, so that it is in nobody's way.
final class KMSNode: KMSDevice {
  /// include/uapi/linux/major.h: DRM_MAJOR; minors from 128 on are render nodes (drm_drv.c).
  private static let major = 226
  private static let firstRenderMinor = 128
  /// Linux 6.9: cursor planes of virtual GPUs are told only to those who know of hot spots (drm.h).
  private static let capCursorHotSpot: UInt64 = 6

  private let file: SharedDescriptor
  let driver: String
  let sysfsPath: String?
  /// By the number of a property of any plane; nil for those that we do not know.
  private var properties: [UInt32: KMSProperty?] = [:]

  init(path: String) throws(KMSOpenFailure) {
    let minor = try Self.minor(of: path)
    do throws(SystemFailure) {
      file = SharedDescriptor(
        OwnedDescriptor(owning: try check("open") { unsafe open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) }))
      try Self.dropMaster(file.raw)
    } catch {
      throw .system(error)
    }
    guard let version = unsafe drmGetVersion(file.raw) else { throw .notDRM }
    driver = unsafe String(cString: version.pointee.name)
    unsafe drmFreeVersion(version)
    sysfsPath = Files.resolved("/sys/dev/char/\(Self.major):\(minor)/device")
    // Universal planes: without them only overlays are told. Atomic, where the driver is: planes then say where they are.
    guard drmSetClientCap(file.raw, UInt64(DRM_CLIENT_CAP_UNIVERSAL_PLANES), 1) == 0, drmIsKMS(file.raw) == 1 else {
      throw .noModeSetting(driver: driver)
    }
    drmSetClientCap(file.raw, UInt64(DRM_CLIENT_CAP_ATOMIC), 1)
    drmSetClientCap(file.raw, Self.capCursorHotSpot, 1)
  }

  /// The node's minor number, found without opening it: opening other things than DRM nodes may have effects.
  private static func minor(of path: String) throws(KMSOpenFailure) -> Int {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { throw .system(SystemFailure("stat")) }
    let device = Int(status.st_rdev)
    guard status.st_mode & S_IFMT == S_IFCHR, device >> 8 & 0xfff == major else { throw .notDRM }
    let minor = device & 0xff | device >> 12 & 0xfff00
    guard minor < firstRenderMinor else { throw .renderNode }
    return minor
  }

  /// The first to open a card becomes its master, which no compositor could be then.
  private static func dropMaster(_ file: Int32) throws(SystemFailure) {
    guard drmIsMaster(file) == 1 else { return }
    guard drmDropMaster(file) == 0 else { throw SystemFailure("ioctl(DRM_IOCTL_DROP_MASTER)") }
  }

  var eventDescriptor: Int32 { file.raw }

  func resources() throws(SystemFailure) -> KMSResources {
    guard let all = unsafe drmModeGetResources(file.raw) else {
      throw SystemFailure("ioctl(DRM_IOCTL_MODE_GETRESOURCES)")
    }
    defer { unsafe drmModeFreeResources(all) }
    guard let planes = unsafe drmModeGetPlaneResources(file.raw) else {
      throw SystemFailure("ioctl(DRM_IOCTL_MODE_GETPLANERESOURCES)")
    }
    defer { unsafe drmModeFreePlaneResources(planes) }
    return unsafe KMSResources(
      crtcs: Self.list(all.pointee.crtcs, Int(all.pointee.count_crtcs)),
      connectors: Self.list(all.pointee.connectors, Int(all.pointee.count_connectors)),
      planes: Self.list(planes.pointee.planes, Int(planes.pointee.count_planes)))
  }

  func connector(_ id: UInt32) throws(SystemFailure) -> KMSConnector {
    guard let found = unsafe drmModeGetConnectorCurrent(file.raw, id) else {
      throw SystemFailure("ioctl(DRM_IOCTL_MODE_GETCONNECTOR)")
    }
    defer { unsafe drmModeFreeConnector(found) }
    let type = unsafe drmModeGetConnectorTypeName(found.pointee.connector_type)
    let name = unsafe type.map { unsafe String(cString: $0) } ?? "Unknown"
    return unsafe KMSConnector(
      name: "\(name)-\(found.pointee.connector_type_id)", isConnected: found.pointee.connection == DRM_MODE_CONNECTED,
      crtc: crtc(ofEncoder: found.pointee.encoder_id))
  }

  private func crtc(ofEncoder id: UInt32) -> UInt32? {
    guard id != 0, let encoder = unsafe drmModeGetEncoder(file.raw, id) else { return nil }
    defer { unsafe drmModeFreeEncoder(encoder) }
    let crtc = unsafe encoder.pointee.crtc_id
    return crtc == 0 ? nil : crtc
  }

  func crtc(_ id: UInt32) throws(SystemFailure) -> KMSCRTC {
    guard let found = unsafe drmModeGetCrtc(file.raw, id) else { throw SystemFailure("ioctl(DRM_IOCTL_MODE_GETCRTC)") }
    defer { unsafe drmModeFreeCrtc(found) }
    let crtc = unsafe found.pointee
    let origin = PixelPoint(x: Int(crtc.x), y: Int(crtc.y))
    guard crtc.mode_valid != 0 else { return KMSCRTC(mode: nil, origin: origin) }
    let name = unsafe withUnsafeBytes(of: crtc.mode.name) {
      unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
    }
    let size = PixelSize(width: Int(crtc.mode.hdisplay), height: Int(crtc.mode.vdisplay))
    return KMSCRTC(mode: KMSMode(size: size, name: name, refresh: Int(crtc.mode.vrefresh)), origin: origin)
  }

  func plane(_ id: UInt32) throws(SystemFailure) -> KMSPlane {
    guard let found = unsafe drmModeGetPlane(file.raw, id) else {
      throw SystemFailure("ioctl(DRM_IOCTL_MODE_GETPLANE)")
    }
    defer { unsafe drmModeFreePlane(found) }
    return unsafe KMSPlane(
      crtc: found.pointee.crtc_id, framebuffer: found.pointee.fb_id, possibleCRTCs: found.pointee.possible_crtcs)
  }

  func properties(ofPlane id: UInt32) throws(SystemFailure) -> KMSProperties {
    guard let found = unsafe drmModeObjectGetProperties(file.raw, id, UInt32(DRM_MODE_OBJECT_PLANE)) else {
      throw SystemFailure("ioctl(DRM_IOCTL_MODE_OBJ_GETPROPERTIES)")
    }
    defer { unsafe drmModeFreeObjectProperties(found) }
    let count = unsafe Int(found.pointee.count_props)
    let ids = unsafe Self.list(found.pointee.props, count)
    let values = unsafe Self.list(found.pointee.prop_values, count)
    var answer: KMSProperties = [:]
    for (id, value) in zip(ids, values) {
      if let known = property(id) { answer[known] = value }
    }
    return answer
  }

  private func property(_ id: UInt32) -> KMSProperty? {
    if let known = properties[id] { return known }
    guard let found = unsafe drmModeGetProperty(file.raw, id) else { return nil }
    defer { unsafe drmModeFreeProperty(found) }
    let name = unsafe withUnsafeBytes(of: &found.pointee.name) { bytes in
      unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    let known = KMSProperty(rawValue: name)
    properties[id] = .some(known)
    return known
  }

  func framebuffer(_ id: UInt32) throws(SystemFailure) -> KMSFramebuffer {
    guard let found = unsafe drmModeGetFB2(file.raw, id) else { throw SystemFailure("ioctl(DRM_IOCTL_MODE_GETFB2)") }
    let answer = unsafe found.pointee
    unsafe drmModeFreeFB2(found)
    let (first, second, third, fourth) = answer.handles
    let handles = GEMHandles([first, second, third, fourth]) { [file] in drmCloseBufferHandle(file.raw, $0) }
    let description = DMABufDescription(
      code: FourCC(rawValue: answer.pixel_format),
      modifier: answer.flags & UInt32(DRM_MODE_FB_MODIFIERS) == 0 ? nil : answer.modifier,
      size: PixelSize(width: Int(answer.width), height: Int(answer.height)), strideBytes: Int(answer.pitches.0),
      byteOffset: Int(answer.offsets.0))
    let pitches = [answer.pitches.0, answer.pitches.1, answer.pitches.2, answer.pitches.3]
    var framebuffer = KMSFramebuffer(
      description: description, memoryPlanes: pitches.prefix { $0 != 0 }.count, memory: nil)
    guard first != 0 else { return framebuffer }
    framebuffer.memory = KMSFramebuffer.Memory(dmabuf: try export(first), handles: handles)
    return framebuffer
  }

  private func export(_ handle: UInt32) throws(SystemFailure) -> SharedDescriptor {
    var raw: Int32 = -1
    guard unsafe drmPrimeHandleToFD(file.raw, handle, UInt32(O_CLOEXEC), &raw) == 0 else {
      throw SystemFailure("ioctl(DRM_IOCTL_PRIME_HANDLE_TO_FD)")
    }
    return SharedDescriptor(OwnedDescriptor(owning: raw))
  }

  func requestVblank(ofCRTC id: UInt32) throws(SystemFailure) {
    guard drmCrtcQueueSequence(file.raw, id, UInt32(DRM_CRTC_SEQUENCE_RELATIVE), 1, nil, 0) == 0 else {
      throw SystemFailure("ioctl(DRM_IOCTL_CRTC_QUEUE_SEQUENCE)")
    }
  }

  func takeEvents() throws(SystemFailure) -> Int {
    var count = 0
    do throws(SystemFailure) {
      while true {
        let bytes = try Files.readSome(file.raw, atMost: 4096)
        guard !bytes.isEmpty else { return count }
        count += Self.events(in: bytes)
      }
    } catch  where error.code == EAGAIN {
      return count
    } catch {
      throw error
    }
  }

  /// How many events there are in a run of `struct drm_event` (drm.h): type, length of the whole, the rest.
  private static func events(in bytes: [UInt8]) -> Int {
    var (count, at) = (0, 0)
    while at + 8 <= bytes.count {
      let length = (0..<4).reduce(0) { $0 | Int(bytes[at + 4 + $1]) << (8 * $1) }
      guard length >= 8 else { break }
      count += 1
      at += length
    }
    return count
  }

  /// An array that libdrm made; it has no address when it has no elements.
  private static func list<Element>(_ first: UnsafeMutablePointer<Element>?, _ count: Int) -> [Element] {
    unsafe Array(UnsafeBufferPointer(start: first, count: max(0, first == nil ? 0 : count)))
  }
}
