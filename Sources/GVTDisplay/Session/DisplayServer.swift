// A display as the rest of the program sees it: start it, run it, ask it, stop it.
package import GVTCore
import Glibc
package import Logging

/// Why a display could not be served.
package enum ServeFailure: Error, CustomStringConvertible {
  case frontEnd(FrontEndFailure)
  case system(SystemFailure)

  package var description: String {
    switch self {
    case .frontEnd(let failure): "\(failure)"
    case .system(let failure): "the display's thread cannot be set up (\(failure))"
    }
  }
}

/// One VM's display and its listeners. The listeners are open from `init` on; viewers are served while ``run(onReady:)``
/// runs on some thread.
package final class DisplayServer: Sendable {
  private let makeSource: @Sendable (Logger) -> any DisplaySource
  private let sourceName: String
  private let options: DisplayOptions
  private let logger: Logger
  private let mailbox: Mailbox
  private let frontEnd: FrontEnd
  private let observer = Locked<(@Sendable () -> Void)?>(nil)

  /// `makeSource` is called on the thread that runs the display.
  package init(
    sourceName: String, options: DisplayOptions, logger: Logger,
    makeSource: @escaping @Sendable (Logger) -> any DisplaySource
  ) throws(ServeFailure) {
    self.sourceName = sourceName
    self.options = options
    self.logger = logger
    self.makeSource = makeSource
    do { mailbox = try Mailbox() } catch { throw .system(error) }
    let policy = FrontEndPolicy(
      passwordFile: options.passwordFile, viewOnlyPasswordFile: options.viewOnlyPasswordFile,
      isViewOnly: options.isViewOnly, maxViewers: options.maxViewers, allowsInsecure: options.allowsInsecure)
    let mailbox = self.mailbox
    do {
      frontEnd = try FrontEnd.start(on: options.listeners, policy: policy, logger: logger) {
        mailbox.post(.frontEnd($0))
      }
    } catch { throw .frontEnd(error) }
  }

  /// Where viewers can connect, with real port numbers.
  package var addresses: [ListenAddress] { frontEnd.addresses }

  /// Calls `action`, on the display's thread, whenever the report has changed in more than its counts.
  package func onChange(_ action: @escaping @Sendable () -> Void) { observer.withLock { $0 = action } }

  /// Serves until ``stop()``, blocking the calling thread. `onReady` is called once viewers get an answer.
  package func run(onReady: () -> Void = {}) throws(ServeFailure) {
    signal(SIGPIPE, SIG_IGN)
    do {
      let loop = try EventLoop()
      let session = try DisplaySession(
        source: makeSource(logger), options: options, loop: loop, mailbox: mailbox, logger: logger,
        onChange: { [weak self] in self?.observer.withLock { $0 }?() })
      session.start()
      onReady()
      try loop.run()
      loop.unwatch(mailbox.wakeUp.descriptor)
    } catch { throw .system(error) }
    frontEnd.stop()
  }

  /// Ends ``run(onReady:)`` soon, from any thread. Viewers are hung up on.
  package func stop() { mailbox.post(.perform { $0.stop() }) }

  /// The display's state now, or nil if its thread does not answer within a second.
  package func report() -> DisplayReport? {
    let (addresses, name) = (frontEnd.addresses, sourceName)
    return ask { $0.report(listeners: addresses, source: name) }
  }

  /// What each plane says of itself now, or nil if the display's thread does not answer within a second.
  package func planes() -> [PlaneReport]? { ask { $0.source.planes } }

  /// Lets go of the VM, or takes hold of it again (``DisplaySource/setAttached(_:)``). False: there is nothing to let go of.
  /// Nil: no answer within a second.
  package func setAttached(_ isAttached: Bool) -> Bool? { ask { $0.source.setAttached(isAttached) } }

  /// The picture as viewers see it, without the pointer.
  package func screenshot() -> Screenshot? {
    ask { session in
      session.watch(1)
      defer { session.watch(-1) }
      if !session.isEncoding { session.capture() }
      return Screenshot(session.picture.store.frame)
    }
  }

  private func ask<Answer: Sendable>(_ question: @escaping @Sendable (DisplaySession) -> Answer) -> Answer? {
    let reply = Reply<Answer>()
    mailbox.post(.perform { reply.give(question($0)) })
    return reply.wait(milliseconds: 1000)
  }
}
