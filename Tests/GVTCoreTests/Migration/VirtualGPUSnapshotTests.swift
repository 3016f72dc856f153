// A vGPU that is saved and restored is the same vGPU.
import GVTCore
import Testing
import VGPUTesting

@Suite struct VirtualGPUSnapshotTests {
  /// A snapshot's bytes, and a vGPU that was made from them on a clock of its own.
  private func copy(
    of gpu: VirtualGPU, on clock: ManualClock
  ) throws -> (bytes: [UInt8], gpu: VirtualGPU) {
    let bytes = snapshot(of: gpu)
    let state = try VirtualGPU.State(Snapshot(bytes), for: gpu.configuration)
    let copy = VirtualGPU(
      gpu.configuration, clock: clock, memory: gpu.memory, table: try TranslationTable(), restoring: state)
    return (bytes, copy)
  }

  private func snapshot(of gpu: VirtualGPU) -> [UInt8] {
    var snapshot = Snapshot()
    gpu.state().store(in: &snapshot)
    return snapshot.bytes
  }

  /// A vGPU as it is in the middle of what a driver does.
  private func busyBench(platform: Platform = .skylake) throws -> Bench {
    var bench = try Bench(platform: platform)
    for page in 0..<TranslationTable.entryCount {
      bench.gpu.table[PageNumber(page)] = TranslationEntry(GuestAddress(0x1234_5000))
    }
    for page in 0..<768 {
      bench.gpu.table[PageNumber(0x1_0000 + page)] = TranslationEntry(
        GuestAddress(UInt64(0x100_0000 + page * 4096)))
    }
    bench.turnOn()
    bench.setPlane()
    bench.unmaskVblank()
    bench.write(MMIO.planeSurface(bench.pipe, 1), 0x1000_0000)
    _ = bench.advance(by: 1_000_000_007)
    bench.write(MMIO.planeSurface(bench.pipe, 1), 0x1040_0000)
    return bench
  }

  @Test(arguments: Platform.all)
  func `saved, restored and saved again gives the same bytes, and few of them`(platform: Platform) throws {
    let bench = try busyBench(platform: platform)
    let (bytes, copy) = try copy(of: bench.gpu, on: ManualClock(77))
    #expect(snapshot(of: copy) == bytes)
    #expect(bytes.count < 100_000)
  }

  @Test func `a restored vGPU answers every register like the original`() throws {
    let bench = try busyBench()
    let clock = ManualClock(55_000_000_000)
    let (_, copy) = try copy(of: bench.gpu, on: clock)
    var different: [String] = []
    for offset in stride(from: 0, to: RegisterFile.byteCount, by: 8)
    where bench.gpu.read(offset, .qword) != copy.read(offset, .qword) {
      different.append(String(offset, radix: 16))
    }
    #expect(different == [])
    #expect(copy.scanOut(of: bench.pipe) == bench.gpu.scanOut(of: bench.pipe))
    #expect(copy.scanOut(of: bench.pipe).pictures.count == 1)
    #expect(copy.table.allEntries() == bench.gpu.table.allEntries())
  }

  @Test func `frames go on from where they were, however long it took`() throws {
    var bench = try busyBench()
    let clock = ManualClock(1)
    var (_, copy) = try copy(of: bench.gpu, on: clock)
    for _ in 0..<100 {
      #expect(copy.read(MMIO.frameCounter(.a)) == bench.gpu.read(MMIO.frameCounter(.a)))
      #expect(copy.read(MMIO.scanLine(.a)) == bench.gpu.read(MMIO.scanLine(.a)))
      clock.advance(nanoseconds: 1_234_567)
      _ = copy.advance()
      _ = bench.advance(by: 1_234_567)
    }
  }

  @Test func `what was pending interrupts again, and only that`() throws {
    var bench = try busyBench()
    _ = bench.advance(by: 20_000_000)
    #expect(bench.gpu.isInterruptPending)
    var (_, copy) = try copy(of: bench.gpu, on: ManualClock(3))
    #expect(copy.advance() == [.interrupt])
    #expect(copy.advance() == [])
    bench.write(MMIO.interruptIdentity(.pipe(.a)), .max)
    var (_, quiet) = try self.copy(of: bench.gpu, on: ManualClock(3))
    #expect(quiet.advance() == [])
  }

  @Test(arguments: [11, 12] as [UInt64])
  func `after anything a guest does, the restored one goes on like the original`(seed: UInt64) throws {
    var random = SplitMix(state: seed)
    let clock = ManualClock()
    var original = try makeExercisedVirtualGPU(clock: clock)
    var past = GuestOperations(bytes: random.bytes(20_000))
    while past.perform(on: &original, clock) != nil {}
    let copyClock = ManualClock(9_000_000_000_000)
    var (bytes, copy) = try copy(of: original, on: copyClock)
    #expect(snapshot(of: copy) == bytes)

    // An interrupt may be sent once more; nothing else may differ.
    _ = (original.advance(), copy.advance())
    let future = random.bytes(10_000)
    var (one, other) = (GuestOperations(bytes: future), GuestOperations(bytes: future))
    while let effects = one.perform(on: &original, clock) {
      #expect(other.perform(on: &copy, copyClock) == effects)
    }
    #expect(one.shown == other.shown)
    #expect(snapshot(of: copy) == snapshot(of: original))
  }

  @Test func `a snapshot of another kind of vGPU is refused`() throws {
    let bench = try Bench()
    let saved = try Snapshot(snapshot(of: bench.gpu))
    let other = VirtualGPUConfiguration(type: try InstanceType(named: "i915-GVTg_V5_8"))
    #expect(
      throws: SnapshotFailure.otherDevice(
        found: "i915-GVTg_V5_4 (skl, engines wedged)", wanted: "i915-GVTg_V5_8 (skl, engines wedged)")
    ) { _ = try VirtualGPU.State(saved, for: other) }
  }

  @Test func `the device that threads share is saved and restored in place`() throws {
    let clock = ManualClock(1_000_000_000)
    let configuration = VirtualGPUConfiguration(type: try InstanceType(named: "i915-GVTg_V5_4"))
    let effects = Locked<[VirtualGPU.Effect]>([])
    let device = try VirtualGPUDevice(
      configuration, clock: clock, memory: GuestMemory(), table: try TranslationTable(),
      onEffect: { effect in effects.withLock { $0.append(effect) } })
    device[MMIO.pipeSource(.b)] = PipeSource(PixelSize(width: 800, height: 600)).rawValue
    device[MMIO.pipeConfiguration(.b)] = 1 << 31
    device[MMIO.translationEntry(PageNumber(5))] = 0x5001
    let state = device.state()
    device.reset()
    #expect(device[MMIO.pipeConfiguration(.b)] == 0)
    effects.withLock { $0 = [] }
    device.restore(state)
    #expect(device[MMIO.pipeConfiguration(.b)] == 0xc000_0000)
    #expect(device[MMIO.translationEntry(PageNumber(5))] == 0x5001)
    #expect(device.scanOut(of: .b).size == PixelSize(width: 800, height: 600))
    #expect(effects.withLock { $0 } == Pipe.allCases.map(VirtualGPU.Effect.pipeChanged))
  }
}
