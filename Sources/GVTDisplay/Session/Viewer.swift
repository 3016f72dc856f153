// One viewer of a display: what it can do, what it waits for, what it has been told.
import GVTCore
import NIOCore

/// A viewer's side of the display. Display thread only.
final class Viewer {
  let connection: any ViewerConnection
  let library: LibraryClient
  var capabilities = ViewerCapabilities()
  var format = ViewerPixelFormat.native
  var backlog: UpdateBacklog
  /// Pseudo-rectangles that go out with the next update.
  var pseudoRectangles: [PseudoRectangle] = []
  /// The frame's new size has to be told before any more pixels.
  var owesSize: (reason: PseudoRectangle.ResizeReason, status: PseudoRectangle.ResizeStatus)?
  /// What has been announced once, by pseudo-encoding.
  var announced: Set<Int32> = []
  /// Its own pointer, to tell the guest's moves from its own.
  var pointer: PixelPoint?
  var fences = FenceWindow()
  /// In a batch that is being encoded, or half-way through the library's slices.
  var isBeingServed = false
  /// What is being served is for a pixel format that the viewer has left.
  var discardsServed = false
  /// The shape it was told last; nil before the first.
  var cursorShown: CursorImage??
  var updatesSent = 0
  var bytesSent = 0

  private let wake: @Sendable () -> Void

  /// `wake` is called, on some thread, whenever the viewer has taken all that it was sent.
  init(
    connection: any ViewerConnection, library: LibraryClient, size: PixelSize, wake: @escaping @Sendable () -> Void
  ) {
    self.connection = connection
    self.wake = wake
    self.library = library
    backlog = UpdateBacklog(size: size)
  }

  /// Gets pixels from our encoder, not from the library's: Tight for 32-bit true colour, where a pixel on the wire is three
  /// bytes whatever the viewer's byte order (rfbproto, TPIXEL).
  var usesTight: Bool {
    capabilities.preferredEncoding == EncodingNumber.tight && format.bitsPerPixel == 32 && format.depth == 24
      && format.isTrueColour && format.redMax == 255 && format.greenMax == 255 && format.blueMax == 255
  }

  /// May be sent an update now: it waits for one, and has taken in what it was sent before.
  var isReady: Bool {
    backlog.wanted != nil && !isBeingServed && connection.pendingBytes == 0 && !fences.isFull
  }

  /// Something to tell it, pixels or not.
  var hasNews: Bool { backlog.isDue || !pseudoRectangles.isEmpty || owesSize != nil }

  /// Queues a pseudo-rectangle if the viewer asked for its kind; one of the same kind that waits already is replaced.
  func tell(_ rectangle: PseudoRectangle, if encoding: Int32) {
    guard capabilities.has(encoding) else { return }
    pseudoRectangles.removeAll { $0.encoding == rectangle.encoding }
    pseudoRectangles.append(rectangle)
  }

  /// Announces a feature once in the viewer's life.
  func announce(_ encoding: Int32, _ action: () -> Void) {
    guard capabilities.has(encoding), announced.insert(encoding).inserted else { return }
    action()
  }

  /// Sends one framebuffer update: the waiting pseudo-rectangles, then `pixels`.
  func sendUpdate(_ pixels: EncodedUpdate) {
    let count = pseudoRectangles.count + pixels.rectangleCount
    guard count > 0 else { return }
    var header = ByteBuffer.updateHeader(rectangleCount: count)
    for rectangle in pseudoRectangles { rectangle.write(to: &header) }
    pseudoRectangles = []
    send([header] + pixels.buffers)
    updatesSent += 1
    if let fence = fences.next(isContinuous: backlog.continuous != nil) { send([fence]) }
  }

  /// Tells the frame's size in an update of its own, as rfbproto wants it.
  func sendSize(_ size: PixelSize) {
    guard let owed = owesSize else { return }
    owesSize = nil
    let rectangle: PseudoRectangle =
      capabilities.has(EncodingNumber.extendedDesktopSize)
      ? .extendedDesktopSize(size, reason: owed.reason, status: owed.status) : .desktopSize(size)
    var message = ByteBuffer.updateHeader(rectangleCount: 1)
    rectangle.write(to: &message)
    send([message])
    updatesSent += 1
  }

  /// Answers a wish for a size, which no request has to wait for.
  func answerSize(_ size: PixelSize, status: PseudoRectangle.ResizeStatus) {
    var message = ByteBuffer.updateHeader(rectangleCount: 1)
    PseudoRectangle.extendedDesktopSize(size, reason: .thisViewer, status: status).write(to: &message)
    send([message])
  }

  func send(_ buffers: [ByteBuffer]) {
    let buffers = buffers.filter { $0.readableBytes > 0 }
    guard !buffers.isEmpty else { return }
    bytesSent += buffers.reduce(0) { $0 + $1.readableBytes }
    connection.send(buffers)
    // Whatever was sent, not only updates: until it is taken the viewer is not ready.
    connection.whenDrained(wake)
  }

  var report: ViewerReport {
    ViewerReport(
      peer: connection.peer, isViewOnly: connection.isViewOnly,
      encoding: EncodingNumber.name(of: capabilities.preferredEncoding), updatesSent: updatesSent,
      bytesSent: bytesSent)
  }
}
