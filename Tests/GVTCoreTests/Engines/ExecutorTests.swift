// Contexts that complete: what their commands leave in memory, registers and events.
import GVTCore
import Testing
import VGPUTesting

@Suite struct ExecutorTests {
  private typealias Place = EngineGuest.Place

  /// MI_STORE_DATA_IMM to a global address.
  private static func storeData(_ value: UInt32, at address: Int) -> [UInt32] {
    [0x1040_0002, UInt32(address), 0, value]
  }

  /// MI_BATCH_BUFFER_START in the context's own address space.
  private static func startBatch(_ address: UInt64 = EngineGuest.batchAddress, nested: Bool = false) -> [UInt32] {
    [
      0x1880_0101 | (nested ? 1 << 22 : 0), UInt32(truncatingIfNeeded: address),
      UInt32(truncatingIfNeeded: address >> 32),
    ]
  }

  private static let batchEnd: UInt32 = 0x0500_0000
  private static let userInterrupt: UInt32 = 0x0100_0000

  @Test(arguments: Engine.allCases, [Platform.skylake, .broadwell])
  func `a context completes, tells so, and interrupts`(engine: Engine, platform: Platform) throws {
    var guest = try EngineGuest(platform: platform)
    guest.prepare(Self.storeData(0x1234, at: Place.result) + [Self.userInterrupt, 0])
    #expect(guest.submit(engine) == [.interrupt])
    #expect(guest.load(Place.result) == 0x1234)
    #expect(guest.events() == [[1, 0], [0x18, 7]])
    #expect(guest.load(Place.context + 4096 + 4 * 5) == 24, "the head has come to the tail")
    #expect(guest.bench[MMIO.ringHead(engine)] == guest.bench[MMIO.ringTail(engine)])
    let identities: [Engine: (InterruptBank, UInt32)] = [
      .render: (.renderAndBlitter, 0x101), .blitter: (.renderAndBlitter, 0x101_0000), .video: (.video, 0x101),
      .videoEnhancement: (.videoEnhancement, 0x101),
    ]
    let expected = try #require(identities[engine])
    #expect(guest.bench[MMIO.interruptIdentity(expected.0)] == expected.1)
  }

  @Test func `two contexts run one after the other`() throws {
    var guest = try EngineGuest()
    guest.prepare(Self.storeData(1, at: Place.result))
    guest.prepare(Self.storeData(2, at: Place.result + 4), context: Place.secondContext, ring: Place.secondRing)
    _ = guest.submit(second: true)
    #expect(guest.load(Place.result) == 1 && guest.load(Place.result + 4) == 2)
    #expect(guest.events() == [[1, 0], [0x14, 7], [0x18, 9]])
  }

  @Test func `events go round and round from where the driver says`() throws {
    var guest = try EngineGuest()
    guest.bench.write(MMIO.statusPointer(.render), 0xffff_0303)
    guest.prepare([0])
    _ = guest.submit()
    #expect(guest.load(Place.statusPage + 0x7c) == 5)
    guest.prepare([0, 0])
    _ = guest.submit()
    #expect(guest.load(Place.statusPage + 0x7c) == 1)
    #expect(guest.bench[MMIO.statusPointer(.render)] == 0x301)
  }

  @Test func `a ring wraps at its end`() throws {
    var guest = try EngineGuest()
    guest.prepare([], head: 0)
    guest.store(Array(Self.storeData(5, at: Place.result).prefix(2)), at: Place.ring + 0x1000 - 8)
    guest.store(Array(Self.storeData(5, at: Place.result).suffix(2)), at: Place.ring)
    guest.store([0x1000 - 8], at: Place.context + 4096 + 4 * 5)
    guest.store([8], at: Place.context + 4096 + 4 * 7)
    _ = guest.submit()
    #expect(guest.load(Place.result) == 5)
  }

  @Test func `a batch runs in the context's address space and returns`() throws {
    var guest = try EngineGuest()
    let result = EngineGuest.resultAddress
    guest.store(
      [0x1000_0002, UInt32(truncatingIfNeeded: result), UInt32(result >> 32), 77, 0x7a00_0004]  // PIPE_CONTROL
        + [1 << 14, UInt32(truncatingIfNeeded: result) + 8, UInt32(result >> 32), 88, 99, Self.batchEnd],
      at: Place.batch)
    guest.prepare(Self.startBatch() + Self.storeData(3, at: Place.result + 32) + [0])
    _ = guest.submit()
    #expect((0..<4).map { guest.load(Place.result + 4 * $0) } == [77, 0, 88, 99])
    #expect(guest.load(Place.result + 32) == 3)
    #expect(guest.events().last == [0x18, 7])
  }

