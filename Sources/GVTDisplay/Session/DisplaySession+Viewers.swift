// What viewers do: they come, ask, type, wish for another size, and go.
import GVTCore
import NIOCore

extension DisplaySession {
  /// How long a guest may take to follow a viewer's wish for a size.
  private static let resizePatience: Int64 = .milliseconds(3000)

  /// How long a picture that is on its way may keep those waiting who came for it.
  private static let arrivalPatience: Int64 = .milliseconds(800)

  func join(_ connection: any ViewerConnection) {
    watch(1)
    noteActivity()
    guard source.isPictureDue else { return admit(connection) }
    arrivals.append(connection)
    loop.schedule(after: Self.arrivalPatience) { [weak self] in self?.admitArrivals() }
  }

  func admitArrivals() {
    let waiting = arrivals
    arrivals = []
    for connection in waiting { admit(connection) }
  }

  private func admit(_ connection: any ViewerConnection) {
    // ServerInit tells a size, and some viewers can never be told another: it has to be the present one.
    if !isEncoding { capture() }
    do {
      let client = try screen.makeClient(peer: connection.peer)
      viewers[connection.id] = Viewer(
        connection: connection, library: client, size: picture.size, wake: wakeOnDrain)
      connection.send([client.serverInit])
      viewersChanged()
    } catch {
      watch(-1)
      connection.close(reason: "\(error)")
    }
  }

  func leave(_ id: ViewerID) {
    if let index = arrivals.firstIndex(where: { $0.id == id }) {
      arrivals.remove(at: index)
      return watch(-1)
    }
    guard let viewer = viewers.removeValue(forKey: id) else { return }
    forget(viewer)
    screen.remove(viewer.library)
    router.viewerLeft(id)
    watch(-1)
    viewersChanged()
  }

  func receive(_ message: ClientMessage, from id: ViewerID) {
    // Somebody who speaks before ServerInit does not wait for its size either.
    if viewers[id] == nil { admitArrivals() }
    guard let viewer = viewers[id] else { return }
    switch message {
    case .setPixelFormat(let format):
      settle(viewer)
      viewer.format = format
      viewer.discardsServed = viewer.isBeingServed
      viewer.send([viewer.library.setPixelFormat(format)])
      // A cursor's colours are in the viewer's format.
      if viewer.cursorShown != nil {
        viewer.cursorShown = nil
        tellCursor(source.cursor, to: viewer)
      }
    case .setEncodings(let encodings):
      settle(viewer)
      setEncodings(encodings, of: viewer)
    case .updateRequest(let rect, let isIncremental):
      viewer.backlog.request(rect, isIncremental: isIncremental)
    case .key(let key):
      noteActivity()
      router.key(key, from: id)
    case .pointer(let pointer):
      noteActivity()
      viewer.pointer = pointer.position
      router.pointer(pointer, from: id, within: picture.size)
    case .enableContinuousUpdates(let rect, let isEnabled):
      setContinuousUpdates(isEnabled ? rect : nil, of: viewer)
    case .fence(let flags, let payload):
      if let answer = Fence.answer(flags: flags, payload: payload) {
        // A viewer may take the answer for the point where its format changes.
        settle(viewer)
        viewer.send([answer])
      } else {
        viewer.fences.confirm(payload: payload)
      }
    case .setDesktopSize(let size): requestSize(size, for: viewer, id)
    case .ignored: break
    }
    viewer.connection.acknowledge(messages: 1)
  }

  private func setEncodings(_ encodings: [Int32], of viewer: Viewer) {
    let oldForm = form(for: viewer)
    let drewCursor = viewer.capabilities.drawsCursor
    viewer.capabilities = ViewerCapabilities(encodings: encodings)
    viewer.send([viewer.library.setEncodings(viewer.capabilities.libraryEncodings)])
    viewer.fences.isSupported = viewer.capabilities.has(EncodingNumber.fence)
    if form(for: viewer) != oldForm { viewer.backlog.add(.everything(of: picture.size)) }
    announceFeatures(to: viewer)
    if viewer.capabilities.drawsCursor && !drewCursor { tellCursor(source.cursor, to: viewer) }
  }

