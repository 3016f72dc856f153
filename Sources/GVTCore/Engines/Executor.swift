// Walks a context's ring and batches, and does what others can see: writes to memory, registers and interrupts.

/// How far a context was executed: its ring, and the batches it is in.
struct Progress: Equatable, Sendable {
  struct Batch: Equatable, Sendable {
    var address: UInt64
    let space: AddressSpace
  }

  /// In bytes from the start of the ring.
  var head: Int
  /// The first is called from the ring, the second from the first.
  var batches: [Batch] = []
  static let mostBatches = 2
}

/// One stretch of executing a context.
struct Executor {
  enum Outcome {
    case done
    /// A semaphore is not signalled, memory is missing, or the budget is spent: to be tried again.
    case paused
  }

  let engine: Engine
  let image: ContextImage
  let memory: EngineMemory
  let timestamp: Int64
  /// Commands that may still be executed. A guest can write an endless loop.
  var budget: Int
  var progress: Progress
  /// Of the engine, as in its half of a bank.
  private(set) var interrupts: UInt32 = 0
  private var cache: (page: UInt64, space: AddressSpace, words: [UInt32])?

  static let userInterrupt: UInt32 = 1 << 0
  static let flushNotify: UInt32 = 1 << 4

  init(
    _ engine: Engine, _ image: ContextImage, memory: EngineMemory, timestamp: Int64, budget: Int, progress: Progress
  ) {
    self.engine = engine
    self.image = image
    self.memory = memory
    self.timestamp = timestamp
    self.budget = budget
    self.progress = progress
    self.progress.head %= image.byteCount
  }

  mutating func run(in registers: inout RegisterFile) -> Outcome {
    while true {
      if progress.batches.isEmpty, progress.head == image.tail { return .done }
      guard budget > 0 else { return .paused }
      budget -= 1
      guard let header = word(0) else {
        // A batch that is not there is over.
        guard progress.batches.popLast() != nil else { return .paused }
        continue
      }
      let command = Command(header, on: engine)
      switch command.operation {
      case .batchEnd:
        if progress.batches.popLast() == nil { advance(by: 1) }
      case .batchStart: startBatch(command)
      case .semaphoreWait:
        guard isSignalled(command) else { return .paused }
        advance(by: command.length)
      default:
        perform(command, in: &registers)
        advance(by: command.length)
      }
    }
  }

  // MARK: - Where commands come from

  /// A word of the command that is next; nil where there is no memory.
  private mutating func word(_ index: Int) -> UInt32? {
    if let batch = progress.batches.last { return word(at: batch.address &+ UInt64(4 * index), in: batch.space) }
    return word(at: image.start + UInt64((progress.head + 4 * index) % image.byteCount), in: .global)
  }

  /// A word of the command as an argument: zero where there is no memory.
  private mutating func argument(_ index: Int) -> UInt32 { word(index) ?? 0 }

  private mutating func address(_ index: Int) -> UInt64 {
    UInt64(argument(index)) | UInt64(argument(index + 1) & 0xffff) << 32
  }

  private mutating func word(at address: UInt64, in space: AddressSpace) -> UInt32? {
    let page = address & ~0xfff
    if cache?.page != page || cache?.space != space {
      cache = memory.page(at: page, in: space).map { (page, space, $0) }
    }
    return cache?.words[Int(address & 0xfff) / 4]
  }

  private mutating func advance(by words: Int) {
    guard progress.batches.isEmpty else {
      progress.batches[progress.batches.count - 1].address &+= UInt64(4 * words)
      return
    }
    // Never past the tail, however long a command says it is.
    let left = (image.tail - progress.head + image.byteCount) % image.byteCount
    progress.head = (progress.head + min(4 * words, left)) % image.byteCount
  }

  private mutating func startBatch(_ command: Command) {
    let address = address(1) & ~3
    let space: AddressSpace = command.header >> 8 & 1 == 1 ? .perProcess(root: image.root) : .global
    let batch = Progress.Batch(address: address, space: space)
    let returns = progress.batches.isEmpty || command.isGlobal && progress.batches.count < Progress.mostBatches
    // Bit 22 is another thing here: a batch that returns to its caller. Without it a batch goes on elsewhere.
    if returns { advance(by: command.length) } else { progress.batches.removeLast() }
    progress.batches.append(batch)
  }

  // MARK: - What commands do

  private func space(_ command: Command) -> AddressSpace {
    command.isGlobal ? .global : .perProcess(root: image.root)
  }

