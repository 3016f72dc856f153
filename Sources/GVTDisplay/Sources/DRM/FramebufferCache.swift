// The buffers of the framebuffers that a screen flips between, opened once and kept.
import GVTCore

/// Opened buffers, the last used ones first.
///
/// A framebuffer's number says nothing: the kernel gives the lowest free one to the next framebuffer, so that programs that
/// make one for each frame show ever new buffers under two numbers. What says which buffer it is, is the dmabuf's inode: the
/// kernel counts them up and never gives one twice (drivers/dma-buf/dma-buf.c, dma_buf_getfile), and exporting a buffer
/// again gives the same dmabuf as long as somebody has a handle of it, which ``Entry`` does. So each framebuffer is exported
/// at each look, which costs five short system calls, and compared; nothing is ever read because a number is the same.
struct FramebufferCache {
  final class Entry {
    let description: DMABufDescription
    fileprivate let identity: OpenFile.Identity
    /// Closed with this, see above.
    private let handles: GEMHandles
    fileprivate let madeAt: Instant
    fileprivate var lastUse: Instant
    /// The way to the bytes, or why there is none.
    let result: Result<ImportedPlane, BufferFailure>
    /// Bytes that have arrived for a picture whose other planes' have not.
    var arrived: (buffer: PlaneBuffer, layout: SurfaceLayout)?

    fileprivate init(
      _ description: DMABufDescription, _ identity: OpenFile.Identity, _ handles: GEMHandles, at now: Instant,
      _ result: Result<ImportedPlane, BufferFailure>
    ) {
      self.description = description
      self.identity = identity
      self.handles = handles
      madeAt = now
      lastUse = now
      self.result = result
    }

    /// What was refused once is asked for again, but not at each look.
    fileprivate func isStale(at now: Instant) -> Bool {
      if case .failure = result { return now - madeAt >= .milliseconds(2000) }
      return false
    }
  }

  /// Triple buffering of a picture, an overlay or two, and a few cursors.
  private static let limit = 12
  /// What was not shown for so long is given back: a buffer that its owner has freed stays in memory as long as it is here.
  private static let patience: Int64 = .milliseconds(1000)

  private var entries: [Entry] = []

  var count: Int { entries.count }

  /// The opened buffer of `framebuffer`, which `importer` opens if it is not among them.
  mutating func entry(
    of framebuffer: KMSFramebuffer, in memory: KMSFramebuffer.Memory, by importer: DMABufImporter, at now: Instant
  ) throws(SystemFailure) -> Entry {
    let identity = try OpenFile(memory.dmabuf).identity
    let known = entries.firstIndex { $0.identity == identity && $0.description == framebuffer.description }
    if let known {
      let entry = entries.remove(at: known)
      if !entry.isStale(at: now) {
        entries.insert(entry, at: 0)
        entry.lastUse = now
        return entry
      }
    }
    let descriptor = try memory.dmabuf.owned.duplicate()
    let result: Result<ImportedPlane, BufferFailure>
    do throws(BufferFailure) {
      result = .success(try importer.plane(descriptor, as: framebuffer.description))
    } catch {
      result = .failure(error)
    }
    let entry = Entry(framebuffer.description, identity, memory.handles, at: now, result)
    entries.insert(entry, at: 0)
    if entries.count > Self.limit { entries.removeLast() }
    return entry
  }

  /// Gives back what has not been shown lately.
  mutating func prune(at now: Instant) { entries.removeAll { now - $0.lastUse >= Self.patience } }

  mutating func removeAll() { entries = [] }
}
