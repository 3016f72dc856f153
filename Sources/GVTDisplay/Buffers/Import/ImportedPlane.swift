// One dmabuf of a source, read by whichever way reads it.
package import GVTCore

/// A buffer that can be read. Keep it as long as the buffer is in use; releasing it closes everything.
package final class ImportedPlane {
  /// How often what no way reads is tried again, in nanoseconds.
  static let retryInterval: Int64 = .milliseconds(1000)

  private enum State {
    case opened(any BufferAccess, any OpenedPlane)
    /// No way is left; from the instant on all are tried again.
    case failed(BufferFailure, until: Instant)
  }

  private let importer: DMABufImporter
  private let request: ImportRequest
  private var state: State
  private var untried: [any BufferAccess]
  private var failures: [ImportFailure] = []
  /// Told until a later attempt succeeds, not taken back while one is under way.
  private var toldFailure: BufferFailure?
  /// The way gave a picture: what goes wrong from then on is no reason to try another.
  private var hasWorked = false

  /// Throws what the ways throw when none of them takes the buffer.
  init(_ request: ImportRequest, of importer: DMABufImporter) throws(BufferFailure) {
    self.importer = importer
    self.request = request
    untried = importer.accesses(for: request)
    state = .failed(.notMappable, until: importer.now)
    try openNext()
  }

  /// How the bytes are reached. What EGL reads may turn out unreadable only when it is read, so that this may change with
  /// ``refreshed()``.
  package private(set) var method = ImportMethod.mmap

  /// What is in the buffer now, valid until the next call. Nil while a read back is on its way: the importer's `ready`
  /// follows, and the call after it gives that picture.
  package func refreshed() throws(BufferFailure) -> (buffer: PlaneBuffer, layout: SurfaceLayout)? {
    while true {
      switch state {
      case .failed(let failure, let until):
        guard importer.now >= until else { throw failure }
        untried = importer.accesses(for: request)
        failures = []
        try openNext()
      case .opened(let access, let plane):
        let picture: ReadablePicture?
        do {
          picture = try plane.refreshed()
        } catch {
          if hasWorked { throw error }
          failures.append(ImportFailure(method: access.method, reason: error))
          try openNext()
          continue
        }
        guard let picture else {
          if let toldFailure { throw toldFailure }
          return nil
        }
        noteSuccess(of: access)
        return picture
      }
    }
  }

  private func noteSuccess(of access: any BufferAccess) {
    toldFailure = nil
    if hasWorked { return }
    hasWorked = true
    importer.note(success: access.method, for: request)
  }

  private func openNext() throws(BufferFailure) {
    while !untried.isEmpty {
      let access = untried.removeFirst()
      do {
        state = .opened(access, try access.open(request))
        method = access.method
        return
      } catch {
        failures.append(ImportFailure(method: access.method, reason: error))
      }
    }
    let failure = importer.judge(failures, of: request)
    state = .failed(failure, until: importer.now + Self.retryInterval)
    toldFailure = failure
    throw failure
  }
}

/// Why one way does not read a buffer.
struct ImportFailure {
  var method: ImportMethod
  var reason: BufferFailure
}
