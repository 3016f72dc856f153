// Updates that libvncserver encodes: a slice at a time, so that no viewer holds the display thread for long.
import GVTCore
import NIOCore

/// The library viewers' updates in progress, served in turn. Display thread only.
final class LibraryUpdater {
  private struct Job {
    let viewer: Viewer
    let form: Picture.Form
    var slices: [PixelRect]
    var update = EncodedUpdate(rectangleCount: 0, buffers: [])
  }

  /// The longest that one turn may take beyond its last slice.
  private static let turnNanoseconds: Int64 = .milliseconds(6)

  private let screen: LibraryScreen
  private var jobs: [Job] = []

  init(screen: LibraryScreen) { self.screen = screen }

  var isIdle: Bool { jobs.isEmpty }

  /// Begins an update of these parts of the frame.
  func begin(_ viewer: Viewer, form: Picture.Form, rectangles: [PixelRect]) {
    viewer.isBeingServed = true
    let slices = rectangles.flatMap(Self.slices(of:))
    jobs.append(Job(viewer: viewer, form: form, slices: slices.reversed()))
  }

  func forget(_ viewer: Viewer) {
    jobs.removeAll { $0.viewer === viewer }
    viewer.isBeingServed = false
  }

  /// Takes a viewer's update out as far as it is encoded, with the parts that are not. Nil if there is none under way.
  func settle(_ viewer: Viewer) -> (update: EncodedUpdate, rest: [PixelRect])? {
    guard let index = jobs.firstIndex(where: { $0.viewer === viewer }) else { return nil }
    let job = jobs.remove(at: index)
    viewer.isBeingServed = false
    return (job.update, job.slices)
  }

  /// Encodes slices, one viewer after the other, until the turn is over, something else `isWaiting` or nothing is left; one at
  /// least, so that a busy display does not starve these viewers. `finish` gets each update that
  /// is complete; viewers that the library has given up are given to `lose`.
  func turn(
    _ picture: Picture, now: () -> Instant, isWaiting: () -> Bool, finish: (Viewer, EncodedUpdate) -> Void,
    lose: (Viewer) -> Void
  ) {
    let end = now() + Self.turnNanoseconds
    while !jobs.isEmpty {
      var job = jobs.removeFirst()
      if let slice = job.slices.popLast() {
        screen.show(picture.frame(job.form))
        guard let encoded = job.viewer.library.encode(slice) else {
          job.viewer.isBeingServed = false
          lose(job.viewer)
          continue
        }
        job.update.rectangleCount += encoded.rectangleCount
        job.update.buffers.append(encoded.bytes)
      }
      if job.slices.isEmpty {
        job.viewer.isBeingServed = false
        finish(job.viewer, job.update)
      } else {
        jobs.append(job)
      }
      if now() >= end || isWaiting() { return }
    }
  }

  /// Cuts a rectangle along a fixed grid, so that the 64x64 tiles of ZRLE are whole.
  static func slices(of rect: PixelRect) -> [PixelRect] {
    let side = LibraryClient.sliceSize
    guard !rect.isEmpty else { return [] }
    var slices: [PixelRect] = []
    for row in rect.y / side.height...(rect.maxY - 1) / side.height {
      for column in rect.x / side.width...(rect.maxX - 1) / side.width {
        let cell = PixelRect(
          x: column * side.width, y: row * side.height, width: side.width, height: side.height)
        slices.append(cell.intersection(rect))
      }
    }
    return slices
  }
}