  /// Each feature is announced once, to those who asked for it (rfbproto, the respective pseudo-encoding).
  private func announceFeatures(to viewer: Viewer) {
    viewer.announce(EncodingNumber.extendedDesktopSize) {
      viewer.tell(
        .extendedDesktopSize(picture.size, reason: .server, status: .done), if: EncodingNumber.extendedDesktopSize)
    }
    viewer.announce(EncodingNumber.desktopName) {
      viewer.tell(.desktopName(options.title), if: EncodingNumber.desktopName)
    }
    viewer.announce(EncodingNumber.extendedKeyEvent) {
      viewer.tell(.extendedKeyEvent, if: EncodingNumber.extendedKeyEvent)
    }
    viewer.announce(EncodingNumber.lightState) {
      viewer.tell(.lights(lights), if: EncodingNumber.lightState)
    }
    viewer.announce(EncodingNumber.fence) {
      viewer.send([Fence.message(flags: Fence.request, payload: [])])
    }
    viewer.announce(EncodingNumber.continuousUpdates) { viewer.send([.endOfContinuousUpdates]) }
  }

  private func setContinuousUpdates(_ rect: PixelRect?, of viewer: Viewer) {
    let wasEnabled = viewer.backlog.continuous != nil
    viewer.backlog.continuous = rect
    viewer.fences.reset()
    if rect == nil && wasEnabled { viewer.send([.endOfContinuousUpdates]) }
  }

  /// Queues the pointer's shape and place for a viewer that draws it.
  func tellCursor(_ cursor: CursorState, to viewer: Viewer) {
    guard cursor.isKnown else { return }
    if viewer.cursorShown != .some(cursor.image) { tellShape(cursor.image, to: viewer) }
    if let position = cursor.position, position != viewer.pointer {
      viewer.tell(.pointerPosition(position), if: EncodingNumber.pointerPosition)
    }
  }

  private func tellShape(_ image: CursorImage?, to viewer: Viewer) {
    // One that has not said yet that it draws a pointer has been told nothing: it is told when it says so.
    guard viewer.capabilities.drawsCursor else { return }
    if viewer.capabilities.has(EncodingNumber.cursorWithAlpha) {
      viewer.tell(.cursorWithAlpha(image), if: EncodingNumber.cursorWithAlpha)
    } else {
      viewer.tell(.richCursor(image, viewer.format), if: EncodingNumber.richCursor)
    }
    viewer.cursorShown = .some(image)
  }

  // MARK: Size

  private func requestSize(_ size: PixelSize, for viewer: Viewer, _ id: ViewerID) {
    // A viewer that cannot be told the answer cannot mean the question.
    guard viewer.capabilities.has(EncodingNumber.extendedDesktopSize) else { return }
    guard options.followsResize else { return viewer.answerSize(picture.size, status: .prohibited) }
    guard size != picture.size else { return viewer.answerSize(size, status: .done) }
    switch source.requestSize(size) {
    case .unsupported: viewer.answerSize(picture.size, status: .prohibited)
    case .invalid: viewer.answerSize(picture.size, status: .invalidLayout)
    case .forwarded:
      loop.cancel(pendingResize?.timeout)
      let timeout = loop.schedule(after: Self.resizePatience) { [weak self] in self?.giveUpResize() }
      pendingResize = (id, size, timeout)
      noteActivity()
    }
  }

  private func giveUpResize() {
    guard let pending = pendingResize else { return }
    pendingResize = nil
    viewers[pending.viewer]?.answerSize(picture.size, status: .forwarded)
  }

  /// The frame has a new size: a viewer that can follow is told, another sees what fits.
  func announceSize(to viewer: Viewer, _ id: ViewerID) {
    guard viewer.capabilities.followsSize else { return }
    let reason: PseudoRectangle.ResizeReason =
      switch pendingResize {
      case .some(let pending) where pending.size == picture.size: pending.viewer == id ? .thisViewer : .otherViewer
      default: .server
      }
    viewer.backlog.resize(to: picture.size)
    viewer.owesSize = (reason, .done)
    // A size that was queued as news is the old one.
    viewer.pseudoRectangles.removeAll { $0.encoding == EncodingNumber.extendedDesktopSize }
  }
}

extension ByteBuffer {
  /// Message 150: announces continuous updates, and ends them.
  fileprivate static var endOfContinuousUpdates: ByteBuffer { ByteBuffer(bytes: [150]) }
}
