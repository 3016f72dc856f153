// A whole vGPU as a snapshot and back.

extension VirtualGPU {
  /// All that must survive, decoded and checked. Guest memory is not in it: that is the VMM's to keep.
  package struct State: Equatable, Sendable {
    package let configuration: VirtualGPUConfiguration.State
    let registers: RegisterFile.State
    let table: TranslationTable.State
    let pipes: PipeUnit.States
    let interrupts: InterruptTree.State
    let power: PowerUnit.State
    let ports: PortUnit.State
    let engines: EngineUnit.State

    /// A vGPU whose vblanks until now have been passed.
    fileprivate init(of gpu: VirtualGPU) {
      let now = gpu.clock.now
      configuration = VirtualGPUConfiguration.State(gpu.configuration)
      registers = RegisterFile.State(words: gpu.registers.words)
      table = TranslationTable.State(entries: gpu.table.allEntries())
      pipes = PipeUnit.States(gpu.pipes.map { PipeUnit.State($0, at: now) })
      interrupts = InterruptTree.State(gpu.interrupts)
      power = PowerUnit.State(gpu.power)
      ports = PortUnit.State(gpu.ports)
      engines = EngineUnit.State(gpu.engines, at: now)
    }

    /// The state in a snapshot that was made of such a vGPU.
    package init(_ snapshot: Snapshot, for configuration: VirtualGPUConfiguration) throws(SnapshotFailure) {
      self.configuration = try snapshot.load()
      let wanted = VirtualGPUConfiguration.State(configuration)
      guard self.configuration == wanted else {
        throw .otherDevice(found: self.configuration.description, wanted: wanted.description)
      }
      registers = try snapshot.load()
      table = try snapshot.load()
      pipes = try snapshot.load()
      interrupts = try snapshot.load()
      power = try snapshot.load()
      ports = try snapshot.load()
      engines = try snapshot.load()
    }

    /// Adds the sections to a snapshot.
    package func store(in snapshot: inout Snapshot) {
      snapshot.store(configuration)
      snapshot.store(registers)
      snapshot.store(table)
      snapshot.store(pipes)
      snapshot.store(interrupts)
      snapshot.store(power)
      snapshot.store(ports)
      snapshot.store(engines)
    }
  }

  /// What this vGPU is now. The vGPU itself does not change, but its guest should stand still meanwhile.
  package func state() -> State {
    var current = self
    current.passVblanks()
    return State(of: current)
  }
}