  private mutating func perform(_ command: Command, in registers: inout RegisterFile) {
    switch command.operation {
    case .userInterrupt: interrupts |= Self.userInterrupt
    case .storeData:
      let words = (3..<max(3, command.length)).map { argument($0) }
      memory.store(words, at: address(1), in: space(command))
    case .storeDataIndex:
      let words = (2..<max(2, command.length)).map { argument($0) }
      memory.store(words, at: statusPage(argument(1), in: registers), in: .global)
    case .loadRegisterImmediate:
      for index in stride(from: 1, to: command.length - 1, by: 2) {
        Self.store(argument(index + 1), at: Int(argument(index) & 0x7f_fffc), in: &registers)
      }
    case .loadRegister:
      let value = memory.load(address(2), in: space(command)) ?? 0
      Self.store(value, at: Int(argument(1) & 0x7f_fffc), in: &registers)
    case .storeRegister:
      let value = load(Int(argument(1) & 0x7f_fffc), from: registers)
      memory.store([value], at: address(2), in: space(command))
    case .flush: flush(command, in: registers)
    case .pipeControl: pipeControl(in: registers)
    case .skip, .batchEnd, .batchStart, .semaphoreWait: break
    }
  }

  /// Commands reach registers that only hold bits: none of those in which something begins.
  private static func store(_ value: UInt32, at offset: Int, in registers: inout RegisterFile) {
    guard offset < RegisterFile.byteCount else { return }
    if let rule = registers.rule(at: offset), rule.role != .storage { return }
    registers.store(value, lanes: .max, at: offset)
  }

  private func load(_ offset: Int, from registers: RegisterFile) -> UInt32 {
    switch offset {
    case MMIO.timestamp(engine): UInt32(truncatingIfNeeded: timestamp)
    case MMIO.timestamp(engine) + 4: UInt32(truncatingIfNeeded: timestamp >> 32)
    default: offset < RegisterFile.byteCount ? registers[offset] : 0
    }
  }

  private func statusPage(_ offset: UInt32, in registers: RegisterFile) -> UInt64 {
    UInt64(registers[MMIO.statusPage(engine)] & 0xffff_f000) + UInt64(offset & 0xff8)
  }

  /// MI_FLUSH_DW: bits 15:14 say what is written, bit 21 that it goes to the status page, bit 8 that it interrupts.
  private mutating func flush(_ command: Command, in registers: RegisterFile) {
    if command.header >> 8 & 1 == 1 { interrupts |= Self.flushNotify }
    let low = argument(1)
    let isIndex = command.header >> 21 & 1 == 1
    let space: AddressSpace = isIndex || low >> 2 & 1 == 1 ? .global : .perProcess(root: image.root)
    let address = isIndex ? statusPage(low, in: registers) : address(1) & ~7
    switch command.header >> 14 & 3 {
    case 1: memory.store((3..<max(3, command.length)).map { argument($0) }, at: address, in: space)
    case 3: store(timestamp, at: address, in: space)
    default: break
    }
  }

  /// PIPE_CONTROL: its second word has the flags that MI_FLUSH_DW has in its first.
  private mutating func pipeControl(in registers: RegisterFile) {
    let flags = argument(1)
    if flags >> 8 & 1 == 1 { interrupts |= Self.flushNotify }
    let isIndex = flags >> 21 & 1 == 1
    let space: AddressSpace = isIndex || flags >> 24 & 1 == 1 ? .global : .perProcess(root: image.root)
    let address = isIndex ? statusPage(argument(2), in: registers) : address(2) & ~7
    switch flags >> 14 & 3 {
    case 1: memory.store([argument(4), argument(5)], at: address, in: space)
    // A count of pixels that passed a test: none did.
    case 2: store(0, at: address, in: space)
    case 3: store(timestamp, at: address, in: space)
    default: break
    }
  }

  private func store(_ value: Int64, at address: UInt64, in space: AddressSpace) {
    memory.store(
      [UInt32(truncatingIfNeeded: value), UInt32(truncatingIfNeeded: value >> 32)], at: address, in: space)
  }

  /// MI_SEMAPHORE_WAIT: compares memory with a number. One in memory that is not there cannot be waited for.
  private mutating func isSignalled(_ command: Command) -> Bool {
    let wanted = argument(1)
    guard let value = memory.load(address(2), in: space(command)) else { return true }
    switch command.header >> 12 & 7 {
    case 0: return value > wanted
    case 1: return value >= wanted
    case 2: return value < wanted
    case 3: return value <= wanted
    case 4: return value == wanted
    case 5: return value != wanted
    default: return true
    }
  }
}
