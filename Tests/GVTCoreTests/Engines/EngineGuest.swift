// A guest with a context, a ring and page tables: as much of a driver as an engine needs.
import GVTCore
import VGPUTesting

/// Guest memory of 4 MiB at address 0, which the GGTT maps at the same addresses.
struct EngineGuest {
  /// Where things are, in guest memory and in global graphics memory.
  enum Place {
    static let statusPage = 0x1000
    static let context = 0x2000
    static let secondContext = 0x4000
    static let ring = 0x8000
    static let secondRing = 0xa000
    static let tables = 0x10_000
    static let batch = 0x20_000
    static let result = 0x30_000
  }

  /// Where a context's page tables map ``Place/batch`` and ``Place/result``, in this order.
  static let batchAddress: UInt64 = 0x7f12_3456_7000
  static let resultAddress = batchAddress + 0x1000

  let ram: GuestRAM
  let faults = MemoryFaultCounter()
  var bench: Bench

  init(platform: Platform = .skylake, engines: EngineBehaviour = .complete) throws {
    ram = try GuestRAM(byteCount: 4 << 20)
    bench = try Bench(
      memory: GuestMemory([ram.region].compactMap(\.self)), platform: platform, engines: engines,
      access: GuestMemoryAccess(faults: faults))
    for page in 0..<1024 {
      bench.gpu.table[PageNumber(page)] = TranslationEntry(GuestAddress(UInt64(page * 4096)))
    }
    for engine in Engine.allCases { bench.write(MMIO.statusPage(engine), UInt32(Place.statusPage)) }
    mapTables()
    unmaskEngines()
  }

  /// Writes words to the guest's memory.
  func store(_ words: [UInt32], at address: Int) {
    words.withUnsafeSpan { ram.store($0, at: GuestAddress(UInt64(address))) }
  }

  func load(_ address: Int) -> UInt32 { ram.load(at: GuestAddress(UInt64(address))) }

  /// A four-level walk to two pages.
  private func mapTables() {
    let tables = (0..<4).map { Place.tables + $0 * 0x1000 }
    for (level, shift) in [39, 30, 21].enumerated() {
      let index = Int(Self.batchAddress >> UInt64(shift) & 511)
      store([UInt32(tables[level + 1] | 3), 0], at: tables[level] + 8 * index)
    }
    let first = tables[3] + 8 * Int(Self.batchAddress >> 12 & 511)
    store([UInt32(Place.batch | 3), 0, UInt32(Place.result | 3), 0], at: first)
  }

  private mutating func unmaskEngines() {
    for bank in [InterruptBank.renderAndBlitter, .video, .videoEnhancement] {
      bench.write(MMIO.interruptMask(bank), 0)
      bench.write(MMIO.interruptEnable(bank), .max)
    }
    bench.write(MMIO.interruptMaster, 1 << 31)
  }

  /// Makes a context whose ring holds `commands`.
  func prepare(_ commands: [UInt32], context: Int = Place.context, ring: Int = Place.ring, head: Int = 0) {
    store([UInt32](repeating: 0, count: 64), at: context + 4096)
    store([UInt32(head)], at: context + 4096 + 4 * 0x05)
    store([UInt32(head + 4 * commands.count)], at: context + 4096 + 4 * 0x07)
    store([UInt32(ring)], at: context + 4096 + 4 * 0x09)
    store([1], at: context + 4096 + 4 * 0x0b)
    store([UInt32(Place.tables)], at: context + 4096 + 4 * 0x33)
    store(commands, at: ring + head)
  }

  /// Submits one or two contexts. The identities are 7 and 9.
  mutating func submit(_ engine: Engine = .render, second: Bool = false) -> [VirtualGPU.Effect] {
    let port = MMIO.submissionPort(engine)
    var effects = bench.write(port, second ? 9 : 0)
    effects += bench.write(port, second ? UInt32(Place.secondContext) | 1 : 0)
    effects += bench.write(port, 7)
    effects += bench.write(port, UInt32(Place.context) | 1)
    return effects
  }

  /// The events of the context status buffer, oldest first, as pairs of status and context.
  func events() -> [[UInt32]] {
    let last = Int(load(Place.statusPage + 0x7c))
    return (0...last).map { entry in (0..<2).map { load(Place.statusPage + 0x40 + 8 * entry + 4 * $0) } }
  }
}

extension Array {
  /// Lends the elements as a span.
  fileprivate func withUnsafeSpan<Result>(_ body: (Span<Element>) -> Result) -> Result { body(span) }
}
