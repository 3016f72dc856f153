// Memory as an engine's commands name it.

/// What translates an engine's addresses.
enum AddressSpace: Equatable, Sendable {
  /// The GGTT.
  case global
  /// The page tables of a context.
  case perProcess(root: GuestAddress)
}

/// The guest's memory behind the translations. What is not there reads as nothing and swallows writes; it is counted.
struct EngineMemory {
  let table: TranslationTable
  let guest: GuestMemory
  let access: GuestMemoryAccess

  /// Where a byte is in the guest's memory.
  func locate(_ address: UInt64, in space: AddressSpace) -> GuestAddress? {
    let place: GuestAddress?
    switch space {
    case .global:
      let page = address < GraphicsAddress.limit.rawValue ? table[GraphicsAddress(address).page].address : nil
      place = page.map { GuestAddress($0.rawValue | address & 0xfff) }
    case .perProcess(let root):
      place = PageTables.translate(address, root: root) { access.load(UInt64.self, at: $0, of: guest) }
    }
    if place == nil { access.faults.count(.absentEntry) }
    return place
  }

  /// The 1024 words of the page that holds an address.
  func page(at address: UInt64, in space: AddressSpace) -> [UInt32]? {
    guard let place = locate(address & ~0xfff, in: space) else { return nil }
    var bytes = [UInt8](repeating: 0, count: PageLocation.pageBytes)
    guard access.read(place, count: bytes.count, of: guest, into: &bytes) else { return nil }
    return (0..<bytes.count / 4).map { word in
      (0..<4).reduce(0) { $0 | UInt32(bytes[4 * word + $1]) << UInt32(8 * $1) }
    }
  }

  /// The word at an address, whose low two bits do not count.
  func load(_ address: UInt64, in space: AddressSpace) -> UInt32? {
    locate(address & ~3, in: space).flatMap { access.load(UInt32.self, at: $0, of: guest) }
  }

  /// Writes words one after the other.
  func store(_ words: [UInt32], at address: UInt64, in space: AddressSpace) {
    for (index, word) in words.enumerated() {
      guard let place = locate((address & ~3) &+ UInt64(4 * index), in: space) else { return }
      access.store(word, at: place, of: guest)
    }
  }
}
