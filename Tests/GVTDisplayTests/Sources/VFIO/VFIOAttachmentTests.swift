// VMs that come, go, are let go of, and are not the ones they seem to be.
import GVTCore
import Glibc
import Testing

@testable import GVTDisplay

@Suite struct VFIOAttachmentTests {
  private let host: ScriptedHost
  private let device: ScriptedDevice

  init() throws {
    host = try ScriptedHost()
    device = try host.addDevice()
  }

  @Test func `a VM that ends is let go of at once, and shown again by itself`() throws {
    try host.start(40)
    let bench = try VFIOBench(host)
    try bench.look()
    #expect(bench.colour == 0x102030 && device.openCount == 1)
    try host.end(40)
    try bench.pass(0)
    #expect(device.openCount == 0 && bench.source.opened == nil)
    #expect(bench.sentence == "The VM has ended. It is shown again as soon as it runs.")
    #expect(try !bench.look().isEmpty)
    try host.start(41, ticks: 200)
    try bench.pass(110)
    try bench.look()
    #expect(bench.colour == 0x102030 && device.openCount == 1)
  }

  @Test func `a VM that is off for long is found when it comes`() throws {
    let bench = try VFIOBench(host)
    #expect(bench.sentence.hasPrefix("No VM has the vGPU \(ScriptedHost.first) open."))
    for _ in 0..<30 { try bench.pass(1000) }
    try host.start(40)
    try bench.pass(1000)
    try bench.look()
    #expect(bench.colour == 0x102030)
  }

  @Test func `with nobody looking nothing of the VM's is held, asked or waited for, but its end`() throws {
    try host.start(40)
    let bench = try VFIOBench(host, isWatched: false)
    #expect(bench.source.status == .running && device.openCount == 0 && device.queries.isEmpty)
    bench.source.setWatched(true)
    try bench.look()
    #expect(device.openCount == 1)
    bench.source.setWatched(false)
    #expect(device.openCount == 0)
    let asked = device.queries.count
    // Nothing is due: the loop would wait for ever.
    for _ in 0..<10 { try bench.pass(60_000) }
    #expect(device.queries.count == asked && bench.source.status == .running)
    try host.end(40)
    try bench.pass(0)
    #expect(bench.source.status != .running)
    try host.start(50, ticks: 300)
    try bench.pass(5000)
    #expect(bench.source.status == .running && device.openCount == 0)
  }

  @Test func `a report that nobody looks beside tells how the buffer is reached, and keeps nothing`() throws {
    try host.start(40)
    let bench = try VFIOBench(host, spec: "vfio:\(ScriptedHost.first)?import=mmap", isWatched: false)
    let plane = try #require(bench.source.planes.first)
    #expect(plane.importer == "mmap" && plane.format == "XR24" && plane.problem == nil)
    #expect(device.openCount == 0 && bench.source.opened == nil)
    let input = bench.source.details.first { $0.name == "Input" }?.value
    #expect(input?.contains("-qmp unix:PATH") == true, "how to get keys is told, as the VM has no socket")
    device.primary?.code = "NV12"
    #expect(bench.source.planes.first?.problem?.contains("NV12") == true)
  }

  @Test func `a number that has come to mean another process is not followed`() throws {
    try host.start(40)
    // Between the search and the opening.
    host.beforeOpening = { [host] in
      host.beforeOpening = {}
      try host.end(40)
      try host.start(40, ticks: 101)
    }
    let bench = try VFIOBench(host, isWatched: false)
    #expect(bench.source.attachment == nil && device.openCount == 0)
    try bench.pass(5000)
    #expect(bench.source.attachment?.holding.process == ProcessIdentity(id: 40, startTicks: 101), "found as what it is")
  }

