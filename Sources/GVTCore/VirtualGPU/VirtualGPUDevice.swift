// The vGPU as several threads use it: the one lock, and a wait for interrupts.
import Synchronization

/// A vGPU that the guest's thread drives while the display thread looks at its planes.
package final class VirtualGPUDevice: Sendable {
  package typealias Effect = VirtualGPU.Effect

  package let configuration: VirtualGPUConfiguration
  /// The GGTT, which needs no lock.
  package let table: TranslationTable
  private let gpu: Locked<VirtualGPU>
  private let access: GuestMemoryAccess
  private let clock: any Clock
  private let onEffect: @Sendable (Effect) -> Void
  private let alarm: WakeUp
  private let isWoken = Atomic(false)

  /// `onEffect` is called on whichever thread caused the effect, never with the lock held.
  package init(
    _ configuration: VirtualGPUConfiguration, clock: any Clock = MonotonicClock(), memory: GuestMemory,
    table: TranslationTable, access: GuestMemoryAccess = GuestMemoryAccess(),
    onEffect: @escaping @Sendable (Effect) -> Void = { _ in }
  ) throws(SystemFailure) {
    alarm = try WakeUp()
    gpu = Locked(VirtualGPU(configuration, clock: clock, memory: memory, table: table, access: access))
    self.access = access
    self.configuration = configuration
    self.table = table
    self.clock = clock
    self.onEffect = onEffect
  }

  /// How its planes are programmed.
  package var planes: PlaneArrangement { configuration.platform.planes }

  /// The guest reads BAR 0.
  package func read(_ offset: Int, _ width: AccessWidth = .dword) -> UInt64 {
    perform { gpu in
      let effects = gpu.advance()
      defer { gpu.didRead(offset, width) }
      return (effects, gpu.read(offset, width))
    }
  }

  /// The guest writes BAR 0.
  package func write(_ offset: Int, _ value: UInt64, _ width: AccessWidth = .dword) {
    perform { gpu in (gpu.write(offset, value, width), ()) }
  }

  /// The guest reads or writes a 32-bit register.
  package subscript(offset: Int) -> UInt32 {
    get { UInt32(truncatingIfNeeded: read(offset)) }
    set { write(offset, UInt64(newValue)) }
  }

  /// Power-on state again.
  package func reset() {
    perform { gpu in (gpu.reset(), ()) }
  }

  /// What the vGPU is now. Its guest should stand still meanwhile.
  package func state() -> VirtualGPU.State { gpu.withLock { $0.state() } }

  /// Goes on where another vGPU was, with this one's guest memory.
  package func restore(_ state: VirtualGPU.State) {
    perform { gpu in
      gpu = VirtualGPU(
        gpu.configuration, clock: clock, memory: gpu.memory, table: table, access: access, restoring: state)
      return (Pipe.allCases.map(Effect.pipeChanged) + gpu.advance(), ())
    }
  }

  /// The monitor on the port; nil if there is none.
  package var monitor: Monitor? { gpu.withLock { $0.monitor } }

  /// Puts another monitor on the port, or with nil none: the guest is told by a hot-plug interrupt.
  package func replaceMonitor(_ monitor: Monitor?) {
    perform { gpu in (gpu.replaceMonitor(monitor), ()) }
  }

  /// What a pipe shows now.
  package func scanOut(of pipe: Pipe) -> ScanOut { gpu.withLock { $0.scanOut(of: pipe) } }

  /// Where a picture's pages are, in order; nil for one that the guest did not map.
  package func pages(of picture: PlaneDescription) -> [PageLocation?] {
    let memory = gpu.withLock { $0.memory }
    return table.translate(picture.pages, through: memory)
  }

  /// Changes the guest's memory map.
  package func changeMemory(_ change: (inout GuestMemory) -> Void) {
    gpu.withLock { change(&$0.memory) }
  }

  /// The guest's memory map as it is now.
  package var memory: GuestMemory { gpu.withLock { $0.memory } }

  /// Whether the interrupt line is up.
  package var isInterruptPending: Bool { gpu.withLock { $0.isInterruptPending } }

  /// When ``advance()`` must be called next, for an owner with a timer of its own.
  package var nextDeadline: Instant? { gpu.withLock { $0.nextDeadline } }

  /// Raises the interrupts that are due.
  package func advance() {
    perform { gpu in (gpu.advance(), ()) }
  }

  /// For a guest in this process: sleeps until an interrupt is pending (true), or until `limit` or ``wake()`` (false).
  /// Like the hardware's line, it stays pending until the guest clears its cause.
  package func waitForInterrupt(until limit: Instant? = nil) -> Bool {
    while true {
      alarm.acknowledge()
      let (isPending, deadline) = perform { gpu in
        let effects = gpu.advance()
        return (effects, (gpu.isInterruptPending, gpu.nextDeadline))
      }
      if isPending { return true }
      if isWoken.exchange(false, ordering: .acquiringAndReleasing) { return false }
      let now = clock.now
      if let limit, limit <= now { return false }
      let end = [limit, deadline].compactMap { $0 }.min()
      alarm.wait(atMost: end.map { max(0, $0 - now) })
    }
  }

  /// Ends a wait, or the next one if nobody waits now. Any thread.
  package func wake() {
    isWoken.store(true, ordering: .releasing)
    alarm.signal()
  }

  @discardableResult
  private func perform<Result: Sendable>(_ body: (inout VirtualGPU) -> ([Effect], Result)) -> Result {
    let (effects, result, isEarlier) = gpu.withLock { gpu in
      let before = gpu.nextDeadline
      let (effects, result) = body(&gpu)
      let after = gpu.nextDeadline
      return (effects, result, after.map { after in before.map { after < $0 } ?? true } ?? false)
    }
    // Somebody may be asleep until a later deadline, or until none.
    if isEarlier || effects.contains(.interrupt) { alarm.signal() }
    for effect in effects { onEffect(effect) }
    return result
  }
}
