// A vGPU's display while VMMs come, light it up, take memory away and go.
import Foundation
import GVTCore
import Logging
import Testing
import VGPUTesting

@testable import GVTDisplay

/// A source with its socket, watched by a display that counts.
private final class Rig {
  let loop: EventLoop
  let source: VGPUSource
  let socket: String
  let store = FrameStore(size: PixelSize(width: 320, height: 200))
  private let folder = NSTemporaryDirectory() + "gvt-vgpu-\(UUID().uuidString.prefix(8))"
  private(set) var pictures = 0
  private(set) var cursors = 0

  init(_ options: String = "type=i915-GVTg_V5_8") throws {
    loop = try EventLoop()
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    socket = folder + "/vm1.vgpu"
    let spec = try SourceSpec("vgpu:\(socket)?\(options)")
    let make = try spec.prepare(name: nil, runFolder: folder)
    source = try #require(make(Logger(label: "test")) as? VGPUSource)
    source.start(
      on: loop,
      events: SourceEvents(
        pictureChanged: { [unowned self] in pictures += 1 }, cursorChanged: { [unowned self] in cursors += 1 },
        statusChanged: {}, lightsChanged: { _ in }))
    source.setWatched(true)
  }

  deinit {
    source.stop()
    try? FileManager.default.removeItem(atPath: folder)
  }

  /// Captures until `condition` holds; false after five seconds.
  func until(_ condition: () throws -> Bool) throws -> Bool {
    let end = loop.now + .milliseconds(5000)
    while loop.now < end {
      _ = source.capture(into: store)
      if try condition() { return true }
      try loop.turn(waitingAtMost: .milliseconds(5))
    }
    return false
  }

  var sentence: String {
    switch source.status {
    case .running: ""
    case .waiting(let sentence), .failed(let sentence): sentence
    }
  }

  func shows(_ colour: UInt32) -> Bool { source.status == .running && store.frame[3, 3] == colour }

  /// Asks over the control socket, as a command does, while the display runs.
  func ask(_ request: InstanceRequest) throws -> InstanceReply {
    let path = source.claim.record.control
    let line = JSONLine.encode(request)
    let answer = Locked<String?>(nil)
    let thread = try GVTCore.Thread(named: "command") {
      let reply = try? LineClient.ask(line, at: path, timeoutSeconds: 5)
      answer.withLock { $0 = reply ?? "" }
    }
    _ = try until { answer.withLock { $0 != nil } }
    thread.join()
    return try #require(JSONLine.decode(answer.withLock { $0 ?? "" }))
  }
}

@Suite(.serialized) struct VGPUSourceTests {
  private let size = PixelSize(width: 640, height: 480)

  @Test func `a guest lights up, draws, flips, changes mode, turns off and leaves`() throws {
    let rig = try Rig()
    #expect(try rig.until { rig.sentence.contains(rig.socket) })
    var guest: VFIOUserGuest? = try VFIOUserGuest(attaching: rig.socket)
    #expect(try rig.until { rig.sentence == "The guest has not turned on its display yet." })
    try guest?.show(size, colour: 0x11_2233)
    #expect(try rig.until { rig.shows(0x11_2233) })
    #expect(rig.store.frame.size == size)
    // Drawn without a register access: only a look at it tells.
    guest?.paint(size, colour: 0x44_5566)
    #expect(try rig.until { rig.shows(0x44_5566) })
    try guest?.show(PixelSize(width: 800, height: 600), colour: 0x77)
    #expect(try rig.until { rig.shows(0x77) && rig.store.frame.size.width == 800 })
    try guest?.turnOff()
    #expect(try rig.until { rig.sentence == "The guest has not turned on a display pipe." })
    guest = nil
    #expect(try rig.until { rig.sentence.contains("No VMM is connected") })
    guest = try VFIOUserGuest(attaching: rig.socket)
    #expect(try rig.until { rig.sentence == "The guest has not turned on its display yet." })
    try guest?.show(size, colour: 0xab)
    #expect(try rig.until { rig.shows(0xab) })
  }

  @Test func `memory that is unmapped while it is scanned out is a card, counted, and comes back`() throws {
    let rig = try Rig()
    let guest = try VFIOUserGuest(attaching: rig.socket)
    try guest.show(size, colour: 0x1234)
    #expect(try rig.until { rig.shows(0x1234) })
    #expect(rig.source.refusedAccesses.isEmpty)
    try guest.unmapMemory()
    #expect(try rig.until { rig.sentence.contains("memory that it does not have") })
    #expect(rig.source.refusedAccesses["unmappedPage"] ?? 0 >= 300)
    #expect(rig.source.details.contains { $0.name.contains("unmappedPage") })
    try guest.mapMemory()
    #expect(try rig.until { rig.shows(0x1234) })
  }

