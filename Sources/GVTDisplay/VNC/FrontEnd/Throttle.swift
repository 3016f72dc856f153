// How long an address waits: for its greeting when it connects too often, for its refusal when it guesses passwords.
package import GVTCore

/// Remembers addresses for a while. Only wrong passwords count against anybody, and all they bring is a later "no".
package struct Throttle: Sendable {
  package struct Settings: Sendable {
    /// Connections that an address may open at once without waiting.
    package var burst = 200.0
    /// Connections per second after that.
    package var rate = 50.0
    /// The wait for the second refusal, in nanoseconds; each further one doubles it.
    package var firstDelay = Int64.milliseconds(1000)
    package var longestDelay = Int64.milliseconds(8000)
    /// Nanoseconds after which wrong passwords are forgotten.
    package var memory = Int64.milliseconds(60_000)
    /// Addresses remembered; one more forgets the one heard of longest ago.
    package var addresses = 4096

    package init() {}
  }

  /// What a wrong password brings.
  package struct Penalty: Equatable, Sendable {
    /// Nanoseconds until the refusal is said.
    package let delay: Int64
    /// Wrong passwords from this address that are remembered, this one included.
    package let count: Int
  }

  private struct Record {
    var tokens: Double
    var lastConnection: Instant
    var wrongPasswords = 0
    var lastWrongPassword: Instant
    var lastHeard: Instant { max(lastConnection, lastWrongPassword) }
  }

  private let settings: Settings
  private let clock: any Clock
  private var records: [String: Record] = [:]

  package init(settings: Settings = Settings(), clock: any Clock = MonotonicClock()) {
    self.settings = settings
    self.clock = clock
  }

  /// How many addresses are remembered.
  package var count: Int { records.count }

  /// An address connected: nanoseconds until it is greeted. A token bucket, whose debt is the wait.
  package mutating func connected(from address: String) -> Int64 {
    let now = clock.now
    var record = self.record(of: address, at: now)
    let earned = Double(now - record.lastConnection) / 1e9 * settings.rate
    record.tokens = min(settings.burst, record.tokens + earned) - 1
    record.lastConnection = now
    records[address] = record
    return record.tokens >= 0 ? 0 : Int64(-record.tokens / settings.rate * 1e9)
  }

  /// An address gave a wrong password: when to say so. The first "no" comes at once: people mistype.
  package mutating func wrongPassword(from address: String) -> Penalty {
    let now = clock.now
    var record = self.record(of: address, at: now)
    if now - record.lastWrongPassword >= settings.memory { record.wrongPasswords = 0 }
    record.wrongPasswords += 1
    record.lastWrongPassword = now
    records[address] = record
    let doublings = record.wrongPasswords - 2
    guard doublings >= 0 else { return Penalty(delay: 0, count: record.wrongPasswords) }
    let delay = doublings < 16 ? settings.firstDelay << Int64(doublings) : settings.longestDelay
    return Penalty(delay: min(delay, settings.longestDelay), count: record.wrongPasswords)
  }

  private mutating func record(of address: String, at now: Instant) -> Record {
    if let record = records[address] { return record }
    if records.count >= settings.addresses { forgetSome(at: now) }
    return Record(tokens: settings.burst, lastConnection: now, lastWrongPassword: now)
  }

  /// Drops whatever has nothing left to remember, and if that is too little the half heard of longest ago.
  private mutating func forgetSome(at now: Instant) {
    let refill = Int64(settings.burst / settings.rate * 1e9)
    records = records.filter { now - $0.value.lastHeard < max(settings.memory, refill) }
    guard records.count >= settings.addresses else { return }
    let oldestFirst = records.sorted { $0.value.lastHeard < $1.value.lastHeard }
    for (address, _) in oldestFirst.prefix((records.count + 1) / 2) { records[address] = nil }
  }
}
