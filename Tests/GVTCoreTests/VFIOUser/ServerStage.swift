// A server with a vGPU behind it, and what it told its owner.
import CLinux
import GVTCore
import Glibc
import VGPUTesting

/// Listens in a folder of its own until ``end()``.
final class ServerStage {
  let function: PCIFunction
  let server: VFIOUserServer
  let path: String
  private let folder: String
  private let told = Locked<[VFIOUserServer.Event]>([])
  private let news: WakeUp

  init(videoTables: [UInt8] = [], patience: Int64 = .milliseconds(5000)) throws {
    let configuration = VirtualGPUConfiguration(type: try InstanceType(named: "i915-GVTg_V5_4"))
    function = try PCIFunction(configuration, videoTables: videoTables)
    folder = try Self.makeFolder()
    path = folder + "/vgpu"
    let (told, news) = (told, try WakeUp())
    self.news = news
    server = try VFIOUserServer(path: path, function: function, patience: patience) { event in
      told.withLock { $0.append(event) }
      news.signal()
    }
    try server.start()
  }

  private static func makeFolder() throws -> String {
    var template = Array("/tmp/gvt-vfio-user.XXXXXX".utf8CString)
    return try unsafe template.withUnsafeMutableBufferPointer { name in
      guard let made = unsafe name.baseAddress.flatMap({ unsafe mkdtemp($0) }) else { throw SystemFailure("mkdtemp") }
      return unsafe String(cString: made)
    }
  }

  var events: [VFIOUserServer.Event] { told.withLock { $0 } }

  /// A client that has agreed on a version.
  func client() throws -> VFIOUserClient {
    let client = try VFIOUserClient(connectingTo: path)
    try client.negotiate()
    return client
  }

  /// Waits until an event came for which `isWanted`.
  func wait(for isWanted: (VFIOUserServer.Event) -> Bool) -> Bool {
    for _ in 0..<200 {
      if events.contains(where: isWanted) { return true }
      news.acknowledge()
      news.wait(atMost: .milliseconds(50))
    }
    return events.contains(where: isWanted)
  }

  func waitForDisconnection(_ reason: String) -> Bool { wait { $0 == .disconnected(reason: reason) } }

  func end() {
    server.stop()
    unsafe rmdir(folder)
  }
}

/// An eventfd as a VMM makes it.
func makeEvent() throws -> SharedDescriptor {
  SharedDescriptor(
    OwnedDescriptor(owning: try check("eventfd") { eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK)) }))
}

/// How often an eventfd was signalled since the last question.
func signals(of event: SharedDescriptor, within nanoseconds: Int64 = 0) -> UInt64 {
  guard gvt_wait_readable(event.raw, nanoseconds) == 1 else { return 0 }
  var count: UInt64 = 0
  _ = unsafe read(event.raw, &count, 8)
  return count
}
