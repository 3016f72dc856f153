// A host with VMs and vGPUs: a file tree for what is read of it, and a kernel for what is asked of it.
import Foundation
import GVTCore
import Testing

@testable import GVTDisplay

/// A host whose processes come and go as a test says.
final class ScriptedHost: HolderAccess {
  static let first = "00000000-0000-0000-0000-000000000001"
  static let second = "00000000-0000-0000-0000-000000000002"

  let root: HostRoot
  private let folder: String
  /// By UUID.
  private(set) var devices: [String: ScriptedDevice] = [:]
  /// The ends of the pidfds: closing one ends the process.
  private var lives: [Int32: (handle: SharedDescriptor, life: SharedDescriptor)] = [:]
  private var links: [Int32: String] = [:]
  /// What pidfd_getfd answers instead.
  var refusal: Int32?
  /// Runs right before a process is opened: it may be another one by then.
  var beforeOpening: () throws -> Void = {}

  init() throws {
    folder = NSTemporaryDirectory() + "gvt-host-\(UUID().uuidString.prefix(8))"
    root = HostRoot(prefix: folder)
    try write("/proc/self/status", "Name:\tgvt-vnc\nUid:\t0\t0\t0\t0\nCapEff:\t000001ffffffffff\n")
    try FileManager.default.createDirectory(atPath: folder + "/sys/bus/mdev/devices", withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  func write(_ path: String, _ text: String) throws {
    let place = folder + path
    let parent = (place as NSString).deletingLastPathComponent
    try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
    try Data(text.utf8).write(to: URL(fileURLWithPath: place))
  }

  func link(_ path: String, to target: String) throws {
    let place = folder + path
    let parent = (place as NSString).deletingLastPathComponent
    try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
    try? FileManager.default.removeItem(atPath: place)
    try FileManager.default.createSymbolicLink(atPath: place, withDestinationPath: target)
  }

  func remove(_ path: String) throws { try FileManager.default.removeItem(atPath: folder + path) }

  @discardableResult
  func addDevice(_ uuid: String = first, group: Int = 12) throws -> ScriptedDevice {
    let place = "/sys/devices/virtual/mbochs/mbochs/\(uuid)"
    try write(place + "/uevent", "")
    try link(place + "/iommu_group", to: "../../../../../kernel/iommu_groups/\(group)")
    try link("/sys/devices/virtual/mbochs/mbochs/subsystem", to: "../../../../class/mbochs")
    try link("/sys/bus/mdev/devices/\(uuid)", to: "../../../devices/virtual/mbochs/mbochs/\(uuid)")
    try write("/sys/kernel/iommu_groups/\(group)/devices/\(uuid)", "")
    let device = ScriptedDevice()
    try device.paint(1, 0x102030)
    devices[uuid] = device
    return device
  }

  /// Starts a process that has descriptors open: number and what its link says.
  func start(
    _ id: Int32, ticks: UInt64 = 100, command: String = "vmm", user: Int = 0,
    open: [Int32: String] = [20: "/dev/vfio/12"]
  ) throws {
    let zeros = Array(repeating: "0", count: 18).joined(separator: " ")
    try write("/proc/\(id)/stat", "\(id) (a b) c) S \(zeros) \(ticks) 0 0\n")
    try write("/proc/\(id)/status", "Uid:\t\(user)\t\(user)\t\(user)\t\(user)\n")
    let words = command.split(separator: " ").map(String.init)
    try write("/proc/\(id)/cmdline", words.map { $0 + "\u{0}" }.joined())
    try link("/proc/\(id)/exe", to: "/usr/bin/\(words[0])")
    for (number, link) in open { try self.link("/proc/\(id)/fd/\(number)", to: link) }
    let pair = try OwnedDescriptor.socketPair().release()
    lives[id] = (
      SharedDescriptor(OwnedDescriptor(owning: pair.near)), SharedDescriptor(OwnedDescriptor(owning: pair.far))
    )
  }

  func end(_ id: Int32) throws {
    lives[id] = nil
    try remove("/proc/\(id)")
  }

  // MARK: - The kernel

  func process(_ id: Int32) throws(SystemFailure) -> ProcessHandle {
    do { try beforeOpening() } catch { throw SystemFailure("pidfd_open", EIO) }
    guard let life = lives[id] else { throw SystemFailure("pidfd_open", ESRCH) }
    return ProcessHandle(try life.handle.owned.duplicate())
  }

  func duplicate(_ descriptor: Int32, of process: ProcessHandle) throws(SystemFailure) -> OwnedDescriptor {
    if let refusal { throw SystemFailure("pidfd_getfd", refusal) }
    let copy = try OwnedDescriptor.duplicating(process.descriptor)
    let owner = root.entries(of: "/proc").first { root.linkTarget("/proc/\($0)/fd/\(descriptor)") != nil }
    links[copy.raw] = owner.flatMap { root.linkTarget("/proc/\($0)/fd/\(descriptor)") }
    return copy
  }

  func link(of descriptor: borrowing OwnedDescriptor) -> String? { links[descriptor.raw] }

  func device(named name: String, of group: borrowing OwnedDescriptor) throws(SystemFailure) -> any GraphicsPlaneDevice
  {
    guard let device = devices[name] else { throw SystemFailure("ioctl(VFIO_GROUP_GET_DEVICE_FD)", ENODEV) }
    return OpenScriptedDevice(device)
  }

  func device(_ descriptor: consuming OwnedDescriptor) -> any GraphicsPlaneDevice {
    OpenScriptedDevice(devices[Self.first] ?? ScriptedDevice())
  }
}
