// When the source is looked at.
import GVTCore
import Testing

@testable import GVTDisplay

@Suite struct CapturePacerTests {
  private let start = Instant(nanoseconds: 1_000_000_000_000)

  @Test func `the first capture is due at once`() throws {
    let pacer = CapturePacer(maxFramesPerSecond: 60)
    #expect(try #require(pacer.nextCapture(.announced, at: start)) <= start)
  }

  @Test func `a source that announces is left alone until it does`() throws {
    var pacer = CapturePacer(maxFramesPerSecond: 60)
    pacer.noteCapture(at: start, changed: true)
    #expect(pacer.nextCapture(.announced, at: start) == nil)
    pacer.announce()
    #expect(try #require(pacer.nextCapture(.announced, at: start)) <= start + .milliseconds(17))
  }

  @Test func `sixty uneven flips a second are sixty captures`() throws {
    var pacer = CapturePacer(maxFramesPerSecond: 60)
    var captures = 0
    for flip in 0..<600 {
      let jitter: Int64 = flip % 2 == 0 ? 3_000_000 : 0
      let now = start + Int64(flip) * 16_666_667 + jitter
      pacer.announce()
      if try #require(pacer.nextCapture(.announced, at: now)) <= now {
        pacer.noteCapture(at: now, changed: true)
        captures += 1
      }
    }
    #expect(captures >= 590)
  }

  @Test func `a busy source is not captured faster than allowed`() throws {
    var pacer = CapturePacer(maxFramesPerSecond: 20)
    var captures = 0
    for millisecond in 0..<1000 {
      let now = start + .milliseconds(Int64(millisecond))
      pacer.announce()
      if try #require(pacer.nextCapture(.announced, at: now)) <= now {
        pacer.noteCapture(at: now, changed: true)
        captures += 1
      }
    }
    #expect((20...21).contains(captures))
  }

  @Test func `a still picture is polled ever less often, and at once again after input`() throws {
    var pacer = CapturePacer(maxFramesPerSecond: 60)
    pacer.noteActivity(at: start)
    var now = start
    var polls = 0
    while now - start < .milliseconds(20_000) {
      pacer.noteCapture(at: now, changed: false)
      polls += 1
      now = max(now + 1, try #require(pacer.nextCapture(.polled, at: now)))
    }
    #expect(polls < 170, "half a second at 60, a second at 20, and so on down to 5 a second")
    pacer.noteActivity(at: now)
    pacer.noteCapture(at: now, changed: false)
    #expect(try #require(pacer.nextCapture(.polled, at: now)) - now <= 16_666_667)
  }

  /// Polls a picture that changes every so often, and counts looks and changes seen in the last ten of twenty seconds.
  private func poll(changingEvery period: Int64) throws -> (looks: Int, changes: Int) {
    var pacer = CapturePacer(maxFramesPerSecond: 60)
    pacer.noteActivity(at: start)
    var (now, seen, looks, changes) = (start, Int64(0), 0, 0)
    while now - start < .milliseconds(20_000) {
      let state = (now - start) / period
      let isLate = now - start >= .milliseconds(10_000)
      if isLate { looks += 1 }
      if isLate && state != seen { changes += 1 }
      pacer.noteCapture(at: now, changed: state != seen)
      seen = state
      now = max(now + 1, try #require(pacer.nextCapture(.polled, at: now)))
    }
    return (looks, changes)
  }

  @Test func `a blinking text cursor does not cost what a film does`() throws {
    let blinking = try poll(changingEvery: .milliseconds(200))
    #expect(blinking.looks <= 75 && blinking.changes >= 40)
    #expect(try poll(changingEvery: .milliseconds(500)).looks <= 75)
  }

  @Test(arguments: [15, 24, 30, 60]) func `a film is followed without anybody's input`(_ frames: Int64) throws {
    let film = try poll(changingEvery: 1_000_000_000 / frames)
    #expect(film.changes >= Int(frames) * 10 * 7 / 10, "\(film)")
  }
}
