// A vGPU that a VMM attaches, with the threads that serve it.
import GVTCore

/// All that exists of a vGPU between start and stop of its source: the device, the vfio-user server in front of it, and
/// the display's view of it.
final class AttachedVGPU {
  /// What the server's thread has to say.
  struct News: Sendable {
    var picture = PictureNews()
    var isMemoryChanged = false
    /// In order, and no more of them than are worth telling.
    var events: [VFIOUserServer.Event] = []

    /// True if this is new.
    mutating func add(_ event: VFIOUserServer.Event) -> Bool {
      if case .memoryChanged = event {
        defer { isMemoryChanged = true }
        return !isMemoryChanged
      }
      if case .warning = event, events.count >= 64 { return false }
      events.append(event)
      return true
    }
  }

  let device: VirtualGPUDevice
  let reader: VGPUPlaneReader
  let news: Inbox<News>
  let socketPath: String
  private let function: PCIFunction
  private let server: VFIOUserServer

  /// Listens at `socketPath`. `monitor` is on the port, whatever the SPEC says of it.
  init(_ spec: VGPUSpec, at socketPath: String, monitor: Monitor) throws(SystemFailure) {
    self.socketPath = socketPath
    var configuration = spec.configuration
    configuration.monitor = monitor
    let news = try Inbox(News())
    self.news = news
    function = try PCIFunction(
      configuration, onEffect: { effect in news.add { $0.picture.add(effect) } },
      onFault: { fault in news.add { $0.add(.warning("\(fault.explanation); this is said once")) } })
    device = function.device
    reader = VGPUPlaneReader(device: device, faults: function.memoryAccess.faults, exporter: .ofHost())
    server = try VFIOUserServer(path: socketPath, function: function) { event in news.add { $0.add(event) } }
    function.allowMigration()
    try server.start()
  }

  /// What the vGPU is now.
  func snapshot() -> Snapshot { function.snapshot() }

  /// Makes it what the vGPU of a snapshot was; the VM that has attached it stays.
  func restore(_ snapshot: Snapshot) throws(SnapshotFailure) { try function.restore(snapshot) }

  /// The PCI configuration space.
  var configurationSpace: [UInt8] { function.configuration }

  /// Accesses that went through the aperture.
  var apertureAccesses: Int { function.apertureAccessCount }
  var registerAccesses: Int { function.registerAccessCount }

  /// Accesses to memory that the VMM has not mapped, by kind.
  var refusedAccesses: [MemoryFault: Int] { function.memoryAccess.faults.counts }

  /// Power-on state, whatever the guest thinks of it.
  func reset() { function.reset() }

  func stop() { server.stop() }
}
