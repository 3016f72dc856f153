// A vGPU as a PCI device: configuration space, registers, GGTT, aperture and interrupts, by vfio's regions.
import Synchronization

/// All of a vGPU that a VMM attaches to a guest. Any thread.
package final class PCIFunction: Sendable {
  /// How a vGPU's whole state is taken out and put back; see ``stateHooks``.
  package struct StateHooks: Sendable {
    /// Everything that a restored device needs, the configuration space included.
    package var snapshot: @Sendable () throws -> [UInt8]
    /// Makes the device what `snapshot` saw. On a throw the device is as it was, or reset.
    package var restore: @Sendable ([UInt8]) throws -> Void

    package init(
      snapshot: @escaping @Sendable () throws -> [UInt8], restore: @escaping @Sendable ([UInt8]) throws -> Void
    ) {
      self.snapshot = snapshot
      self.restore = restore
    }
  }

  package let device: VirtualGPUDevice
  package let interrupts: InterruptLines
  /// Guest memory as the device reaches it.
  package let memoryAccess: GuestMemoryAccess
  /// Nil while a client that asks is told that the device cannot be migrated.
  package let stateHooks = Locked<StateHooks?>(nil)

  private let platform: Platform
  private let fences: Int
  private let rom: [UInt8]
  private let config: Locked<ConfigSpace>
  private let aperture: Aperture
  private let apertureAccesses = Locked(0)
  private let registerAccesses = Atomic(0)

  /// A device that has just been powered on. Its ROM holds `videoTables`, a VBT: one that declares the one port unless
  /// another is given; without any there is no ROM. `onEffect` is called on whichever thread caused the effect;
  /// `onFault` for the first fault of each kind, perhaps while the device is locked: it must not ask the device for
  /// anything.
  package init(
    _ configuration: VirtualGPUConfiguration, videoTables: [UInt8]? = nil, clock: any Clock = MonotonicClock(),
    onEffect: @escaping @Sendable (VirtualGPU.Effect) -> Void = { _ in },
    onFault: @escaping @Sendable (MemoryFault) -> Void = { _ in }
  ) throws(SystemFailure) {
    let interrupts = InterruptLines()
    let table = try TranslationTable()
    memoryAccess = GuestMemoryAccess(faults: MemoryFaultCounter(onFirst: onFault))
    device = try VirtualGPUDevice(
      configuration, clock: clock, memory: GuestMemory(), table: table, access: memoryAccess
    ) { effect in
      if effect == .interrupt { interrupts.raise() }
      onEffect(effect)
    }
    self.interrupts = interrupts
    platform = configuration.platform
    fences = configuration.type.fences
    let tables =
      videoTables ?? OpRegion.videoTables(for: configuration.monitor.connector, on: configuration.platform)
    let rom = tables.isEmpty ? nil : OptionROM(configuration.platform, videoTables: tables)
    self.rom = rom?.bytes ?? []
    config = Locked(ConfigSpace(configuration.platform, romBytes: self.rom.count))
    aperture = Aperture(table: table, access: memoryAccess)
  }

  // MARK: - Regions

  /// How large a region is; 0 is one that this device does not have.
  package func byteCount(of region: PCIRegion) -> Int { region == .rom ? rom.count : region.byteCount }

  /// The file behind ``PCIRegion/mappable``; offsets in it are offsets in the region.
  package func file(behind region: PCIRegion) -> SharedDescriptor? {
    region.mappable == nil ? nil : device.table.descriptor
  }

  /// Reads `count` bytes, which `bytes` has room for at `place`. Whether they lie within the region; if not, nothing is
  /// done.
  package func read(
    _ region: PCIRegion, at offset: UInt64, count: Int, into bytes: inout [UInt8], at place: Int
  ) -> Bool {
    precondition(place >= 0 && count >= 0 && count <= bytes.count - place, "what is read fits its buffer")
    guard let offset = checked(offset, count, region) else { return false }
    switch region {
    case .registers:
      registerAccesses.wrappingAdd(1, ordering: .relaxed)
      Self.forEachAccess(offset, count) { position, width in
        bytes.put(device.read(position, width), width, at: place + position - offset)
      }
    case .aperture:
      apertureAccesses.withLock { $0 += 1 }
      aperture.read(offset, count: count, through: activeFences, of: device.memory, into: &bytes, at: place)
    case .ports:
      for index in 0..<count { bytes[place + index] = 0 }
    case .rom: bytes.replaceSubrange(place..<place + count, with: rom[offset..<offset + count])
    case .configuration:
      config.withLock { config in
        for index in 0..<count { bytes[place + index] = config[offset + index] }
      }
    }
    return true
  }

  /// Writes a range of `bytes`. Whether it lies within the region; if not, nothing is done.
  package func write(_ region: PCIRegion, at offset: UInt64, _ bytes: [UInt8], _ range: Range<Int>) -> Bool {
    precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count, "what is written is in the buffer")
    guard let offset = checked(offset, range.count, region) else { return false }
    switch region {
    case .registers:
      registerAccesses.wrappingAdd(1, ordering: .relaxed)
      Self.forEachAccess(offset, range.count) { position, width in
        device.write(position, bytes.get(width, at: range.lowerBound + position - offset), width)
      }
    case .aperture:
      apertureAccesses.withLock { $0 += 1 }
      aperture.write(offset, bytes, range, through: activeFences, of: device.memory)
    case .ports, .rom: break
    case .configuration: writeConfiguration(offset, bytes, range)
    }
    return true
  }

  /// How many accesses went through the aperture: each costs a trap, so a driver should need few.
  package var apertureAccessCount: Int { apertureAccesses.withLock { $0 } }

  /// How many accesses to BAR 0 trapped, since the program started.
  package var registerAccessCount: Int { registerAccesses.load(ordering: .relaxed) }

  /// The configuration space as the guest sees it, for reports and snapshots.
  package var configuration: [UInt8] { config.withLock { $0.bytes } }

  /// Puts a snapshot's configuration space back.
  package func loadConfiguration(_ bytes: [UInt8]) {
    interrupts.setPinDisabled(
      config.withLock { config in
        config.load(bytes)
        return config.isInterruptDisabled
      })
  }

  // MARK: - State

  /// Everything as at power-on, except the guest's memory and the client's eventfds, which are not the device's.
  package func reset() {
    config.withLock { $0 = ConfigSpace(platform, romBytes: rom.count) }
    interrupts.setPinDisabled(false)
    device.reset()
  }

  /// Everything as at power-on, for a client that is not the one before.
  package func powerOn() {
    detach()
    memoryAccess.faults.reset()
    reset()
  }

  /// The client is gone, and with it the guest's memory and whoever could be interrupted.
  package func detach() {
    interrupts.reset()
    device.changeMemory { $0 = GuestMemory() }
    memoryAccess.releaseWindows()
  }

  /// An eventfd for interrupts of a kind, or none. A line that is up already is told of at once.
  package func setInterrupt(_ kind: InterruptLines.Kind, _ descriptor: SharedDescriptor?) {
    interrupts.set(descriptor, for: kind)
    if descriptor != nil, device.isInterruptPending { interrupts.raise() }
  }

  /// The client is done with an INTx; if its cause is still there, the next follows.
  package func unmaskPin() {
    interrupts.setPinMasked(false)
    if device.isInterruptPending { interrupts.raise() }
  }

  private func writeConfiguration(_ offset: Int, _ bytes: [UInt8], _ range: Range<Int>) {
    let (effects, isDisabled) = config.withLock { config in
      let effects = (0..<range.count).compactMap { config.write(bytes[range.lowerBound + $0], at: offset + $0) }
      return (effects, config.isInterruptDisabled)
    }
    for effect in effects {
      switch effect {
      case .reset: reset()
      case .interruptDisableChanged:
        interrupts.setPinDisabled(isDisabled)
        if !isDisabled, device.isInterruptPending { interrupts.raise() }
      }
    }
  }

  private var activeFences: [Fence] {
    (0..<fences).compactMap { Fence(rawValue: device.read(MMIO.fence($0), .qword)) }
  }

  private func checked(_ offset: UInt64, _ count: Int, _ region: PCIRegion) -> Int? {
    guard let offset = Int(exactly: offset), offset <= byteCount(of: region) - count else { return nil }
    return offset
  }

  /// Cuts an access of any length into such as a bus makes: aligned ones of 1, 2, 4 or 8 bytes.
  private static func forEachAccess(_ offset: Int, _ count: Int, _ body: (Int, AccessWidth) -> Void) {
    if let width = AccessWidth(rawValue: count) { return body(offset, width) }
    var position = offset
    while position < offset + count {
      let left = offset + count - position
      let fitting = AccessWidth.allCases.last { $0.rawValue <= left && position % $0.rawValue == 0 }
      let width = fitting ?? .byte
      body(position, width)
      position += width.rawValue
    }
  }
}

extension [UInt8] {
  /// The little-endian number of that width at `offset`.
  fileprivate func get(_ width: AccessWidth, at offset: Int) -> UInt64 {
    (0..<width.rawValue).reversed().reduce(0) { $0 << 8 | UInt64(self[offset + $1]) }
  }

  fileprivate mutating func put(_ value: UInt64, _ width: AccessWidth, at offset: Int) {
    for index in 0..<width.rawValue { self[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * index)) }
  }
}
