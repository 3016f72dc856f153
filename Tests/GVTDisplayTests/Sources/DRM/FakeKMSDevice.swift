// A KMS device of a test's own making: it answers what it is told to, however odd.
import GVTCore
import Glibc

@testable import GVTDisplay

/// Memory that stands for a buffer object: a memfd, which can be mapped and has an inode of its own as a dmabuf does.
final class FakeBuffer {
  let descriptor: SharedDescriptor
  let size: PixelSize

  init(_ size: PixelSize, _ colour: UInt32) throws {
    self.size = size
    descriptor = SharedDescriptor(try Files.inMemory(named: "gvt-vnc-test"))
    try paint { _, _ in colour }
  }

  func paint(_ colour: (Int, Int) -> UInt32) throws {
    var bytes: [UInt8] = []
    for y in 0..<size.height {
      for x in 0..<size.width {
        let pixel = colour(x, y)
        for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: pixel >> shift)) }
      }
    }
    let raw = descriptor.raw
    try check("pwrite") { unsafe pwrite(raw, bytes, bytes.count, 0) }
  }
}

final class FakeKMSDevice: KMSDevice {
  struct Framebuffer {
    var buffer: FakeBuffer
    var code: FourCC = "XR24"
    var modifier: UInt64? = 0
    var strideBytes: Int?
    var size: PixelSize?
    var memoryPlanes = 1
    var handles: [UInt32]?
  }

  struct Plane {
    var state: KMSPlane
    var properties: KMSProperties
  }

  let driver = "fake"
  let sysfsPath: String? = nil
  var crtcs: [(id: UInt32, state: KMSCRTC)] = []
  var connectors: [UInt32: KMSConnector] = [:]
  var planes: [UInt32: Plane] = [:]
  var framebuffers: [UInt32: Framebuffer] = [:]
  var hasRights = true
  /// By the name of the call.
  var failures: [String: SystemFailure] = [:]
  /// Told each call's name before it is answered.
  var onCall: (String) -> Void = { _ in }
  private(set) var calls: [String: Int] = [:]
  /// How often each handle is open now: never less than 0, never more than 1.
  private(set) var openHandles: [UInt32: Int] = [:]
  private(set) var wrongCloses = 0
  private(set) var vblankRequests = 0
  private var nextHandle: UInt32 = 1
  private var pendingEvents = 0
  private let wakeUp: WakeUp

  init() throws { wakeUp = try WakeUp() }

  var eventDescriptor: Int32 { wakeUp.descriptor }

  private func begin(_ call: String) throws(SystemFailure) {
    calls[call, default: 0] += 1
    onCall(call)
    if let failure = failures[call] { throw failure }
  }

  func resources() throws(SystemFailure) -> KMSResources {
    try begin("resources")
    return KMSResources(crtcs: crtcs.map(\.id), connectors: connectors.keys.sorted(), planes: planes.keys.sorted())
  }

  func connector(_ id: UInt32) throws(SystemFailure) -> KMSConnector {
    try begin("connector")
    guard let connector = connectors[id] else { throw SystemFailure("connector", ENOENT) }
    return connector
  }

  func crtc(_ id: UInt32) throws(SystemFailure) -> KMSCRTC {
    try begin("crtc")
    guard let crtc = crtcs.first(where: { $0.id == id }) else { throw SystemFailure("crtc", ENOENT) }
    return crtc.state
  }

  func plane(_ id: UInt32) throws(SystemFailure) -> KMSPlane {
    try begin("plane")
    guard let plane = planes[id] else { throw SystemFailure("plane", ENOENT) }
    return plane.state
  }

  func properties(ofPlane id: UInt32) throws(SystemFailure) -> KMSProperties {
    try begin("properties")
    return planes[id]?.properties ?? [:]
  }

