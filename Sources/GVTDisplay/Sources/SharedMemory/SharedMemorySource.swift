// A screen that another process keeps in a file, such as Xvfb with -fbdir.
package import GVTCore

/// What the bytes in the file are.
package enum SharedMemoryForm: Equatable, Sendable {
  /// Pixels, laid out as the user says.
  case raw(SurfaceLayout)
  /// An X window dump, whose header says how.
  case xwd
}

/// Looks at a file whenever asked for a picture. The file may be missing, short, or replaced at any time.
package final class SharedMemorySource: DisplaySource {
  /// Nanoseconds between two looks at what the file's name stands for, while somebody watches.
  private static let checkInterval = Int64.milliseconds(250)

  private let path: String
  private let form: SharedMemoryForm
  private var loop: EventLoop?
  private var events: SourceEvents?
  private var nextCheck = Instant(nanoseconds: .min)
  private var attachment: Attachment?

  package private(set) var status = SourceStatus.waiting("Nobody has looked at the file yet.")
  package let pacing = SourcePacing.polled
  package let cursor = CursorState.unknown
  package let input: (any InputSink)? = nil

  package init(path: String, form: SharedMemoryForm) {
    self.path = path
    self.form = form
  }

  package func start(on loop: EventLoop, events: SourceEvents) {
    self.loop = loop
    self.events = events
    check()
  }

  package func capture(into store: FrameStore) -> Damage {
    if let now = loop?.now, now >= nextCheck { check() }
    if let attachment {
      do throws(BufferFailure) {
        let damage = try attachment.present(into: store)
        report(.running)
        return damage
      } catch {
        // Looked at again at the next check: a writer that is in the middle of a change gets a moment.
        self.attachment = nil
        report(.waiting(error.sentence))
      }
    }
    switch status {
    case .failed(let sentence): return store.present(StatusCard(title: "No picture", detail: sentence))
    case .waiting(let sentence):
      return store.present(StatusCard(title: "Waiting for a picture", detail: sentence))
    case .running: return .nothing(in: store.frame.size)
    }
  }

  package var isPictureDue: Bool { false }

  package func setWatched(_ isWatched: Bool) {
    if !isWatched { attachment = nil }
    nextCheck = Instant(nanoseconds: .min)
  }

  package var planes: [PlaneReport] { attachment.map { [$0.plane] } ?? [] }

  package func setAttached(_ isAttached: Bool) -> Bool { false }

  package var details: [SourceDetail] { [] }

  package func requestSize(_ size: PixelSize) -> ResizeAnswer { .unsupported }

  package func stop() {
    attachment = nil
    loop = nil
    events = nil
  }

  /// Finds out what the file's name stands for now, and keeps, renews or drops the attachment.
  private func check() {
    if let now = loop?.now { nextCheck = now + Self.checkInterval }
    do throws(Attachment.Refusal) {
      if let attachment, try attachment.isCurrent(path: path, form: form) { return }
      attachment = try Attachment(path: path, form: form)
      report(.running)
    } catch {
      attachment = nil
      report(error.status)
    }
  }

  private func report(_ new: SourceStatus) {
    guard new != status else { return }
    status = new
    events?.statusChanged()
  }
}
