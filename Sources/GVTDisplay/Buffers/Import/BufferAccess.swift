// What every way to a dmabuf's bytes can do.
import GVTCore

/// A picture's bytes and how they are laid out. Valid until the plane is asked again.
typealias ReadablePicture = (buffer: PlaneBuffer, layout: SurfaceLayout)

/// One way to the bytes of dmabufs. Lives on its display's thread.
protocol BufferAccess: AnyObject {
  var method: ImportMethod { get }
  /// Makes a buffer readable, or begins to: what goes wrong later is thrown by ``OpenedPlane/refreshed()``.
  func open(_ request: ImportRequest) throws(BufferFailure) -> any OpenedPlane
  /// Lets go of everything that is not a plane's.
  func stop()
}

/// A buffer that one way reads. Releasing it gives back what it holds.
protocol OpenedPlane: AnyObject {
  /// What is in the buffer now; nil while that is on its way.
  func refreshed() throws(BufferFailure) -> ReadablePicture?
}

/// The CPU maps the dmabuf itself.
final class MappedAccess: BufferAccess {
  let method = ImportMethod.mmap

  func open(_ request: ImportRequest) throws(BufferFailure) -> any OpenedPlane {
    let layout = try request.layout()
    let descriptor: OwnedDescriptor
    do {
      descriptor = try request.dmabuf.owned.duplicate()
    } catch {
      throw .system(doing: "Keeping a dmabuf", error)
    }
    let buffer = try PlaneBuffer.dmabuf(descriptor)
    guard layout.byteCount <= buffer.count else { throw .tooShort(needed: layout.byteCount, has: buffer.count) }
    return StandingPlane(buffer: buffer, layout: layout)
  }

  func stop() {}
}

/// Memory that always shows what is in the buffer now.
final class StandingPlane: OpenedPlane {
  private let picture: ReadablePicture

  init(buffer: PlaneBuffer, layout: SurfaceLayout) { picture = (buffer, layout) }

  func refreshed() throws(BufferFailure) -> ReadablePicture? { picture }
}
