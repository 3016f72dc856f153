// Vblanks and flips, from the clock to the interrupt line.
import GVTCore
import Testing
import VGPUTesting

@Suite struct VirtualGPUInterruptTests {
  private let frame = DisplayTimings.sixtyHertz
  private let identity = MMIO.interruptIdentity(.pipe(.a))

  @Test func `a vblank raises one interrupt, and the handler's steps end it`() throws {
    var bench = try Bench()
    bench.turnOn()
    bench.unmaskVblank()
    #expect(bench.advance(by: frame / 2) == [])
    #expect(bench.advance(by: frame / 2) == [.interrupt])
    #expect(bench.gpu.isInterruptPending)
    #expect(bench.advance(by: frame) == [], "the line is still up")

    bench.write(MMIO.interruptMaster, 0)
    #expect(bench[MMIO.interruptMaster] == 1 << 16)
    #expect(bench[identity] == 1)
    bench.write(identity, 1)
    #expect(bench.write(MMIO.interruptMaster, 1 << 31) == [])
    #expect(!bench.gpu.isInterruptPending)
    #expect(bench.advance(by: frame) == [.interrupt])
  }

  @Test func `what a handler leaves behind is raised again when it ends`() throws {
    var bench = try Bench()
    bench.turnOn()
    bench.unmaskVblank()
    #expect(bench.advance(by: frame) == [.interrupt])
    bench.write(MMIO.interruptMaster, 0)
    #expect(bench.write(MMIO.interruptMaster, 1 << 31) == [.interrupt])
  }

  @Test func `a timer is wanted only while a vblank is unmasked on a pipe that is on`() throws {
    var bench = try Bench()
    bench.unmaskVblank()
    #expect(bench.gpu.nextDeadline == nil)
    bench.turnOn()
    let deadline = try #require(bench.gpu.nextDeadline)
    #expect(deadline > bench.clock.now && deadline - bench.clock.now < frame)
    #expect(bench.advance(by: deadline - bench.clock.now) == [.interrupt])
    #expect(try #require(bench.gpu.nextDeadline) == deadline + frame)
    bench.write(MMIO.interruptMask(.pipe(.a)), .max)
    #expect(bench.gpu.nextDeadline == nil)
    bench.write(MMIO.interruptMask(.pipe(.a)), ~1)
    bench.write(MMIO.pipeConfiguration(.a), 0)
    #expect(bench.gpu.nextDeadline == nil)
  }

  @Test func `vblanks that passed while they were masked are not raised later`() throws {
    var bench = try Bench()
    bench.turnOn()
    bench.unmaskVblank()
    bench.write(MMIO.interruptMask(.pipe(.a)), .max)
    bench.clock.advance(nanoseconds: 10 * frame)
    #expect(bench.write(MMIO.interruptMask(.pipe(.a)), ~1) == [])
    #expect(bench.gpu.advance() == [])
    #expect(bench[identity] == 0)
  }

  @Test func `a flip is done at the next vblank, once`() throws {
    var bench = try Bench()
    bench.turnOn()
    bench.unmaskVblank()
    bench.write(MMIO.interruptMask(.pipe(.a)), ~8)
    #expect(bench.gpu.nextDeadline == nil)
    bench.write(MMIO.planeSurface(.a, 1), 0x1000_0000)
    #expect(bench.gpu.nextDeadline != nil)
    #expect(bench.advance(by: frame) == [.interrupt])
    #expect(bench[identity] == 8)
    bench.write(identity, 8)
    #expect(bench.advance(by: frame) == [])
    #expect(bench.gpu.nextDeadline == nil)
  }

  @Test func `scan line and frame counter run, and survive turning off`() throws {
    var bench = try Bench()
    #expect(bench[MMIO.scanLine(.a)] == 0)
    bench.turnOn()
    _ = bench.advance(by: frame / 2)
    #expect((402...403).contains(bench[MMIO.scanLine(.a)]))
    #expect(bench[MMIO.frameCounter(.a)] == 0)
    _ = bench.advance(by: 10 * frame)
    #expect(bench[MMIO.frameCounter(.a)] == 10)
    bench.write(MMIO.frameCounter(.a), 99)
    bench.write(MMIO.pipeConfiguration(.a), 0)
    _ = bench.advance(by: 10 * frame)
    #expect(bench[MMIO.frameCounter(.a)] == 10)
    #expect(bench[MMIO.scanLine(.a)] == 0)
    bench.turnOn()
    _ = bench.advance(by: frame)
    #expect(bench[MMIO.frameCounter(.a)] == 11)
  }
}
