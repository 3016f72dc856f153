// Accesses of the device to guest memory that the guest's tables or the VMM's map do not allow.

/// Why an access reached nothing. It reads as zeros, and a write is lost.
package enum MemoryFault: String, Hashable, CaseIterable, Codable, Sendable {
  /// The GGTT or a page table has no entry there.
  case absentEntry
  /// An entry names a page that the VMM has not mapped for the device.
  case unmappedPage
  /// A write to a page that the VMM let the device only read.
  case readOnlyPage
  /// The memory's file shrank, or cannot be mapped.
  case lostPage

  /// What to tell whoever looks after the guest.
  package var explanation: String {
    switch self {
    case .absentEntry: "the guest's GPU tables have no entry for an address that was accessed"
    case .unmappedPage: "the guest's GPU tables name memory that the VMM has not shared with the device"
    case .readOnlyPage: "the guest's GPU tables make the device write memory that it may only read"
    case .lostPage: "memory that the VMM shared with the device is not there any more"
    }
  }
}

/// Counts faults by kind, and tells of the first of each.
package final class MemoryFaultCounter: Sendable {
  private let counted = Locked<[MemoryFault: Int]>([:])
  private let onFirst: @Sendable (MemoryFault) -> Void

  /// `onFirst` is called on whichever thread met the fault.
  package init(onFirst: @escaping @Sendable (MemoryFault) -> Void = { _ in }) { self.onFirst = onFirst }

  package var counts: [MemoryFault: Int] { counted.withLock { $0 } }

  package func count(_ fault: MemoryFault) {
    let isFirst = counted.withLock { counts in
      counts[fault, default: 0] += 1
      return counts[fault] == 1
    }
    if isFirst { onFirst(fault) }
  }

  /// For another guest: the first of each kind is news again.
  package func reset() { counted.withLock { $0 = [:] } }
}