  @Test func `a process that ended before it was opened is not followed though its files look alike`() throws {
    try host.start(40)
    host.beforeOpening = { [host] in host.beforeOpening = { throw SystemFailure("pidfd_open", ESRCH) } }
    let attachment = try #require(
      try? VMAttachment(
        DeviceHoldings.first(in: host), access: host, in: host.root))
    try host.end(40)
    try host.start(40)
    #expect(!attachment.isHeld)
    #expect(throws: Absence.ended) { _ = try attachment.openDevice() }
  }

  @Test func `a descriptor that has come to mean another file is not taken`() throws {
    try host.start(40)
    let attachment = try VMAttachment(DeviceHoldings.first(in: host), access: host, in: host.root)
    try host.link("/proc/40/fd/20", to: "/dev/vfio/13")
    #expect(throws: Absence.ended) { _ = try attachment.openDevice() }
    try host.link("/proc/40/fd/20", to: "/etc/shadow")
    try host.link("/proc/40/fd/33", to: "/dev/vfio/12")
    _ = try attachment.openDevice()
  }

  @Test func `a VM that gives up its device is let go of though it lives`() throws {
    try host.start(40)
    let bench = try VFIOBench(host)
    try bench.look()
    try host.remove("/proc/40/fd/20")
    // Though nobody asks for a picture.
    try bench.pass(600)
    #expect(device.openCount == 0 && bench.source.attachment == nil)
    try host.remove("/sys/bus/mdev/devices/\(ScriptedHost.first)")
    try bench.pass(4000)
    #expect(bench.sentence.hasPrefix("There is no vGPU \(ScriptedHost.first) on this host."))
  }

  @Test func `detach lets go, stays away from that process, and ends with another or with attach`() throws {
    try host.start(40)
    let bench = try VFIOBench(host)
    try bench.look()
    #expect(bench.source.setAttached(false))
    #expect(device.openCount == 0 && bench.sentence.hasPrefix("This display has let go of process 40."))
    for _ in 0..<20 { try bench.look(after: 1000) }
    #expect(bench.source.attachment == nil && bench.sentence.hasPrefix("This display has let go of process 40."))
    #expect(!bench.source.setAttached(false), "there is nothing to let go of")
    #expect(bench.source.setAttached(true))
    try bench.look()
    #expect(bench.colour == 0x102030)
    #expect(bench.source.setAttached(false))
    try host.end(40)
    try host.start(41, ticks: 500)
    try bench.pass(1000)
    try bench.look()
    #expect(bench.colour == 0x102030)
  }

  @Test func `rights that are missing are explained, and their coming is noticed`() throws {
    try host.start(40)
    host.refusal = EPERM
    try host.write("/proc/sys/kernel/yama/ptrace_scope", "3\n")
    let bench = try VFIOBench(host)
    #expect(bench.hasFailed && bench.sentence.contains("kernel.yama.ptrace_scope is 3"))
    try host.write("/proc/sys/kernel/yama/ptrace_scope", "1\n")
    try bench.pass(1000)
    #expect(bench.sentence.contains("security module"))
    try host.write("/proc/self/status", "Uid:\t0\t0\t0\t0\nCapEff:\t0000000000000000\n")
    try bench.pass(1000)
    #expect(bench.sentence.contains("ptrace_scope is 1") && bench.sentence.contains("CAP_SYS_PTRACE"))
    try host.write("/proc/sys/kernel/yama/ptrace_scope", "0\n")
    try host.write("/proc/self/status", "Uid:\t9\t1000\t9\t9\nCapEff:\t0000000000000000\n")
    try bench.pass(1000)
    #expect(bench.sentence.contains("The VM runs as user 0"))
    host.refusal = nil
    try bench.pass(1000)
    try bench.look()
    #expect(bench.colour == 0x102030)
  }

  @Test func `permission that is lost while somebody is away is noticed when they come back`() throws {
    try host.start(40)
    let bench = try VFIOBench(host)
    try bench.look()
    bench.source.setWatched(false)
    host.refusal = EPERM
    bench.source.setWatched(true)
    #expect(bench.hasFailed && bench.source.planes.first?.problem == bench.sentence)
    host.refusal = nil
    try bench.pass(1000)
    #expect(bench.source.status == .running)
  }

  @Test func `twenty-four VMs one after the other leave nothing behind`() throws {
    let bench = try VFIOBench(host)
    let before = Files.entries(of: "/proc/self/fd").count
    for turn in 0..<24 {
      try host.start(Int32(40 + turn), ticks: UInt64(turn))
      try bench.pass(1000)
      try bench.look()
      #expect(bench.colour == 0x102030)
      try host.end(Int32(40 + turn))
      try bench.pass(0)
      #expect(device.openCount == 0)
    }
    // Other tests of this process open and close descriptors too.
    #expect(Files.entries(of: "/proc/self/fd").count < before + 24)
  }
}

enum DeviceHoldings {
  /// Who holds the first device.
  static func first(in host: ScriptedHost) throws -> DeviceHolding {
    var search = HolderSearch(VFIOSpec(target: .device(uuid: ScriptedHost.first)), in: host.root)
    return try search.find(at: Instant(nanoseconds: 0))
  }
}
