// The vGPU between threads.
import GVTCore
import Synchronization
import Testing

@Suite struct VirtualGPUDeviceTests {
  private final class Log: Sendable {
    let effects = Mutex<[VirtualGPU.Effect]>([])
  }

  private let log = Log()

  private func device(_ clock: any Clock) throws -> VirtualGPUDevice {
    let type = try InstanceType(named: "i915-GVTg_V5_4")
    let table = try TranslationTable()
    return try VirtualGPUDevice(VirtualGPUConfiguration(type: type), clock: clock, memory: GuestMemory(), table: table)
    { [log] effect in
      log.effects.withLock { $0.append(effect) }
    }
  }

  private func turnOn(_ device: VirtualGPUDevice) {
    device.write(MMIO.pipeSource(.a), 0x03ff_02ff)
    device.write(MMIO.pipeConfiguration(.a), 1 << 31)
    device.write(MMIO.interruptEnable(.pipe(.a)), 1)
    device.write(MMIO.interruptMask(.pipe(.a)), 0xffff_fffe)
    device.write(MMIO.interruptMaster, 1 << 31)
  }

  @Test func `effects reach the observer`() throws {
    let clock = ManualClock()
    let device = try device(clock)
    turnOn(device)
    device.write(MMIO.planeSurface(.a, 1), 0x1000)
    clock.advance(nanoseconds: DisplayTimings.sixtyHertz)
    device.advance()
    #expect(
      log.effects.withLock { $0 } == [.pipeChanged(.a), .pipeChanged(.a), .planeChanged(.a), .interrupt])
  }

  @Test func `a guest sleeps from vblank to vblank`() throws {
    let device = try device(MonotonicClock())
    turnOn(device)
    let start = MonotonicClock().now
    for _ in 1...3 {
      #expect(device.waitForInterrupt())
      device.write(MMIO.interruptIdentity(.pipe(.a)), 1)
    }
    let frames = device.read(MMIO.frameCounter(.a))
    #expect(frames >= 3)
    #expect(MonotonicClock().now - start >= 2 * DisplayTimings.sixtyHertz)
  }

  @Test func `a wait ends at its limit`() throws {
    let device = try device(MonotonicClock())
    let limit = MonotonicClock().now + .milliseconds(2)
    #expect(!device.waitForInterrupt(until: limit))
    #expect(MonotonicClock().now >= limit)
  }

  @Test func `a wake ends the wait, even when it came first`() throws {
    let device = try device(ManualClock())
    device.wake()
    #expect(!device.waitForInterrupt())
    let thread = try Thread(named: "wakes") { device.wake() }
    #expect(!device.waitForInterrupt())
    thread.join()
  }

  @Test func `unmasking on another thread ends a wait that knew no deadline`() throws {
    let device = try device(MonotonicClock())
    let thread = try Thread(named: "unmasks") { turnOn(device) }
    let limit = MonotonicClock().now + .milliseconds(5000)
    #expect(device.waitForInterrupt(until: limit))
    #expect(MonotonicClock().now < limit)
    thread.join()
  }
}
