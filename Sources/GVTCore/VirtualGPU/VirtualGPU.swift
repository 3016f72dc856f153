// The vGPU: joins registers, graphics memory, pipes and interrupts. The parts do not know it.

/// A vGPU as the guest's driver sees it through BAR 0. Not locked: its owner is ``VirtualGPUDevice`` or a test.
package struct VirtualGPU: Sendable {
  /// What a write or the passage of time did, for the world outside.
  package enum Effect: Hashable, Sendable {
    /// A plane's surface or shape changed: its pixels are others now.
    case planeChanged(Pipe)
    /// The cursor's image, shape or position changed.
    case cursorChanged(Pipe)
    /// The pipe went on or off, or its size or palette changed.
    case pipeChanged(Pipe)
    /// The interrupt line rose: send the guest one interrupt.
    case interrupt
  }

  package let configuration: VirtualGPUConfiguration
  package let table: TranslationTable
  package var memory: GuestMemory
  private let access: GuestMemoryAccess
  let clock: any Clock
  private(set) var registers: RegisterFile
  private(set) var interrupts: InterruptTree
  private var isLineUp = false
  private(set) var pipes: [PipeUnit]
  private(set) var power: PowerUnit
  private(set) var ports: PortUnit
  private(set) var engines: EngineUnit

  /// A vGPU that has just been powered on, or one that goes on where another one was. What was pending then interrupts
  /// again at the next ``advance()``: nobody knows whether that interrupt has arrived. `access` is how the engines reach
  /// the guest's memory.
  package init(
    _ configuration: VirtualGPUConfiguration, clock: any Clock, memory: GuestMemory, table: TranslationTable,
    access: GuestMemoryAccess = GuestMemoryAccess(), restoring state: State? = nil
  ) {
    self.configuration = configuration
    self.clock = clock
    self.memory = memory
    self.table = table
    self.access = access
    let now = clock.now
    ports = PortUnit(monitor: configuration.monitor, restoring: state?.ports)
    engines = EngineUnit(
      configuration.engines, timestampKilohertz: configuration.platform.timestampKilohertz, restoring: state?.engines,
      at: now)
    registers = RegisterFile(
      RegisterRule.display(configuration.platform.planes) + RegisterRule.interrupts
        + RegisterRule.pvInfo(of: configuration.type) + configuration.platform.rules, restoring: state?.registers)
    interrupts = InterruptTree(restoring: state?.interrupts)
    pipes = Pipe.allCases.map { PipeUnit($0, restoring: state?.pipes.pipes[$0.rawValue], at: now) }
    power = PowerUnit(restoring: state?.power)
    if let state { table.fill(with: state.table.entries) }
    interrupts.show(ports.hotPlugLevels, in: .south)
  }

  /// Back to power-on, as a device reset does. The guest's memory stays where it is.
  package mutating func reset() -> [Effect] {
    registers.reset()
    // The monitor stays as it is: it is not a part of the device.
    ports = PortUnit(monitor: ports.monitor)
    interrupts = InterruptTree()
    interrupts.show(ports.hotPlugLevels, in: .south)
    isLineUp = false
    pipes = Pipe.allCases.map { PipeUnit($0, at: clock.now) }
    power = PowerUnit()
    engines = EngineUnit(
      configuration.engines, timestampKilohertz: configuration.platform.timestampKilohertz, at: clock.now)
    table.clear()
    return Pipe.allCases.map(Effect.pipeChanged)
  }

  // MARK: - The guest's accesses

  /// What a read of BAR 0 gives. Call ``advance()`` first for interrupts to be up to date, and ``didRead(_:_:)``
  /// afterwards if it is the guest that reads.
  package func read(_ offset: Int, _ width: AccessWidth = .dword) -> UInt64 {
    guard MMIO.contains(offset, width) else { return 0 }
    return WordAccess.words(at: offset, width).reduce(0) { $0 | $1.contribution(word(at: $1.offset)) }
  }

  /// A write to BAR 0. Whatever it says, the worst that happens is a black screen.
  package mutating func write(_ offset: Int, _ value: UInt64, _ width: AccessWidth = .dword) -> [Effect] {
    guard MMIO.contains(offset, width) else { return [] }
    // Vblanks that are due happened before this write, so they are judged by the old mask.
    var effects = advance()
    for access in WordAccess.words(at: offset, width) {
      effects += write(access.part(of: value), lanes: access.lanes, at: access.offset)
    }
    return effects
  }

  /// The monitor on the port; nil if there is none.
  package var monitor: Monitor? { ports.monitor }

  /// After the guest has read something: reading some registers moves them on.
  package mutating func didRead(_ offset: Int, _ width: AccessWidth = .dword) {
    guard MMIO.contains(offset, width), offset + width.rawValue <= RegisterFile.byteCount else { return }
    for access in WordAccess.words(at: offset, width) {
      if case .port(let register) = registers.rule(at: access.offset)?.role { ports.didRead(register) }
    }
  }

  /// Puts another monitor on the port, or with nil none: the guest is told by a hot-plug interrupt.
  package mutating func replaceMonitor(_ monitor: Monitor?) -> [Effect] {
    latch(ports.replace(monitor, in: &registers))
    interrupts.show(ports.hotPlugLevels, in: .south)
    return settleLine()
  }

  // MARK: - Time

  /// Brings interrupts up to the clock's now, and lets engines go on that wait.
  package mutating func advance() -> [Effect] {
    passVblanks()
    latch(engines.advance(to: clock.now, in: &registers, memory: engineMemory))
    return settleLine()
  }

  /// Latches the vblanks until now, and touches nothing outside of the device.
  mutating func passVblanks() {
    let now = clock.now
    for index in pipes.indices {
      let events = pipes[index].passVblanks(until: now)
      if !events.isEmpty { interrupts.latch(events.rawValue, in: .pipe(pipes[index].pipe)) }
    }
  }

  /// When ``advance()`` must be called for an interrupt to be in time; nil while the guest waits for none.
  package var nextDeadline: Instant? {
    let vblanks = pipes.compactMap { pipe in
      interrupts.unmasked(in: .pipe(pipe.pipe)) & pipe.nextEvents.rawValue == 0 ? nil : pipe.nextVblank
    }
    return (vblanks + [engines.nextLook].compactMap(\.self)).min()
  }

  /// Whether the interrupt line is up.
  package var isInterruptPending: Bool { interrupts.isPending }

  // MARK: - The picture

  /// What a pipe shows.
  package func scanOut(of pipe: Pipe) -> ScanOut {
    ScanOut(of: pipes[pipe.rawValue], in: registers, arrangement: configuration.platform.planes)
  }

  /// Where the pages of a picture are, in order; nil for one that the guest did not map.
  package func pages(of picture: PlaneDescription) -> [PageLocation?] {
    table.translate(picture.pages, through: memory)
  }

  // MARK: - Words

  private func word(at offset: Int) -> UInt32 {
    if offset >= MMIO.translationTable { return table[wordAt: offset - MMIO.translationTable] }
    guard offset < RegisterFile.byteCount else { return 0 }
    switch registers.rule(at: offset)?.role {
    case .scanLine(let pipe): return UInt32(truncatingIfNeeded: pipes[pipe.rawValue].scanLine(at: clock.now))
    case .frameCounter(let pipe): return UInt32(truncatingIfNeeded: pipes[pipe.rawValue].frameCount(at: clock.now))
    case .interrupt(let register): return interrupts[register]
    case .power(let register): return power.read(register, in: registers) ?? registers[offset]
    case .port(let register): return ports.read(register, at: offset, in: registers) ?? registers[offset]
    case .engine(let register): return engines.read(register, at: clock.now) ?? registers[offset]
    default: return registers[offset]
    }
  }

  private mutating func write(_ value: UInt32, lanes: UInt32, at offset: Int) -> [Effect] {
    if offset >= MMIO.translationTable {
      let place = offset - MMIO.translationTable
      table[wordAt: place] = table[wordAt: place] & ~lanes | value & lanes
      return []
    }
    guard offset < RegisterFile.byteCount else { return [] }
    guard let rule = registers.rule(at: offset) else {
      registers.store(value, lanes: lanes, at: offset)
      return []
    }
    if case .interrupt(let register) = rule.role {
      interrupts[register] = rule.stored(value, lanes: lanes, over: interrupts[register])
      return settleLine()
    }
    let whole = registers[offset] & ~lanes | value & lanes
    registers.store(value, lanes: lanes, at: offset)
    switch rule.role {
    case .power(let register): latch(power.write(whole, to: register, at: offset, in: &registers))
    case .port(let register): latch(ports.write(whole, to: register, at: offset, in: &registers))
    case .engine(let register):
      latch(
        engines.write(whole, to: register, at: offset, in: &registers, memory: engineMemory, now: clock.now))
    default: return act(on: rule.role)
    }
    return settleLine()
  }

  private var engineMemory: EngineMemory { EngineMemory(table: table, guest: memory, access: access) }

  private mutating func latch(_ events: [InterruptEvent]) {
    for event in events { interrupts.latch(event.bits, in: event.bank) }
  }

  /// What a write does besides being stored.
  private mutating func act(on role: RegisterRole) -> [Effect] {
    switch role {
    case .pipeConfiguration(let pipe):
      let offset = MMIO.pipeConfiguration(pipe)
      // The state bit follows the enable bit at once.
      registers[offset] = registers[offset] & ~(1 << 30) | (registers[offset] & 1 << 31) >> 1
      retime(pipe)
      return [.pipeChanged(pipe)]
    case .pipeSource(let pipe):
      retime(pipe)
      return [.pipeChanged(pipe)]
    case .timing(let pipe):
      retime(pipe)
      return []
    case .palette(let pipe): return [.pipeChanged(pipe)]
    case .planeSurface(let pipe, let plane): return arm(pipe, plane)
    case .cursorBase(let pipe):
      pipes[pipe.rawValue].arm(cursor: CursorRegisters(of: pipe, in: registers))
      return [.cursorChanged(pipe)]
    case .storage, .scanLine, .frameCounter, .interrupt, .power, .port, .engine: return []
    }
  }

  private mutating func arm(_ pipe: Pipe, _ plane: Int) -> [Effect] {
    pipes[pipe.rawValue].arm(
      plane: plane, PlaneRegisters(of: pipe, plane: plane, in: registers),
      flip: configuration.platform.planes.flipDone(plane: plane))
    registers[MMIO.planeSurfaceLive(pipe, plane)] = registers[MMIO.planeSurface(pipe, plane)]
    // The counter is of the primary plane's flips.
    if plane == 1 { registers[MMIO.flipCounter(pipe)] &+= 1 }
    return [.planeChanged(pipe)]
  }

  private mutating func retime(_ pipe: Pipe) {
    let isOn = registers[MMIO.pipeConfiguration(pipe)] >> 31 == 1
    let timings = isOn ? DisplayTimings(of: pipe, in: registers, clocks: configuration.platform.clocks) : nil
    pipes[pipe.rawValue].retime(timings, at: clock.now)
  }

  /// One interrupt for each time that the line rises; a handler that leaves something pending gets another one when it
  /// enables the master again.
  private mutating func settleLine() -> [Effect] {
    let wasUp = isLineUp
    isLineUp = interrupts.isPending
    return isLineUp && !wasUp ? [.interrupt] : []
  }
}
