// How long a picture stays when there is none any more: a guest that changes mode is dark for a moment.
import GVTCore

/// Keeps account of a picture that viewers see. Its owner asks before it shows a card instead.
struct PictureHold {
  private let patience: Int64
  private var lostAt: Instant?
  /// Whether viewers see a picture of the source, the last one perhaps, and no card.
  private(set) var hasPicture = false

  /// `patience` in nanoseconds.
  init(for patience: Int64) { self.patience = patience }

  /// When the picture gives way to a card; nil while it is the present one, or there is none.
  var end: Instant? { lostAt.map { $0 + patience } }

  /// There is a picture.
  mutating func show() {
    hasPicture = true
    lostAt = nil
  }

  /// There is none now. Whether the last one stays for a while.
  mutating func keeps(at now: Instant) -> Bool {
    guard hasPicture else { return false }
    let since = lostAt ?? now
    lostAt = since
    if now - since < patience { return true }
    drop()
    return false
  }

  /// A card is shown.
  mutating func drop() {
    hasPicture = false
    lostAt = nil
  }
}
