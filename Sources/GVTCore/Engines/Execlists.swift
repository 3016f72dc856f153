// An engine's submission port: contexts that are to be executed, and the events that tell what became of them
// (i915 `intel_execlists_submission.c`).

/// The contexts of one engine.
struct Execlists: Equatable, Sendable {
  /// Of the context status buffer (i915 `GEN8_CTX_STATUS_*`).
  private enum Event {
    static let idleToActive: UInt32 = 1 << 0
    static let preempted: UInt32 = 1 << 1
    static let elementSwitch: UInt32 = 1 << 2
    static let activeToIdle: UInt32 = 1 << 3
    static let complete: UInt32 = 1 << 4
    static let liteRestore: UInt32 = 1 << 15
  }

  /// Entries of the context status buffer, of which the last one was written when nothing was.
  private static let eventCount = 6
  private static let contextSwitch: UInt32 = 1 << 8
  /// In the status page, bytes: I915_HWS_CSB_BUF0_INDEX and I915_HWS_CSB_WRITE_INDEX.
  private static let eventBuffer: UInt64 = 0x40
  private static let eventPointer: UInt64 = 0x7c

  let engine: Engine
  /// What was written of a submission, which takes four words.
  var words: [UInt32] = []
  /// At most two, the first of which runs.
  var contexts: [ContextDescriptor] = []
  /// How far the first one has come; nil if it has not begun.
  var progress: Progress?
  /// The entry of the context status buffer that was written last.
  var lastEvent = eventCount - 1

  init(_ engine: Engine) { self.engine = engine }

  /// Whether a context waits for something that it must look for again.
  var isPaused: Bool { !contexts.isEmpty }

  /// Where events go on, as the driver says.
  mutating func setPointer(_ value: UInt32) { lastEvent = Int(value & 7) % Self.eventCount }

  /// A word for the port: contexts 1 and 0, the upper half of each first.
  mutating func submit(_ word: UInt32, _ run: inout EngineRun, in registers: inout RegisterFile) {
    words.append(word)
    guard words.count == 4 else { return }
    let submitted = [
      ContextDescriptor(low: words[3], high: words[2]), ContextDescriptor(low: words[1], high: words[0]),
    ].filter(\.isValid)
    words = []
    if let running = contexts.first {
      let isSame = submitted.first?.identity == running.identity
      tell(Event.preempted | (isSame ? Event.liteRestore : 0), running, &run, in: &registers)
      if !isSame { save(running, run) }
    } else if !submitted.isEmpty {
      tell(Event.idleToActive, nil, &run, in: &registers)
    }
    contexts = submitted
    resume(&run, in: &registers)
  }

  /// Executes contexts until one has to wait.
  mutating func resume(_ run: inout EngineRun, in registers: inout RegisterFile) {
    while let context = contexts.first {
      guard let image = ContextImage(of: context, in: run.memory) else { return }
      var executor = Executor(
        engine, image, memory: run.memory, timestamp: run.timestamp, budget: run.budget,
        progress: progress ?? Progress(head: image.head))
      let outcome = executor.run(in: &registers)
      run.budget = executor.budget
      run.raise(executor.interrupts, of: engine, in: registers)
      show(executor, in: &registers)
      progress = executor.progress
      guard case .done = outcome else { return }
      save(context, run)
      contexts.removeFirst()
      let next = contexts.isEmpty ? Event.activeToIdle : Event.elementSwitch
      tell(Event.complete | next, context, &run, in: &registers)
    }
  }

  /// Notes the ring's head in the context; the next one begins with its own.
  private mutating func save(_ context: ContextDescriptor, _ run: EngineRun) {
    if let progress { ContextImage.save(head: progress.head, of: context, in: run.memory) }
    progress = nil
  }

  /// The ring's registers, which show an idle engine where head and tail are the same.
  private func show(_ executor: Executor, in registers: inout RegisterFile) {
    registers[MMIO.ringTail(engine)] = UInt32(executor.image.tail)
    registers[MMIO.ringHead(engine)] = UInt32(executor.progress.head)
    registers[MMIO.ringStart(engine)] = UInt32(truncatingIfNeeded: executor.image.start)
  }

  private mutating func tell(
    _ event: UInt32, _ context: ContextDescriptor?, _ run: inout EngineRun, in registers: inout RegisterFile
  ) {
    lastEvent = (lastEvent + 1) % Self.eventCount
    let page = UInt64(registers[MMIO.statusPage(engine)] & 0xffff_f000)
    let entry = page + Self.eventBuffer + UInt64(8 * lastEvent)
    run.memory.store([event, context?.identity ?? 0], at: entry, in: .global)
    run.memory.store([UInt32(lastEvent)], at: page + Self.eventPointer, in: .global)
    registers[MMIO.statusPointer(engine)] = registers[MMIO.statusPointer(engine)] & ~7 | UInt32(lastEvent)
    run.raise(Self.contextSwitch, of: engine, in: registers)
  }
}

/// What engines need from outside while they run, and what comes of it.
struct EngineRun {
  let memory: EngineMemory
  let timestamp: Int64
  /// Commands that may still be executed.
  var budget: Int
  private(set) var events: [InterruptEvent] = []

  init(memory: EngineMemory, timestamp: Int64, budget: Int) {
    self.memory = memory
    self.timestamp = timestamp
    self.budget = budget
  }

  /// Interrupts of an engine, unless its own mask holds them back.
  mutating func raise(_ bits: UInt32, of engine: Engine, in registers: RegisterFile) {
    let unmasked = bits & ~registers[MMIO.engineInterruptMask(engine)]
    guard unmasked != 0 else { return }
    events.append(engine.interrupt(unmasked))
  }
}
