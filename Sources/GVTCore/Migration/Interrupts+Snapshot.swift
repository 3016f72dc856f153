// What the interrupt controller masks, has latched and lets through.

extension InterruptTree {
  /// The master's switch and the banks. Banks are named by where their registers are, so that another one does not shift
  /// the rest.
  package struct State: SnapshotState, Equatable {
    package static let section = SnapshotSection.interrupts
    package static let version: UInt16 = 1

    let isMasterEnabled: Bool
    /// One for each of `InterruptBank.allCases`.
    let banks: [Bank]

    init(_ tree: InterruptTree) {
      isMasterEnabled = tree.master != 0
      banks = tree.banks
    }

    package init(from reader: inout SnapshotReader) throws(SnapshotFailure) {
      isMasterEnabled = try reader.flag()
      var found: [Int: Bank] = [:]
      for _ in 0..<(try reader.count(atMost: 64, "banks")) {
        let offset = Int(try reader.uint32())
        let bank = Bank(
          levels: try reader.uint32(), mask: try reader.uint32(), identity: try reader.uint32(),
          enable: try reader.uint32())
        guard found.updateValue(bank, forKey: offset) == nil else { throw reader.invalid("a bank is there twice") }
      }
      var banks: [Bank] = []
      for bank in InterruptBank.allCases {
        guard let state = found.removeValue(forKey: MMIO.interruptBank(bank)) else {
          throw reader.invalid("a bank is missing")
        }
        banks.append(state)
      }
      guard found.isEmpty else { throw reader.invalid("there is a bank that this version does not know") }
      self.banks = banks
    }

    package func write(to writer: inout SnapshotWriter) {
      writer.put(isMasterEnabled)
      writer.put(count: banks.count)
      for (name, bank) in zip(InterruptBank.allCases, banks) {
        writer.put(UInt32(MMIO.interruptBank(name)))
        for word in [bank.levels, bank.mask, bank.identity, bank.enable] { writer.put(word) }
      }
    }
  }
}