  @Test func `a guest that flips is not polled, one that has stopped is`() throws {
    let rig = try Rig()
    let guest = try VFIOUserGuest(attaching: rig.socket)
    try guest.show(size, colour: 1)
    #expect(try rig.until { rig.shows(1) && rig.source.pacing == .polled })
    try guest.flip()
    #expect(try rig.until { rig.source.pacing == .announced })
    let before = rig.pictures
    #expect(try rig.until { rig.source.pacing == .polled && rig.pictures > before })
  }

  @Test func `orders over the control socket are answered`() throws {
    let rig = try Rig("type=i915-GVTg_V5_8&connector=hdmi")
    let guest = try VFIOUserGuest(attaching: rig.socket)
    try guest.show(size, colour: 5)
    #expect(try rig.until { rig.shows(5) })
    let status = try #require(try rig.ask(InstanceRequest(.status)).status)
    #expect(status.isConnected && status.width == 640 && status.reason == nil && status.connector == "hdmi")
    #expect(try rig.ask(InstanceRequest(.reset)) == InstanceReply())
    #expect(try guest[MMIO.pipeConfiguration(.a)] == 0)
    #expect(try rig.until { rig.sentence == "The guest has not turned on a display pipe." })
    try guest.show(size, colour: 6)
    #expect(try rig.until { rig.shows(6) })
    #expect(try rig.ask(InstanceRequest(.help)).verbs?["reset"] != nil)
    var unknown = InstanceRequest(.help)
    unknown.verb = "fly"
    #expect(try rig.ask(unknown).failure?.contains("known: status, reset") == true)
  }

  @Test func `a viewer's size is the monitor's, for this guest and the next`() throws {
    let rig = try Rig()
    #expect(rig.source.requestSize(PixelSize(width: 4000, height: 100)) == .invalid)
    #expect(rig.source.requestSize(PixelSize(width: 1366, height: 768)) == .forwarded)
    // A dragged window: the last wish counts.
    for width in 1000...1020 {
      #expect(rig.source.requestSize(PixelSize(width: width, height: 700)) == .forwarded)
    }
    let vgpu = try #require(rig.source.vgpu)
    #expect(try rig.until { vgpu.device.monitor?.preferred == PixelSize(width: 1020, height: 700) })
    let guest = try VFIOUserGuest(attaching: rig.socket)
    #expect(try rig.until { rig.source.isConnected })
    #expect(vgpu.device.monitor?.preferred == PixelSize(width: 1020, height: 700))
    // PORT_HOTPLUG of port B: enabled, then a long pulse.
    try guest.set(0xc4030, 1 << 4)
    #expect(try guest[0xc4030] & 3 == 0)
    #expect(rig.source.requestSize(PixelSize(width: 1280, height: 800)) == .forwarded)
    #expect(try rig.until { try guest[0xc4030] & 3 == 2 })
  }

  @Test(.enabled(if: PageExporter.ofHost() != nil, "this host has no /dev/udmabuf that we may open"))
  func `where the host makes dmabufs the picture comes through them`() throws {
    let rig = try Rig()
    let guest = try VFIOUserGuest(attaching: rig.socket)
    try guest.show(size, colour: 0x9876)
    #expect(try rig.until { rig.shows(0x9876) })
    #expect(rig.source.details.contains { $0.name == "Picture" && $0.value.contains("udmabuf") })
    guest.paint(size, colour: 0x5432)
    #expect(try rig.until { rig.shows(0x5432) })
    try guest.unmapMemory()
    #expect(try rig.until { rig.sentence.contains("memory that it does not have") })
  }

  @Test func `without a QMP socket nobody can type, and reports say why`() throws {
    let rig = try Rig()
    #expect(rig.source.input == nil)
    #expect(rig.source.details.contains { $0.name == "Input" && $0.value.contains("view-only") })
  }

  @Test func `a socket that cannot be had is a failure that names it`() throws {
    let rig = try Rig()
    let other = try VGPUSource(
      VGPUSpec(socketPath: "/nonexistent/vm.vgpu"),
      claim: InstanceFolder(in: NSTemporaryDirectory() + "gvt-run-\(UUID())").claim(
        InstanceRecord(
          name: "x", type: .standard(.skylake), platform: .skylake, process: 1, socket: "/x", started: 0)),
      logger: Logger(label: "test"))
    other.start(
      on: rig.loop,
      events: SourceEvents(pictureChanged: {}, cursorChanged: {}, statusChanged: {}, lightsChanged: { _ in }))
    guard case .failed(let sentence) = other.status else {
      Issue.record("\(other.status)")
      return
    }
    #expect(sentence.contains("/nonexistent/vm.vgpu"))
    other.stop()
  }
}