  @Test func `batches call and follow one another`() throws {
    var guest = try EngineGuest()
    // The first calls one at +0x100, which goes on at +0x200; then the first stores a number itself.
    let base = EngineGuest.batchAddress
    guest.store(
      Self.startBatch(base + 0x100, nested: true) + Self.storeData(1, at: Place.result) + [Self.batchEnd],
      at: Place.batch)
    guest.store(Self.startBatch(base + 0x200), at: Place.batch + 0x100)
    guest.store(Self.storeData(2, at: Place.result + 4) + [Self.batchEnd], at: Place.batch + 0x200)
    guest.prepare(Self.startBatch() + [0])
    _ = guest.submit()
    #expect(guest.load(Place.result) == 1 && guest.load(Place.result + 4) == 2)
    #expect(guest.events().last == [0x18, 7])
  }

  @Test func `registers are loaded and stored, and nothing begins by it`() throws {
    var guest = try EngineGuest()
    let time = MMIO.timestamp(.render)
    guest.prepare(
      [0x1100_0005, 0x7014, 0x0001_0001, UInt32(MMIO.domainReset), 1, UInt32(MMIO.submissionPort(.render)), 3]
        + [0x1240_0002, 0x7014, UInt32(Place.result), 0]
        + [0x1240_0002, UInt32(time), UInt32(Place.result + 4), 0])
    _ = guest.submit()
    #expect(guest.bench[0x7014] == 1)
    #expect(guest.load(Place.result) == 1)
    #expect(guest.load(Place.result + 4) == UInt32(truncatingIfNeeded: guest.bench.gpu.read(time)))
    #expect(guest.events() == [[1, 0], [0x18, 7]])
  }

  @Test func `a flush writes to the status page or where it says`() throws {
    var guest = try EngineGuest()
    guest.prepare(
      [0x1300_4003 | 1 << 21, 0x180, 0, 0x55, 0x66] + [0x1300_4102, UInt32(Place.result) | 4, 0, 0x77, 0])
    _ = guest.submit(.blitter)
    #expect(guest.load(Place.statusPage + 0x180) == 0x55)
    #expect(guest.load(Place.statusPage + 0x184) == 0x66)
    #expect(guest.load(Place.result) == 0x77)
    #expect(guest.bench[MMIO.interruptIdentity(.renderAndBlitter)] >> 16 == 0x110)
  }

  @Test func `a context that waits goes on when its semaphore is signalled`() throws {
    var guest = try EngineGuest()
    // Wait until memory is at least 5; then store.
    guest.prepare([0x0e40_1002, 5, UInt32(Place.result), 0] + Self.storeData(1, at: Place.result + 4))
    _ = guest.submit()
    #expect(guest.events() == [[1, 0]])
    let look = try #require(guest.bench.gpu.nextDeadline)
    #expect(guest.bench.advance(by: look - guest.bench.clock.now) == [])
    #expect(guest.load(Place.result + 4) == 0)
    guest.store([5], at: Place.result)
    guest.bench.write(MMIO.interruptIdentity(.renderAndBlitter), .max)
    #expect(guest.bench.advance(by: .milliseconds(10)) == [.interrupt])
    #expect(guest.load(Place.result + 4) == 1)
    #expect(guest.bench.gpu.nextDeadline == nil)
  }

  @Test func `a context that waits goes on in a restored vGPU`() throws {
    var guest = try EngineGuest()
    // In a batch, so that there is something to remember.
    guest.store(
      [0x0e40_1002, 5, UInt32(Place.result), 0] + Self.storeData(1, at: Place.result + 4) + [Self.batchEnd],
      at: Place.batch)
    guest.prepare(Self.startBatch() + [0])
    _ = guest.submit()
    var saved = Snapshot()
    guest.bench.gpu.state().store(in: &saved)
    let gpu = guest.bench.gpu
    let state = try VirtualGPU.State(Snapshot(saved.bytes), for: gpu.configuration)
    guest.bench.gpu = VirtualGPU(
      gpu.configuration, clock: guest.bench.clock, memory: gpu.memory, table: gpu.table, restoring: state)
    #expect(guest.bench.gpu.state() == state)
    guest.store([5], at: Place.result)
    _ = guest.bench.advance(by: 0)
    #expect(guest.load(Place.result + 4) == 1)
    #expect(guest.events() == [[1, 0], [0x18, 7]])
  }

