// One accepted socket from its greeting to its end: runs the handshake, then turns bytes into messages.
import Logging
import NIOCore

/// Confined to the front end's event loop, as NIO's handlers are.
final class ViewerHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let reception: Reception
  private let challenge: [UInt8]
  private var handshake: Handshake
  private var decoder = ClientMessageDecoder()
  private var context: ChannelHandlerContext?
  private var viewer: SocketViewer?
  private var access: AccessLevel?
  private var peer = "unix"
  /// What the throttle knows it by.
  private var address = "unix"
  private var reason: String?
  /// The handshake's time-out, a delayed refusal, or the watch on a joined viewer's output.
  private var timer: Scheduled<Void>?
  private var isReading = true
  private var isClosing = false
  /// A message that was read and could not replace the one before it.
  private var ahead: ClientMessage?
  private var progress = (taken: 0, since: NIODeadline.now())

  init(reception: Reception) {
    self.reception = reception
    var generator = SystemRandomNumberGenerator()
    challenge = (0..<PasswordCipher.challengeBytes).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    handshake = Handshake(security: reception.security, challenge: challenge)
  }

  // MARK: What the channel says

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }
  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  func channelActive(context: ChannelHandlerContext) {
    if let remote = context.remoteAddress, let host = remote.ipAddress {
      let plain = PeerAddress(host)
      peer = ListenAddress.tcp(host: plain.host, port: remote.port ?? 0).description
      address = plain.throttleKey
    }
    let delay = reception.arrived(self, from: address)
    guard delay > 0 else { return greet() }
    setReading(false)
    after(.nanoseconds(delay)) {
      self.setReading(true)
      self.greet()
    }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !isClosing else { return }
    let bytes = unwrapInboundIn(data)
    if viewer == nil { return perform(handshake.receive(bytes)) }
    decoder.append(bytes)
    pump()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event as? SocketViewer.Signal {
    case .resumeReading?: pump()
    case .close(let reason)?: hangUp(reason)
    case nil: context.fireUserInboundEventTriggered(event)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    timer?.cancel()
    reception.left(self, isAdmitted: access != nil)
    let reason = reception.isStopping ? "the display is no longer served" : self.reason ?? "hung up"
    guard let viewer else {
      return reception.logger.debug("\(peer) did not join: \(reason)")
    }
    viewer.isGone()
    reception.logger.info("viewer \(viewer.id.number) (\(peer)) left: \(reason)")
    reception.deliver(.left(viewer.id))
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    let code = (error as? IOError)?.errnoCode
    hangUp(code.map { "connection lost: \(IOError(errnoCode: $0, reason: "socket").description)" } ?? "\(error)")
  }

  /// Closes now. The first reason counts.
  func hangUp(_ reason: String) {
    if self.reason == nil { self.reason = reason }
    isClosing = true
    context?.close(promise: nil)
  }

  // MARK: Handshake

  private func greet() {
    write(Handshake.greeting)
    let limit = reception.policy.handshakeTimeout
    after(.nanoseconds(Int64(limit * 1e9))) { self.hangUp("the handshake took longer than \(limit) s") }
  }

  private func perform(_ actions: [Handshake.Action]) {
    for action in actions {
      switch action {
      case .send(let bytes): write(bytes)
      case .decide(let response): decide(response)
      case .join: join()
      case .close(let reason): closeGently(reason)
      }
    }
  }

  private func decide(_ response: [UInt8]?) {
    switch reception.decide(response: response, challenge: challenge, address: address) {
    case .admitted(let access):
      self.access = access
      perform(handshake.conclude(.admitted))
    case .refused(let reason, let delay):
      guard delay > 0 else { return perform(handshake.conclude(.refused(reason))) }
      setReading(false)
      reception.park(self)
      after(.nanoseconds(delay)) { self.perform(self.handshake.conclude(.refused(reason))) }
    }
  }

  private func join() {
    guard let context, let access, let version = handshake.version else { return }
    let viewer = SocketViewer(
      id: reception.joined(self), peer: peer, isViewOnly: access == .viewOnly, channel: context.channel,
      mostUnacknowledged: reception.limits.unacknowledgedMessages)
    self.viewer = viewer
    let proof = reception.policy.asksPassword ? "by password" : "without a password"
    reception.logger.info(
      "viewer \(viewer.id.number) (\(peer)) joined \(proof): RFB 3.\(version.rawValue), \(access.rawValue)")
    watchOutput()
    reception.deliver(.joined(viewer))
    decoder.append(handshake.takeRest())
    pump()
  }

  /// Ends the output and gives the peer a second to read it: a close with input unread would take it back.
  private func closeGently(_ reason: String) {
    if self.reason == nil { self.reason = reason }
    isClosing = true
    setReading(true)
    context?.close(mode: .output, promise: nil)
    after(.seconds(1)) { self.hangUp(reason) }
  }

  private func write(_ bytes: [UInt8]) {
    context?.writeAndFlush(NIOAny(ByteBuffer(bytes: bytes)), promise: nil)
  }

  // MARK: Messages

  /// Delivers what is there until the display thread has enough.
  private func pump() {
    guard let viewer, !isClosing else { return }
    do throws(ProtocolViolation) {
      while viewer.mayDeliver() {
        guard let message = try nextMessage(of: viewer) else { return setReading(true) }
        if viewer.isViewOnly && message.isForbiddenToOnlookers { continue }
        viewer.delivers()
        reception.deliver(.message(viewer.id, message))
      }
      setReading(false)
    } catch {
      hangUp("protocol error: \(error)")
    }
  }

  /// When the display thread is behind, a pointer move gives way to the next one with the same buttons.
  private func nextMessage(of viewer: SocketViewer) throws(ProtocolViolation) -> ClientMessage? {
    guard var message = try takeMessage() else { return nil }
    guard viewer.isBehind else { return message }
    while let following = try takeMessage() {
      guard following.supersedes(message) else {
        ahead = following
        break
      }
      message = following
    }
    return message
  }

  private func takeMessage() throws(ProtocolViolation) -> ClientMessage? {
    guard let message = ahead else { return try decoder.next() }
    ahead = nil
    return message
  }

  private func setReading(_ isReading: Bool) {
    guard isReading != self.isReading else { return }
    self.isReading = isReading
    try? context?.channel.syncOptions?.setOption(.autoRead, value: isReading)
  }

  // MARK: Time

  /// Hangs up on a socket that takes nothing of what waits for it.
  private func watchOutput() {
    let limit = TimeAmount.nanoseconds(Int64(reception.limits.stallTimeout * 1e9))
    after(.nanoseconds(limit.nanoseconds / 4)) {
      guard let viewer = self.viewer else { return }
      let waiting = (try? self.context?.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
      let taken = viewer.queuedBytes - waiting
      if waiting == 0 || taken != self.progress.taken { self.progress = (taken, .now()) }
      if NIODeadline.now() - self.progress.since >= limit {
        self.hangUp("took nothing for \(Int(self.reception.limits.stallTimeout)) s")
      } else {
        self.watchOutput()
      }
    }
  }

  /// One thing is waited for at a time.
  private func after(_ delay: TimeAmount, _ action: @escaping () -> Void) {
    timer?.cancel()
    timer = context?.eventLoop.assumeIsolated().scheduleTask(in: delay, action)
  }
}

extension ClientMessage {
  /// Acts on the guest, or could.
  fileprivate var isForbiddenToOnlookers: Bool {
    switch self {
    case .key, .pointer, .setDesktopSize, .ignored(type: 6), .ignored(type: 250): true
    default: false
    }
  }

  fileprivate func supersedes(_ earlier: ClientMessage) -> Bool {
    guard case .pointer(let new) = self, case .pointer(let old) = earlier else { return false }
    return new.buttons == old.buttons
  }
}
