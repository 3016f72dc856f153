// What all sockets of one display share: its policy, its counts, its memory of addresses. Lives on the event loop.
import GVTCore
import Logging
import NIOCore

/// Lets viewers in or not. Confined to the front end's event loop.
final class Reception {
  /// What became of a password or of none.
  enum Decision {
    case admitted(AccessLevel)
    /// To be said after so many nanoseconds.
    case refused(String, delay: Int64)
  }

  let policy: FrontEndPolicy
  let limits: FrontEndLimits
  let logger: Logger
  let deliver: @Sendable (FrontEndEvent) -> Void
  /// The front end is going; viewers are told apart from those who left by themselves.
  var isStopping = false
  private let credentials: Credentials
  private let mostHandshakes: Int
  private var throttle: Throttle
  private var admitted = 0
  private var handshakes: [ViewerHandler] = []
  private var delayedRefusals: [ViewerHandler] = []
  private var nextID: UInt64 = 1
  private var lastComplaint: String?

  init(
    policy: FrontEndPolicy, credentials: Credentials, limits: FrontEndLimits, clock: any Clock, logger: Logger,
    deliver: @escaping @Sendable (FrontEndEvent) -> Void
  ) {
    self.policy = policy
    self.credentials = credentials
    self.limits = limits
    self.logger = logger
    self.deliver = deliver
    throttle = Throttle(settings: limits.throttle, clock: clock)
    // A viewer needs three descriptors here and in the library's socketpair; 128 are for everything else.
    let spare = OpenFileLimit.current - 128 - 3 * policy.maxViewers
    mostHandshakes = max(8, min(limits.handshakes, spare / 2))
    if spare / 2 < 8 {
      logger.warning("the limit of open files (ulimit -n) is too low for \(policy.maxViewers) viewers")
    }
  }

  var security: Handshake.SecurityType { policy.asksPassword ? .vncAuthentication : .none }

  /// Somebody connected: nanoseconds until it may be greeted.
  func arrived(_ handler: ViewerHandler, from address: String) -> Int64 {
    if handshakes.count >= mostHandshakes { handshakes.removeFirst().hangUp("too many unfinished handshakes") }
    handshakes.append(handler)
    return throttle.connected(from: address)
  }

  /// Decides once; an admitted viewer holds one of the places until ``left(_:isAdmitted:)``.
  func decide(response: [UInt8]?, challenge: [UInt8], address: String) -> Decision {
    let access: AccessLevel
    if let response {
      do {
        let found = try credentials.access(for: response, to: challenge)
        lastComplaint = nil
        guard let found else { return wrongPassword(from: address) }
        access = found
      } catch {
        complain(error.description)
        return .refused("the display's password cannot be read, see the server's log", delay: 0)
      }
    } else {
      access = .full
    }
    guard admitted < policy.maxViewers else {
      return .refused("too many viewers (limit \(policy.maxViewers))", delay: 0)
    }
    admitted += 1
    return .admitted(policy.isViewOnly ? .viewOnly : access)
  }

  /// A refusal waits; if too many do, the one that has waited longest is never said.
  func park(_ handler: ViewerHandler) {
    handshakes.removeAll { $0 === handler }
    if delayedRefusals.count >= limits.delayedRefusals {
      delayedRefusals.removeFirst().hangUp("wrong password")
    }
    delayedRefusals.append(handler)
  }

  /// The handshake is over.
  func joined(_ handler: ViewerHandler) -> ViewerID {
    handshakes.removeAll { $0 === handler }
    defer { nextID += 1 }
    return ViewerID(number: nextID)
  }

  /// The socket is closed.
  func left(_ handler: ViewerHandler, isAdmitted: Bool) {
    if isAdmitted { admitted -= 1 }
    handshakes.removeAll { $0 === handler }
    delayedRefusals.removeAll { $0 === handler }
  }

  private func wrongPassword(from address: String) -> Decision {
    let penalty = throttle.wrongPassword(from: address)
    // The 1st, 2nd, 4th, 8th...: a guesser does not fill the log.
    if penalty.count & (penalty.count - 1) == 0 {
      logger.warning("wrong password from \(address) (\(penalty.count) within a minute of each other)")
    }
    return .refused("wrong password", delay: penalty.delay)
  }

  private func complain(_ sentence: String) {
    guard sentence != lastComplaint else { return }
    lastComplaint = sentence
    logger.error("\(sentence)")
  }
}
