// Notices between two captures that a screen shows something else: at its vertical blanks while it flips, else now and then.
import GVTCore

/// Nobody tells what a compositor does, but asking which framebuffers are shown costs next to nothing. A screen that flips is
/// asked at each vertical blank: then a picture has just come up, and nobody draws into it before the next one has. A
/// screen that stands still is asked by a timer, so that its vertical blank interrupts can stay off.
final class FlipWatch {
  /// A screen that has not flipped or moved its pointer for so long stands still.
  private static let motion: Int64 = .milliseconds(500)
  private static let stillInterval: Int64 = .milliseconds(50)
  /// Vertical blanks that do not come within this time are not waited for.
  private static let patience: Int64 = .milliseconds(100)
  /// Whoever waits for a picture has one captured more often than this.
  private static let deserted: Int64 = .milliseconds(1000)

  private let device: any KMSDevice
  private let loop: EventLoop
  private let onTime: () -> Void
  private var crtc: UInt32?
  private var timer: EventLoop.TimerID?
  private var isRequested = false
  private var lastMotion = Instant(nanoseconds: .min / 2)
  private var lastCapture = Instant(nanoseconds: .min / 2)
  /// Why vertical blanks are not announced, once that was asked for in vain.
  private(set) var refusal: SystemFailure?

  /// `onTime` is called when it is time to look, and then calls ``moved()`` or ``stoodStill()``.
  init(_ device: any KMSDevice, on loop: EventLoop, onTime: @escaping () -> Void) {
    self.device = device
    self.loop = loop
    self.onTime = onTime
  }

  /// Somebody waits for pictures of this CRTC.
  func captured(_ crtc: UInt32) {
    if crtc != self.crtc { refusal = nil }
    self.crtc = crtc
    lastCapture = loop.now
    if timer == nil { arm() }
  }

  /// It shows something else than at the last look.
  func moved() {
    lastMotion = loop.now
    arm()
  }

  func stoodStill() { arm() }

  /// Nobody waits any more.
  func stop() {
    loop.cancel(timer)
    timer = nil
    crtc = nil
  }

  /// The device has announced what was asked for.
  func vblank() {
    guard isRequested else { return }
    isRequested = false
    if timer != nil { fire() }
  }

  private func arm() {
    loop.cancel(timer)
    timer = nil
    let now = loop.now
    guard let crtc, now - lastCapture < Self.deserted else { return }
    let isMoving = now - lastMotion < Self.motion && request(crtc)
    timer = loop.schedule(after: isMoving ? Self.patience : Self.stillInterval) { [weak self] in self?.fire() }
  }

  private func request(_ crtc: UInt32) -> Bool {
    if isRequested { return true }
    guard refusal == nil else { return false }
    do throws(SystemFailure) {
      try device.requestVblank(ofCRTC: crtc)
      isRequested = true
    } catch {
      refusal = error
    }
    return isRequested
  }

  private func fire() {
    loop.cancel(timer)
    timer = nil
    onTime()
  }
}
