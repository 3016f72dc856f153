// The colours of a stretch of neighbouring tiles, numbered in the order in which they were met.

/// A set of numbers 0...255: the colours of a ``Palette`` that a tile or rectangle uses.
struct ColourSet: Equatable {
  private var words = SIMD4<UInt64>()

  init() {}

  init(_ numbers: some Sequence<Int>) {
    for number in numbers { insert(number) }
  }

  mutating func insert(_ number: Int) { words[number >> 6] |= 1 << UInt64(number & 63) }

  func union(_ other: ColourSet) -> ColourSet {
    var result = self
    result.words |= other.words
    return result
  }

  var count: Int {
    words.x.nonzeroBitCount + words.y.nonzeroBitCount + words.z.nonzeroBitCount + words.w.nonzeroBitCount
  }

  /// The number of a set of one.
  var only: Int? {
    guard count == 1 else { return nil }
    return numbers.first
  }

  /// The numbers in rising order.
  var numbers: [Int] {
    var result: [Int] = []
    result.reserveCapacity(count)
    for index in 0..<4 {
      var word = words[index]
      while word != 0 {
        result.append(index * 64 + word.trailingZeroBitCount)
        word &= word - 1
      }
    }
    return result
  }
}

/// Up to 256 colours 0x00RRGGBB in a small open-addressing hash table. What one tile added can be taken back, so a
/// tile that turns out to be a photo leaves no colours behind.
@safe final class Palette {
  static let capacity = 256
  /// Sparse, so that nearly every look-up ends at its first slot; small enough for the first-level cache.
  private static let slotCount = 2048
  /// No pixel has a fourth byte after masking.
  private static let emptySlot = UInt32.max

  private(set) var count = 0
  /// How many colours were added since ``beginTile()``.
  private var countBeforeTile = 0
  private let colours = UnsafeMutablePointer<UInt32>.allocate(capacity: capacity)
  private let slots = UnsafeMutablePointer<UInt16>.allocate(capacity: capacity)
  private let keys = UnsafeMutablePointer<UInt32>.allocate(capacity: slotCount)
  private let numbers = UnsafeMutablePointer<UInt8>.allocate(capacity: slotCount)
  private let seen = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)

  init() {
    unsafe colours.initialize(repeating: 0, count: Self.capacity)
    unsafe slots.initialize(repeating: 0, count: Self.capacity)
    unsafe keys.initialize(repeating: Self.emptySlot, count: Self.slotCount)
    unsafe numbers.initialize(repeating: 0, count: Self.slotCount)
    unsafe seen.initialize(repeating: 0, count: Self.capacity)
  }

  deinit {
    unsafe colours.deallocate()
    unsafe slots.deallocate()
    unsafe keys.deallocate()
    unsafe numbers.deallocate()
    unsafe seen.deallocate()
  }

  subscript(number: Int) -> UInt32 {
    precondition(number >= 0 && number < count, "no colour has the number \(number)")
    return unsafe colours[number]
  }

  func removeAll() { removeLast(to: 0) }

  func beginTile() {
    countBeforeTile = count
    unsafe seen.update(repeating: 0, count: Self.capacity)
  }

  /// Takes back what the current tile added.
  func cancelTile() { removeLast(to: countBeforeTile) }

  var addedByTile: Int { count - countBeforeTile }

  /// Which colours the current tile uses.
  var usedByTile: ColourSet {
    var set = ColourSet()
    for number in 0..<count where unsafe seen[number] != 0 { set.insert(number) }
    return set
  }

  /// The number of `colour`, or nil if it is new and the palette is full or the tile has already added `limit`.
  @inline(__always) func number(of colour: UInt32, limit: Int) -> UInt8? {
    var slot = Self.slot(of: colour)
    while true {
      let key = unsafe keys[slot]
      if key == colour {
        let number = unsafe numbers[slot]
        unsafe seen[Int(number)] = 1
        return number
      }
      if key == Self.emptySlot { return add(colour, in: slot, limit: limit) }
      slot = (slot + 1) & (Self.slotCount - 1)
    }
  }

  @inline(__always) private static func slot(of colour: UInt32) -> Int { Int((colour &* 0x9E37_79B1) >> 21) }

  @inline(never) private func add(_ colour: UInt32, in slot: Int, limit: Int) -> UInt8? {
    guard count < Self.capacity, addedByTile < limit else { return nil }
    let number = UInt8(count)
    unsafe colours[count] = colour
    unsafe slots[count] = UInt16(slot)
    unsafe keys[slot] = colour
    unsafe numbers[slot] = number
    unsafe seen[count] = 1
    count += 1
    return number
  }

  /// Newest first, which restores the table exactly: no older colour was placed past a newer one.
  private func removeLast(to newCount: Int) {
    while count > newCount {
      count -= 1
      unsafe keys[Int(slots[count])] = Self.emptySlot
    }
  }
}
