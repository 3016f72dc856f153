// What several tests of the vGPU need.
import CLinux
package import GVTCore
import Glibc

extension OwnedDescriptor {
  /// A memfd of `byteCount` bytes.
  package static func memory(named name: String, byteCount: Int = 0) throws -> OwnedDescriptor {
    let file = OwnedDescriptor(owning: try check("memfd_create") { unsafe gvt_memfd_create(name) })
    try check("ftruncate") { ftruncate(file.raw, off_t(byteCount)) }
    return file
  }
}

/// A vGPU on a clock that stands still, and short ways to drive it.
package struct Bench {
  package let clock = ManualClock(1_000_000_000)
  package var gpu: VirtualGPU
  package let pipe = Pipe.a

  package init(
    memory: GuestMemory = GuestMemory(), platform: Platform = .skylake, engines: EngineBehaviour = .wedged,
    access: GuestMemoryAccess = GuestMemoryAccess()
  ) throws {
    let type = try InstanceType(named: "i915-GVTg_V\(platform.generation.rawValue)_4")
    gpu = VirtualGPU(
      VirtualGPUConfiguration(type: type, platform: platform, engines: engines), clock: clock, memory: memory,
      table: try TranslationTable(), access: access)
  }

  package subscript(offset: Int) -> UInt32 { UInt32(gpu.read(offset)) }

  @discardableResult
  package mutating func write(_ offset: Int, _ value: UInt32) -> [VirtualGPU.Effect] {
    gpu.write(offset, UInt64(value))
  }

  /// Turns the pipe on with the timings of 1024x768 at 60 Hz.
  package mutating func turnOn(_ size: PixelSize = PixelSize(width: 1024, height: 768)) {
    write(MMIO.verticalTotal(pipe), DisplayTotal(active: size.height, total: size.height + 38).rawValue)
    write(MMIO.pipeSource(pipe), PipeSource(size).rawValue)
    write(MMIO.pipeConfiguration(pipe), 1 << 31)
  }

  /// Programs plane 1 with the values that i915 was seen to use for 1024x768, without arming it.
  package mutating func setPlane(control: UInt32 = 0x8404_2000) {
    write(MMIO.planeControl(pipe, 1), control)
    write(MMIO.planeStride(pipe, 1), 0x40)
    write(MMIO.planeSize(pipe, 1), 0x02ff_03ff)
  }

  /// What an interrupt handler needs to be told of vblanks.
  package mutating func unmaskVblank() {
    write(MMIO.interruptEnable(.pipe(pipe)), 0x9000_0f89)
    write(MMIO.interruptMask(.pipe(pipe)), 0x6fff_f07e)
    write(MMIO.interruptMaster, 1 << 31)
  }

  package mutating func advance(by nanoseconds: Int64) -> [VirtualGPU.Effect] {
    clock.advance(nanoseconds: nanoseconds)
    return gpu.advance()
  }
}

/// SplitMix64: the same sequence everywhere.
package struct SplitMix: RandomNumberGenerator {
  package var state: UInt64

  package init(state: UInt64) { self.state = state }

  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = (state ^ state >> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
    return mixed ^ mixed >> 31
  }

  package mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) }
  }
}

/// The same file with a checksum that fits, as if nothing had been changed.
package func seal(_ bytes: [UInt8]) -> [UInt8] {
  guard bytes.count >= 4 else { return bytes }
  let crc = Checksum.crc32(bytes.dropLast(4))
  return bytes.dropLast(4) + (0..<4).map { UInt8(truncatingIfNeeded: crc >> (8 * $0)) }
}
