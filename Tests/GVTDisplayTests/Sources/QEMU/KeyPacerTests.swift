// How fast keys go to a guest.
import GVTCore
import Testing

@testable import GVTDisplay

@Suite struct KeyPacerTests {
  @Test func `a hand's keys are never held up, and a program's come at the guest's pace`() {
    var pacer = KeyPacer()
    var now = Instant(nanoseconds: 1_000_000_000)
    var admitted = 0
    while pacer.admit(at: now) == nil { admitted += 1 }
    #expect(admitted == 5)
    let wait = pacer.admit(at: now)
    #expect(wait == pacer.interval)
    now = now + pacer.interval
    let waits = [pacer.admit(at: now), pacer.admit(at: now)]
    #expect(waits == [nil, pacer.interval])
    now = now + .milliseconds(1000)
    let afterARest = (0..<5).map { _ in pacer.admit(at: now) }
    #expect(afterARest == [nil, nil, nil, nil, nil])
  }
}