  @Test func `a running context gets a longer ring, or has to make way`() throws {
    var guest = try EngineGuest()
    guest.prepare([0x0e40_1002, 5, UInt32(Place.result), 0])
    _ = guest.submit()
    _ = guest.submit()
    #expect(guest.events() == [[1, 0], [0x8002, 7]])
    guest.prepare(Self.storeData(1, at: Place.result + 4), context: Place.secondContext, ring: Place.secondRing)
    let port = MMIO.submissionPort(.render)
    for word in [0, 0, 9, UInt32(Place.secondContext) | 1] { guest.bench.write(port, word) }
    #expect(guest.events() == [[1, 0], [0x8002, 7], [2, 7], [0x18, 9]])
    #expect(guest.load(Place.result + 4) == 1)
  }

  @Test func `a reset frees an engine that waits`() throws {
    var guest = try EngineGuest()
    guest.prepare([0x0e40_1002, 5, UInt32(Place.result), 0])
    _ = guest.submit()
    guest.bench.write(MMIO.domainReset, Engine.render.resetBit)
    #expect(guest.bench.gpu.nextDeadline == nil)
  }

  @Test func `an endless loop takes a bounded time, and its engine can be reset`() throws {
    var guest = try EngineGuest()
    guest.store(Self.startBatch(), at: Place.batch)
    guest.prepare(Self.startBatch() + [0])
    _ = guest.submit()
    for _ in 0..<3 { _ = guest.bench.advance(by: .milliseconds(10)) }
    #expect(guest.events() == [[1, 0]])
    guest.bench.write(MMIO.domainReset, 1)
    #expect(guest.bench.gpu.nextDeadline == nil)
  }

  @Test func `memory that is not there reads as nothing and is counted`() throws {
    var guest = try EngineGuest()
    guest.bench.gpu.table[PageNumber(0x50)] = TranslationEntry(GuestAddress(1 << 34))
    guest.prepare(
      Self.storeData(1, at: 0x50_000) + Self.storeData(1, at: 0x4000_0000) + Self.startBatch(0x1000)
        + Self.storeData(2, at: Place.result))
    _ = guest.submit()
    #expect(guest.load(Place.result) == 2, "the rest of the ring is executed")
    #expect(guest.faults.counts == [.unmappedPage: 1, .absentEntry: 2])
    #expect(guest.events().last == [0x18, 7])
  }

  @Test func `pages of 2 MiB and 1 GiB are translated`() throws {
    var guest = try EngineGuest()
    let tables = Place.tables
    // 2 MiB at the batch's directory entry, 1 GiB at the next entry above it, both on guest address 0.
    let directory = tables + 0x2000 + 8 * Int(EngineGuest.batchAddress >> 21 & 511)
    guest.store([0x83, 0], at: directory + 8)
    let upper = tables + 0x1000 + 8 * Int(EngineGuest.batchAddress >> 30 & 511)
    guest.store([0x83, 0], at: upper + 8)
    let second = EngineGuest.batchAddress & ~0x1f_ffff + 0x20_0000 + UInt64(Place.result)
    let third = EngineGuest.batchAddress & ~0x3fff_ffff + 0x4000_0000 + UInt64(Place.result) + 4
    for (value, address) in [(UInt32(11), second), (22, third)] {
      guest.prepare([0x1000_0002, UInt32(truncatingIfNeeded: address), UInt32(address >> 32), value])
      _ = guest.submit()
    }
    #expect(guest.load(Place.result) == 11)
    #expect(guest.load(Place.result + 4) == 22)
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `a ring of nonsense harms nothing`(seed: UInt64) throws {
    var guest = try EngineGuest()
    var state = seed
    func word() -> UInt32 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      // A third are the commands that do something.
      let headers: [UInt32] = [
        0x1040_0002, 0x1100_0005, 0x1240_0002, 0x1300_4003, 0x1880_0101, 0x18c0_0101, 0x0e40_1002, 0x7a00_0004,
      ]
      let value = UInt32(truncatingIfNeeded: state >> 33)
      return value % 3 == 0 ? headers[Int(value / 3 % 8)] ^ value & 0x3f : value % 3 == 1 ? value & 0x3f_fffc : value
    }
    for _ in 0..<20 {
      guest.prepare((0..<1000).map { _ in word() })
      guest.store((0..<1024).map { _ in word() }, at: Place.batch)
      _ = guest.submit(Engine.allCases[Int(word() % 4)])
      _ = guest.bench.advance(by: .milliseconds(11))
    }
    guest.bench.write(MMIO.domainReset, 1)
    #expect(guest.bench.gpu.nextDeadline == nil)
  }
}
