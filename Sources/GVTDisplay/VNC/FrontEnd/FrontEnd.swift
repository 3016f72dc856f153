// A display's listeners: opens them, reports where they are, closes everything.
package import GVTCore
package import Logging
import NIOCore
import NIOPosix

/// Serves one display's viewers on one event loop of its own. ``stop()`` it before letting it go.
package final class FrontEnd: Sendable {
  /// Where it really listens: port 0 is replaced by the port that was found.
  package let addresses: [ListenAddress]
  private let group: MultiThreadedEventLoopGroup
  private let reception: NIOLoopBoundBox<Reception>
  private let listeners: [Listener]
  private let isStopped = Locked(false)

  private init(
    listeners: [Listener], group: MultiThreadedEventLoopGroup, reception: NIOLoopBoundBox<Reception>
  ) {
    self.listeners = listeners
    self.group = group
    self.reception = reception
    addresses = listeners.map(\.address)
  }

  /// Listens. `deliver` is called on the event loop and must not wait; after `joined` a viewer's messages come in
  /// order, `left` comes last. Not to be called on an event loop.
  package static func start(
    on addresses: [ListenAddress], policy: FrontEndPolicy, logger: Logger, limits: FrontEndLimits = FrontEndLimits(),
    clock: any Clock = MonotonicClock(), deliver: @escaping @Sendable (FrontEndEvent) -> Void
  ) throws(FrontEndFailure) -> FrontEnd {
    if !policy.asksPassword, !policy.allowsInsecure, let open = addresses.first(where: { !$0.isLoopback }) {
      throw FrontEndFailure(
        .insecure, "\(open) can be reached from other machines and no password is set; set one, or allow it explicitly")
    }
    let credentials = Credentials(
      passwordFile: policy.passwordFile, viewOnlyPasswordFile: policy.viewOnlyPasswordFile)
    if policy.asksPassword { try credentials.check() }
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let reception = NIOLoopBoundBox.makeBoxSendingValue(
      Reception(
        policy: policy, credentials: credentials, limits: limits, clock: clock, logger: logger, deliver: deliver),
      eventLoop: group.next())
    var listeners: [Listener] = []
    do throws(FrontEndFailure) {
      for address in addresses { listeners.append(try Listener.open(address, on: group, for: reception)) }
    } catch {
      close(listeners, group)
      throw error
    }
    return FrontEnd(listeners: listeners, group: group, reception: reception)
  }

  /// Closes listeners and viewers, removes socket files, and returns when nothing more is delivered. Not to be called
  /// from `deliver`.
  package func stop() {
    let wasStopped = isStopped.withLock { isStopped in
      defer { isStopped = true }
      return isStopped
    }
    guard !wasStopped else { return }
    let reception = self.reception
    try? group.next().submit { reception.value.isStopping = true }.wait()
    Self.close(listeners, group)
  }

  private static func close(_ listeners: [Listener], _ group: MultiThreadedEventLoopGroup) {
    for listener in listeners { listener.close() }
    try? group.syncShutdownGracefully()
  }
}
