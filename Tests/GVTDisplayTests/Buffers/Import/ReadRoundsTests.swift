// A source that looks at several planes at once gets all of them, and is not made to look for ever.
import Testing

@testable import GVTDisplay

/// The rounds of one source; expectations do not ask what changes while it answers.
private final class Rounds {
  private var rounds = ReadRounds()

  func note(_ plane: UInt64, waits: Bool) -> Bool { rounds.note(plane, waits: waits) }
  func endTurn() { rounds.endTurn() }
  func announces(onTheirWay: Set<UInt64>) -> Bool { rounds.announces(onTheirWay: onTheirWay) }
  func takesWhatThereIs(_ plane: UInt64) -> Bool { rounds.takesWhatThereIs(plane) }
  func forget(_ plane: UInt64) { rounds.forget(plane) }
}

struct ReadRoundsTests {
  private let rounds = Rounds()

  /// One look at planes, of which some had to wait.
  private func look(at planes: [UInt64], waiting: [UInt64] = []) {
    for (index, plane) in planes.enumerated() {
      let isFirst = rounds.note(plane, waits: waiting.contains(plane))
      #expect(isFirst == (index == 0))
    }
    rounds.endTurn()
  }

  @Test func `nothing is announced where nothing had to wait`() {
    look(at: [1, 2])
    #expect(!rounds.announces(onTheirWay: []))
    #expect(!rounds.takesWhatThereIs(1))
  }

  @Test func `the last plane to arrive announces all that were looked at, once`() {
    look(at: [1, 2, 3], waiting: [1, 2])
    #expect(!rounds.announces(onTheirWay: [1, 2]))
    #expect(!rounds.announces(onTheirWay: [2]))
    #expect(!rounds.takesWhatThereIs(1))
    #expect(rounds.announces(onTheirWay: []))
    #expect(!rounds.announces(onTheirWay: []))
    for plane: UInt64 in 1...3 {
      #expect(rounds.takesWhatThereIs(plane))
      #expect(!rounds.takesWhatThereIs(plane))
    }
  }

  @Test func `two slow planes come to rest however often they are looked at meanwhile`() {
    var onTheirWay: Set<UInt64> = []
    var reads = 0
    func read(_ plane: UInt64) {
      if rounds.takesWhatThereIs(plane) {
        _ = rounds.note(plane, waits: false)
        return
      }
      if onTheirWay.insert(plane).inserted { reads += 1 }
      _ = rounds.note(plane, waits: true)
    }
    func turn() {
      read(1)
      read(2)
      rounds.endTurn()
    }
    turn()
    onTheirWay.remove(1)
    #expect(!rounds.announces(onTheirWay: onTheirWay))
    // The display looks by itself before the second one is there.
    turn()
    onTheirWay = []
    var looks = 0
    while rounds.announces(onTheirWay: onTheirWay), looks < 10 {
      looks += 1
      turn()
      onTheirWay = []
    }
    #expect(looks == 1)
    #expect(reads == 3)
  }

  @Test func `a plane that is gone is not waited for`() {
    look(at: [1, 2], waiting: [2])
    rounds.forget(2)
    #expect(rounds.announces(onTheirWay: []))
    #expect(!rounds.takesWhatThereIs(2))
  }

  @Test func `a buffer of an earlier turn is read anew`() {
    look(at: [1], waiting: [1])
    look(at: [2], waiting: [2])
    #expect(rounds.announces(onTheirWay: []))
    #expect(!rounds.takesWhatThereIs(1))
    #expect(rounds.takesWhatThereIs(2))
  }
}
