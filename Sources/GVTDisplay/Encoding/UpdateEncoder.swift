// Turns parts of a frame into the rectangles of a framebuffer update, on worker threads.
import Dispatch
package import GVTCore
package import NIOCore
import Synchronization

/// A part of the frame that some viewers need, and how they want it.
package struct EncodeRequest: Hashable, Sendable {
  package var tiles: TileSet
  /// Nothing outside this rectangle is sent.
  package var clip: PixelRect
  package var settings: EncodingSettings

  package init(tiles: TileSet, clip: PixelRect, settings: EncodingSettings) {
    self.tiles = tiles
    self.clip = clip
    self.settings = settings
  }
}

/// The rectangles of one update, without its header.
package struct EncodedUpdate: Sendable {
  /// At most one for each tile; above 65534 (a picture of more than 16384x16384) an update needs LastRect or two parts.
  package var rectangleCount: Int
  /// Whole rectangles, to be sent one buffer after the other. Viewers share their storage.
  package var buffers: [ByteBuffer]

  package init(rectangleCount: Int, buffers: [ByteBuffer]) {
    self.rectangleCount = rectangleCount
    self.buffers = buffers
  }

  package var byteCount: Int { buffers.reduce(0) { $0 + $1.readableBytes } }
}

/// Encodes one frame in Tight (rfbproto, Tight Encoding) for all viewers of it; used from the display thread.
///
/// A frame is cut into bands of two rows of tiles. A band that several viewers want with equal settings is encoded
/// once, and kept until one of its tiles changes, so that a viewer that asks later shares it too.
package final class UpdateEncoder {
  /// Encoded bands are kept up to this many bytes; a photo-like 3840x2160 picture has about 2 MB.
  private static let cacheLimit = 16 << 20

  private let workers: [EncodeWorker]
  private let cache = BandCache(limit: UpdateEncoder.cacheLimit)

  /// `workers` bands are encoded at a time.
  package init(workers: Int) {
    precondition(workers > 0, "encoding needs a worker")
    self.workers = (0..<workers).map { EncodeWorker(number: $0) }
  }

  /// Encodes each request; equal parts of them, and parts that were encoded before and have not changed, are shared.
  /// `done` is called once, on a worker thread, with one result for each request in their order. Until then the frame
  /// must not change.
  package func encode(
    _ requests: [EncodeRequest], of frame: Frame,
    done: @escaping @Sendable ([EncodedUpdate]) -> Void
  ) {
    var plan = EncodePlan(frame: frame, cache: cache)
    for request in requests { plan.add(request) }
    let batch = EncodeBatch(plan, epoch: cache.epoch, done)
    let needed = max(1, min(workers.count, plan.jobs.count))
    for worker in workers.prefix(needed) { worker.take(batch) }
  }

  /// The pixels of these tiles have changed: nothing that was encoded from them is sent again.
  package func noteDamage(_ tiles: TileSet) {
    var changed: [Int: Band] = [:]
    for index in 0..<(tiles.rows + Band.tileRows - 1) / Band.tileRows {
      changed[index] = Band(index, of: tiles, clip: tiles.size.bounds)
    }
    cache.drop(changed)
  }

  /// The frame was replaced, maybe by one of another size.
  package func forgetAll() { cache.dropAll() }

  /// How many encoded bands are kept, for tests and statistics.
  package var cachedBandCount: Int { cache.count }
}

/// Which bands each request needs, and which of those have to be encoded.
private struct EncodePlan {
  let frame: Frame
  let cache: BandCache
  private(set) var jobs: [EncodeJob] = []
  /// Where a job's result goes: its place in ``results``.
  private(set) var jobPlaces: [Int] = []
  private(set) var results: [EncodedBand?] = []
  /// For each request, the places of its bands.
  private(set) var requests: [[Int]] = []
  private var known: [BandKey: Int] = [:]

  init(frame: Frame, cache: BandCache) {
    self.frame = frame
    self.cache = cache
  }

  mutating func add(_ request: EncodeRequest) {
    precondition(request.tiles.size == frame.size, "a request is for tiles of the frame")
    let settings = request.settings.canonical
    var places: [Int] = []
    for index in 0..<(request.tiles.rows + Band.tileRows - 1) / Band.tileRows {
      guard let band = Band(index, of: request.tiles, clip: request.clip) else { continue }
      let clip = request.clip.intersection(band.rows(in: frame.size))
      places.append(place(of: BandKey(band: band, clip: clip, settings: settings)))
    }
    requests.append(places)
  }

  private mutating func place(of key: BandKey) -> Int {
    if let place = known[key] { return place }
    let place = results.count
    known[key] = place
    let cached = cache.find(key)
    results.append(cached)
    if cached == nil {
      jobs.append(EncodeJob(key: key, frame: frame))
      jobPlaces.append(place)
    }
    return place
  }
}

/// The jobs of one call to ``UpdateEncoder/encode(_:of:done:)``; workers take them one by one, and the one
/// that finishes the last hands over the results.
private final class EncodeBatch: Sendable {
  private let jobs: [EncodeJob]
  private let jobPlaces: [Int]
  private let requests: [[Int]]
  private let cache: BandCache
  private let epoch: UInt64
  private let done: @Sendable ([EncodedUpdate]) -> Void
  private let results: Locked<[EncodedBand?]>
  private let next = Atomic(0)
  private let unfinished: Atomic<Int>

  init(_ plan: EncodePlan, epoch: UInt64, _ done: @escaping @Sendable ([EncodedUpdate]) -> Void) {
    jobs = plan.jobs
    jobPlaces = plan.jobPlaces
    requests = plan.requests
    cache = plan.cache
    self.epoch = epoch
    self.done = done
    results = Locked(plan.results)
    unfinished = Atomic(plan.jobs.count)
  }

  func work(in workspace: EncodeWorkspace) {
    if jobs.isEmpty { return finish() }
    while true {
      let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
      guard number < jobs.count else { return }
      let job = jobs[number]
      let encoded = job.run(in: workspace)
      cache.add(encoded, for: job.key, begunIn: epoch)
      results.withLock { $0[jobPlaces[number]] = encoded }
      if unfinished.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue == 0 { finish() }
    }
  }

  private func finish() {
    let bands = results.withLock { $0 }
    done(
      requests.map { places in
        let own = places.compactMap { bands[$0] }
        return EncodedUpdate(
          rectangleCount: own.reduce(0) { $0 + $1.rectangleCount }, buffers: own.map(\.buffer))
      })
  }
}

/// A thread's worth of encoding: a serial queue and what belongs to it alone.
private final class EncodeWorker: Sendable {
  private let queue: DispatchQueue
  private let workspace = EncodeWorkspace()

  init(number: Int) { queue = DispatchQueue(label: "encode-\(number)", qos: .userInitiated) }

  func take(_ batch: EncodeBatch) {
    queue.async { [workspace] in batch.work(in: workspace) }
  }
}