  func framebuffer(_ id: UInt32) throws(SystemFailure) -> KMSFramebuffer {
    try begin("framebuffer")
    guard let found = framebuffers[id] else { throw SystemFailure("framebuffer", ENOENT) }
    let size = found.size ?? found.buffer.size
    var answer = KMSFramebuffer(
      description: DMABufDescription(
        code: found.code, modifier: found.modifier, size: size, strideBytes: found.strideBytes ?? size.width * 4),
      memoryPlanes: found.memoryPlanes, memory: nil)
    guard hasRights else { return answer }
    let handles = found.handles ?? [nextHandle]
    nextHandle += 1
    for handle in Set(handles).subtracting([0]) { openHandles[handle, default: 0] += 1 }
    let holder = GEMHandles(handles) { [weak self] handle in self?.close(handle) }
    do {
      let again = SharedDescriptor(try found.buffer.descriptor.owned.duplicate())
      answer.memory = KMSFramebuffer.Memory(dmabuf: again, handles: holder)
    } catch {
      throw error
    }
    return answer
  }

  private func close(_ handle: UInt32) {
    let open = openHandles[handle] ?? 0
    if open == 0 { wrongCloses += 1 }
    openHandles[handle] = open > 1 ? open - 1 : nil
  }

  func requestVblank(ofCRTC id: UInt32) throws(SystemFailure) {
    try begin("vblank")
    vblankRequests += 1
  }

  func takeEvents() throws(SystemFailure) -> Int {
    try begin("events")
    defer { pendingEvents = 0 }
    wakeUp.acknowledge()
    return pendingEvents
  }

  /// Makes the events come that were asked for.
  func blank() {
    pendingEvents += 1
    wakeUp.signal()
  }
}

extension FakeKMSDevice {
  static let crtcID: UInt32 = 40
  static let primaryID: UInt32 = 30
  static let overlayID: UInt32 = 31
  static let cursorID: UInt32 = 32

  /// A device with one screen, lit, and a primary plane of one colour.
  static func lit(_ size: PixelSize = PixelSize(width: 64, height: 48), colour: UInt32 = 0x102030) throws
    -> FakeKMSDevice
  {
    let device = try FakeKMSDevice()
    device.crtcs = [(crtcID, KMSCRTC(mode: mode(size), origin: .zero))]
    device.connectors = [50: KMSConnector(name: "Virtual-1", isConnected: true, crtc: crtcID)]
    device.planes = [
      primaryID: Plane(state: KMSPlane(crtc: 0, framebuffer: 0, possibleCRTCs: 1), properties: [.type: 1]),
      overlayID: Plane(state: KMSPlane(crtc: 0, framebuffer: 0, possibleCRTCs: 1), properties: [.type: 0]),
      cursorID: Plane(state: KMSPlane(crtc: 0, framebuffer: 0, possibleCRTCs: 1), properties: [.type: 2]),
    ]
    device.add(100, Framebuffer(buffer: try FakeBuffer(size, colour)))
    device.show(100, on: primaryID)
    return device
  }

  static func mode(_ size: PixelSize) -> KMSMode { KMSMode(size: size, name: "\(size)", refresh: 60) }

  func add(_ id: UInt32, _ framebuffer: Framebuffer) { framebuffers[id] = framebuffer }

  /// Shows all of a framebuffer.
  func show(_ id: UInt32, on plane: UInt32, at position: PixelPoint = .zero) {
    guard let size = framebuffers[id].map({ $0.size ?? $0.buffer.size }) else { return }
    planes[plane]?.state = KMSPlane(crtc: Self.crtcID, framebuffer: id, possibleCRTCs: 1)
    set(
      plane,
      [
        .crtcX: UInt64(bitPattern: Int64(position.x)), .crtcY: UInt64(bitPattern: Int64(position.y)),
        .crtcWidth: UInt64(size.width), .crtcHeight: UInt64(size.height), .sourceX: 0, .sourceY: 0,
        .sourceWidth: UInt64(size.width) << 16, .sourceHeight: UInt64(size.height) << 16,
      ])
  }

  func set(_ plane: UInt32, _ properties: KMSProperties) {
    for (property, value) in properties { planes[plane]?.properties[property] = value }
  }

  func hide(_ plane: UInt32) { planes[plane]?.state = KMSPlane(crtc: 0, framebuffer: 0, possibleCRTCs: 1) }

  func turnOff() {
    crtcs[0].state.mode = nil
    for id in planes.keys { hide(id) }
  }
}
