// Keeps a source that looks at several planes at once from asking the GPU for ever.

/// A source looks at its planes in one turn of its display's loop. If it was told of one of them to wait, it looks again when
/// all have arrived, and then each of those planes gives what it has: were they to be read anew, one would always be on its
/// way. Pure: it is told what happens.
struct ReadRounds {
  /// Planes that were looked at in this turn.
  private var members: Set<UInt64> = []
  private var isWaiting = false
  /// Planes of the last turn in which the source was told to wait.
  private var owed: Set<UInt64> = []
  private var isAnnounced = false

  /// A plane is looked at. True for the first one of a turn: ``endTurn()`` is to follow.
  mutating func note(_ plane: UInt64, waits: Bool) -> Bool {
    let isFirst = members.isEmpty
    members.insert(plane)
    if waits { isWaiting = true }
    return isFirst
  }

  /// The source has looked at all that it wanted to see.
  mutating func endTurn() {
    if isWaiting {
      owed = members
      isAnnounced = false
    }
    members = []
    isWaiting = false
  }

  /// Whether the source is to look again now, given which planes are still on their way. True once.
  mutating func announces(onTheirWay: Set<UInt64>) -> Bool {
    guard !isAnnounced, !owed.isEmpty, owed.isDisjoint(with: onTheirWay) else { return false }
    isAnnounced = true
    return true
  }

  /// Whether the plane has to give what it has instead of being read anew. True once for each announcement.
  mutating func takesWhatThereIs(_ plane: UInt64) -> Bool {
    isAnnounced && owed.remove(plane) != nil
  }

  /// The plane is gone.
  mutating func forget(_ plane: UInt64) {
    members.remove(plane)
    owed.remove(plane)
  }
}
