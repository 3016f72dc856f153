import GVTCore
import Testing

@testable import GVTDisplay

struct ThrottleTests {
  private static let second = Int64.milliseconds(1000)

  @Test func `refusals come later and later and are forgotten after a minute`() {
    let clock = ManualClock()
    var throttle = Throttle(clock: clock)
    let delays = (0..<6).map { _ in throttle.wrongPassword(from: "a").delay }
    #expect(delays == [0, 1, 2, 4, 8, 8].map { $0 * Self.second })
    #expect(throttle.wrongPassword(from: "b").delay == 0)
    clock.advance(nanoseconds: 59 * Self.second)
    #expect(throttle.wrongPassword(from: "a").delay == 8 * Self.second)
    clock.advance(nanoseconds: 60 * Self.second)
    #expect(throttle.wrongPassword(from: "a") == Throttle.Penalty(delay: 0, count: 1))
  }

  @Test func `a great many guesses overflow nothing`() {
    var throttle = Throttle(clock: ManualClock())
    for _ in 0..<10_000 { _ = throttle.wrongPassword(from: "a") }
    #expect(throttle.wrongPassword(from: "a").delay == 8 * Self.second)
  }

  @Test func `a burst of connections is free and the rest queues`() {
    let clock = ManualClock()
    var settings = Throttle.Settings()
    settings.burst = 10
    settings.rate = 5
    var throttle = Throttle(settings: settings, clock: clock)
    for _ in 0..<10 { #expect(throttle.connected(from: "a") == 0) }
    #expect(throttle.connected(from: "a") == Self.second / 5)
    #expect(throttle.connected(from: "a") == Self.second * 2 / 5)
    #expect(throttle.connected(from: "b") == 0)
    clock.advance(nanoseconds: Self.second)
    #expect(throttle.connected(from: "a") == 0)
  }

  @Test func `wrong passwords do not delay connections`() {
    var throttle = Throttle(clock: ManualClock())
    for _ in 0..<50 { _ = throttle.wrongPassword(from: "a") }
    #expect(throttle.connected(from: "a") == 0)
  }

  @Test func `only so many addresses are remembered and the newest stay`() {
    let clock = ManualClock()
    var settings = Throttle.Settings()
    settings.addresses = 100
    var throttle = Throttle(settings: settings, clock: clock)
    for number in 0..<1000 {
      clock.advance(nanoseconds: 1)
      _ = throttle.wrongPassword(from: "\(number)")
      #expect(throttle.count <= 100)
    }
    #expect(throttle.wrongPassword(from: "999").count == 2)
    #expect(throttle.wrongPassword(from: "0").count == 1)
  }
}
