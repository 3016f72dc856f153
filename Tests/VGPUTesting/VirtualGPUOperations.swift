// Bytes as a sequence of what a guest can do, for the random test and for fuzzing.
package import GVTCore

/// Does to a vGPU what `bytes` say, nine or so to an operation, and looks at the picture as a display would.
/// The first byte chooses what kind of vGPU it is. It must not trap. Returns how many planes and cursors were on at those
/// looks.
@discardableResult
package func exerciseVirtualGPU(bytes: [UInt8]) throws -> Int {
  let clock = ManualClock()
  let kind = Int(bytes.first ?? 0)
  var gpu = try makeExercisedVirtualGPU(
    clock: clock, platform: Platform.all[kind & 3], engines: EngineBehaviour.allCases[kind >> 2 & 1])
  var operations = GuestOperations(bytes: Array(bytes.dropFirst()))
  while operations.perform(on: &gpu, clock) != nil {}
  return operations.shown + look(at: gpu, 0)
}

/// A vGPU with 4 GiB of guest memory to point at.
package func makeExercisedVirtualGPU(
  clock: ManualClock, platform: Platform = .skylake, engines: EngineBehaviour = .wedged,
  restoring state: VirtualGPU.State? = nil
) throws -> VirtualGPU {
  let ram = SharedDescriptor(try .memory(named: "ram"))
  var memory = GuestMemory()
  if let region = GuestMemoryRegion(
    start: GuestAddress(0), byteCount: 1 << 32, descriptor: ram, fileOffset: 0)
  {
    memory.add(region)
  }
  let type = try InstanceType(named: "i915-GVTg_V\(platform.generation.rawValue)_8")
  return VirtualGPU(
    VirtualGPUConfiguration(type: type, platform: platform, engines: engines), clock: clock, memory: memory,
    table: try TranslationTable(), restoring: state)
}

/// Bytes as what a guest does, one operation after another.
package struct GuestOperations {
  private var input: ByteStream
  /// How many planes and cursors were on when they were looked at.
  package private(set) var shown = 0

  package init(bytes: [UInt8]) { input = ByteStream(bytes: bytes) }

  /// Does the next thing; nil at the end.
  package mutating func perform(on gpu: inout VirtualGPU, _ clock: ManualClock) -> [VirtualGPU.Effect]? {
    guard let operation = input.next() else { return nil }
    let width = AccessWidth.allCases[Int(operation >> 6)]
    switch operation & 0x0f {
    case 0: read(Int(truncatingIfNeeded: input.number()), width, from: &gpu)
    case 1: return gpu.write(Int(truncatingIfNeeded: input.number()), input.number(), width)
    case 2: return gpu.write(Int(input.number() & 0xff_ffff), input.number(), width)
    case 3: clock.advance(nanoseconds: Int64(input.number() & 0xfff_ffff))
    case 4 where operation == 4: return gpu.reset()
    case 4 where operation == 0x44: return gpu.replaceMonitor(monitor(input.number()))
    case 4...7: shown += look(at: gpu, operation)
    case 8...9: read(place(input.number()), width, from: &gpu)
    default: return gpu.write(place(input.number()), plausible(input.number(), operation), .dword)
    }
    return []
  }

  private func read(_ offset: Int, _ width: AccessWidth, from gpu: inout VirtualGPU) {
    _ = gpu.read(offset, width)
    gpu.didRead(offset, width)
  }

  private func monitor(_ number: UInt64) -> Monitor? {
    let size = PixelSize(width: Int(number & 0xffff), height: Int(number >> 16 & 0xffff))
    return number & 3 == 0 ? nil : Monitor(connector: number & 3 == 1 ? .hdmi : .displayPort, preferred: size)
  }
}

/// Bytes in order; zeros after the last.
private struct ByteStream {
  let bytes: [UInt8]
  var position = 0

  mutating func next() -> UInt8? {
    guard position < bytes.count else { return nil }
    defer { position += 1 }
    return bytes[position]
  }

  /// Four bytes' worth, with the sign spread so that extremes come up.
  mutating func number() -> UInt64 {
    let low = (0..<4).reduce(UInt64(0)) { value, _ in value << 8 | UInt64(next() ?? 0) }
    return low & 0x7f == 0x7f ? UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: low))) : low
  }
}

/// A register that means something to the display.
private func place(_ number: UInt64) -> Int {
  let pipe = Pipe.allCases[Int(number % 3)]
  let plane = Int(number >> 2 % 4) + 1
  switch number >> 4 & 15 {
  case 0: return MMIO.pipeConfiguration(pipe)
  case 1: return MMIO.pipeSource(pipe)
  case 2: return MMIO.verticalTotal(pipe)
  case 3: return MMIO.cursorControl(pipe)
  case 4: return MMIO.cursorBase(pipe)
  case 5: return MMIO.interruptBank(.pipe(pipe)) + 4 * (plane - 1)
  case 6: return MMIO.interruptMaster
  case 7: return MMIO.palette(pipe, Int(number >> 8 & 255))
  case 8: return MMIO.translationEntry(PageNumber(Int(number >> 8 & 0xf_ffff)))
  case 9...10: return MMIO.planeSurface(pipe, plane)
  case 11: return MMIO.planeControl(pipe, plane)
  case 12: return MMIO.planeStride(pipe, plane)
  case 13: return engineRegisters[Int(number >> 8) % engineRegisters.count]
  case 14: return portRegisters[Int(number >> 8) % portRegisters.count]
  default: return MMIO.planeControl(pipe, plane) + Int(number >> 8 & 0x3c)
  }
}

private let engineRegisters =
  [MMIO.domainReset, MMIO.mailbox, MMIO.powerWell(2), MMIO.displayPLL, MMIO.sidebandControl]
  + Engine.allCases.flatMap { [MMIO.submissionPort($0), MMIO.statusPage($0), MMIO.statusPointer($0)] }

/// AUX channels of both generations with their first data register, GMBUS, and the rest of the ports.
private let portRegisters =
  [0x6_4110, 0x6_4114, 0xe_4110, 0xe_4114, MMIO.gmbusSelect, MMIO.gmbusCommand, MMIO.gmbusData, MMIO.hotPlug]
  + DDI.allCases.flatMap { [MMIO.portBuffer($0), MMIO.portTransport($0)] }

/// Half of the values are small or have the enable bit, or planes would hardly ever be on.
private func plausible(_ number: UInt64, _ operation: UInt8) -> UInt64 {
  switch operation >> 6 {
  case 0: number & 0x01ff_01ff
  case 1: 0x8400_0000 | number & 0x0810_1430
  case 2: number & 0x1ff
  default: number
  }
}

/// Decodes everything. What is on must be within the limits that the rest of the program relies on.
private func look(at gpu: VirtualGPU, _ operation: UInt8) -> Int {
  Pipe.allCases.reduce(0) { sum, pipe in
    let scanOut = gpu.scanOut(of: pipe)
    let pictures = scanOut.pictures + [scanOut.cursor.picture].compactMap { $0 }
    for picture in pictures {
      precondition(!picture.layout.size.isEmpty, "a plane that is on has pixels")
      precondition(picture.layout.size.area <= PlaneLimits.size.area, "a plane has at most the pixels of a screen")
      precondition(picture.pages.upperBound.rawValue <= TranslationTable.entryCount, "a plane lies within the GGTT")
      if operation >> 4 == 1 { _ = gpu.pages(of: picture) }
    }
    return sum + pictures.count
  }
}
