// VFIO_USER_DEVICE_SET_IRQS: who is told of an interrupt, and when.
import CLinux
import GVTCore
import Glibc
import Testing
import VGPUTesting

@Suite struct InterruptTests {
  private let patience = Int64.milliseconds(5000)

  /// Makes the device raise vblanks, the way i915 asks for them.
  private func startVblanks(_ client: VFIOUserClient) throws {
    try client.write(.registers, MMIO.verticalTotal(.a), DisplayTotal(active: 768, total: 806).rawValue)
    try client.write(.registers, MMIO.pipeSource(.a), PipeSource(PixelSize(width: 1024, height: 768)).rawValue)
    try client.write(.registers, MMIO.pipeConfiguration(.a), UInt32(1) << 31)
    try client.write(.registers, MMIO.interruptEnable(.pipe(.a)), UInt32(1))
    try client.write(.registers, MMIO.interruptMask(.pipe(.a)), UInt32(0xffff_fffe))
    try client.write(.registers, MMIO.interruptMaster, UInt32(1) << 31)
  }

  /// What an interrupt handler does.
  private func handle(_ client: VFIOUserClient) throws {
    try client.write(.registers, MMIO.interruptMaster, UInt32(0))
    let events = try client.read(UInt32.self, .registers, MMIO.interruptIdentity(.pipe(.a)))
    try client.write(.registers, MMIO.interruptIdentity(.pipe(.a)), events)
    try client.write(.registers, MMIO.interruptMaster, UInt32(1) << 31)
  }

  @Test func `vblanks come as messages while the client is silent`() throws {
    let stage = try ServerStage()
    defer { stage.end() }
    let client = try stage.client()
    let event = try makeEvent()
    #expect(try client.setEvent(event, for: .message) == 0)
    try startVblanks(client)
    for _ in 0..<3 {
      #expect(signals(of: event, within: patience) == 1)
      try handle(client)
    }
    #expect(stage.function.interrupts.count >= 3)
  }

  @Test func `INTx masks itself until it is unmasked, and comes again if its cause is still there`() throws {
    let stage = try ServerStage()
    defer { stage.end() }
    let client = try stage.client()
    let event = try makeEvent()
    #expect(try client.setEvent(event, for: .pin) == 0)
    try startVblanks(client)
    #expect(signals(of: event, within: patience) == 1)
    #expect(try client.setInterrupts(kind: 0, flags: 0x11, count: 1) == 0)
    #expect(signals(of: event, within: patience) == 1)
    // Disabled in the command register, it stays silent.
    try client.write(.configuration, 4, UInt16(0x0400))
    #expect(try client.setInterrupts(kind: 0, flags: 0x12, count: 1, data: [1]) == 0)
    #expect(signals(of: event) == 0)
    try client.write(.configuration, 4, UInt16(0))
    #expect(signals(of: event, within: patience) == 1)
  }

  @Test func `a client can trigger an interrupt, or not, by a flag`() throws {
    let stage = try ServerStage()
    defer { stage.end() }
    let client = try stage.client()
    let event = try makeEvent()
    try client.setEvent(event, for: .message)
    #expect(try client.setInterrupts(kind: 1, flags: 0x22, count: 1, data: [0]) == 0)
    #expect(signals(of: event) == 0)
    #expect(try client.setInterrupts(kind: 1, flags: 0x22, count: 1, data: [1]) == 0)
    #expect(try client.setInterrupts(kind: 1, flags: 0x21, count: 1) == 0)
    #expect(signals(of: event) == 2)
  }

  /// Flags and count of requests that take an eventfd away.
  @Test(arguments: [(0x21, 0), (0x24, 1)] as [(UInt32, UInt32)])
  func `an event that was taken away is signalled no more`(flags: UInt32, count: UInt32) throws {
    let stage = try ServerStage()
    defer { stage.end() }
    let client = try stage.client()
    let event = try makeEvent()
    try client.setEvent(event, for: .message)
    #expect(try client.setInterrupts(kind: 1, flags: flags, count: count) == 0)
    #expect(try client.setInterrupts(kind: 1, flags: 0x21, count: 1) == 0)
    #expect(signals(of: event) == 0)
  }

  /// Kind, flags, first and number of requests that make no sense.
  @Test(
    arguments: [
      (5, 0x21, 0, 0), (1, 0x24, 1, 1), (1, 0x24, 0, 2), (2, 0x24, 0, 1), (1, 0x24, .max, 1), (1, 0x23, 0, 1),
      (1, 0x39, 0, 1), (1, 0x20, 0, 1), (1, 0x01, 0, 1), (1, 0x24, 0, 0), (1, 0x22, 0, 1), (0, 0x61, 0, 1),
    ] as [(UInt32, UInt32, UInt32, UInt32)])
  func `interrupts that the device does not have are refused`(
    kind: UInt32, flags: UInt32, start: UInt32, count: UInt32
  ) throws {
    let stage = try ServerStage()
    defer { stage.end() }
    #expect(try stage.client().setInterrupts(kind: kind, flags: flags, start: start, count: count) == EINVAL)
  }

  @Test func `what is not an eventfd is refused`() throws {
    let stage = try ServerStage()
    defer { stage.end() }
    let client = try stage.client()
    #expect(try client.setEvent(SharedDescriptor(try .memory(named: "no event")), for: .message) == EINVAL)
    #expect(try client.setInterrupts(kind: 1, flags: 0x0c, count: 1, with: try makeEvent()) == ENOTSUP)
  }

  @Test func `a full eventfd does not stop the device`() throws {
    let stage = try ServerStage()
    defer { stage.end() }
    let client = try stage.client()
    let event = SharedDescriptor(OwnedDescriptor(owning: eventfd(0, Int32(EFD_CLOEXEC))))
    var most = UInt64.max - 1
    #expect(unsafe write(event.raw, &most, 8) == 8)
    try client.setEvent(event, for: .message)
    #expect(try client.setInterrupts(kind: 1, flags: 0x21, count: 1) == 0)
    #expect(try client.read(UInt16.self, .configuration, 0) == 0x8086)
  }
}
