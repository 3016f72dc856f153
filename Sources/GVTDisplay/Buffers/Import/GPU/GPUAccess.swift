// Dmabufs read by a GPU: the display's side of it, which never waits for more than a moment.
import GVTCore
import Logging

/// Reads with the GPU of one DRM node. Its thread starts with the first buffer.
final class GPUAccess: BufferAccess {
  let method = ImportMethod.egl
  fileprivate let node: Result<String, BufferFailure>
  fileprivate let loop: EventLoop
  private let logger: Logger
  private let ready: () -> Void
  private var running: (thread: GPUThread, arrivals: WakeUp)?
  private var isStopped = false
  private var rounds = ReadRounds()
  /// Those that are on their way.
  private var reads: [UInt64: GPURead] = [:]
  private var planeCount: UInt64 = 0
  /// When the last picture that was given was begun to be read, for buffers that may show the same plane in turns.
  private var given: [Kind: Instant] = [:]

  private struct Kind: Hashable {
    var code: FourCC
    var size: PixelSize
  }

  init(node: Result<String, BufferFailure>, logger: Logger, ready: @escaping () -> Void, on loop: EventLoop) {
    self.node = node
    self.logger = logger
    self.ready = ready
    self.loop = loop
  }

  func open(_ request: ImportRequest) throws(BufferFailure) -> any OpenedPlane {
    let node = try node.get()
    if isStopped { throw .unusableGPU(node: node, reason: "it was let go of") }
    do {
      if running == nil { running = try start(node: node) }
      planeCount += 1
      return GPUPlane(number: planeCount, request, node: node, arrived: try WakeUp(), of: self)
    } catch {
      throw .system(doing: "Starting to read with the GPU", error)
    }
  }

  func stop() {
    isStopped = true
    guard let running else { return }
    self.running = nil
    loop.unwatch(running.arrivals.descriptor)
    running.thread.stop()
  }

  private func start(node: String) throws(SystemFailure) -> (GPUThread, WakeUp) {
    let arrivals = try WakeUp()
    let thread = try GPUThread(node: node, logger: logger)
    try loop.watch(arrivals.descriptor) { [weak self] _ in
      arrivals.acknowledge()
      self?.announce()
    }
    return (thread, arrivals)
  }

  /// Hands a read to the GPU's thread; false if there is none, or it hangs.
  fileprivate func submit(_ read: GPURead) -> Bool {
    guard let running, running.thread.submit(.read(read, announce: running.arrivals)) else { return false }
    reads[read.plane] = read
    return true
  }

  fileprivate func release(_ plane: UInt64) {
    rounds.forget(plane)
    reads[plane] = nil
    _ = running?.thread.submit(.release(plane: plane))
  }

  /// Whether no picture of that kind was given that was begun to be read later; notes that this one is.
  fileprivate func isInOrder(_ since: Instant, like description: DMABufDescription) -> Bool {
    let kind = Kind(code: description.code, size: description.size)
    if let last = given[kind], last > since { return false }
    // Kinds come from a guest, but only the present ones count.
    if given.count >= 16 { given = [:] }
    given[kind] = since
    return true
  }

  fileprivate func takesWhatThereIs(_ plane: UInt64) -> Bool { rounds.takesWhatThereIs(plane) }

  /// A plane was looked at in this turn of the loop.
  fileprivate func note(_ plane: UInt64, waits: Bool) {
    guard rounds.note(plane, waits: waits) else { return }
    loop.schedule(after: 0) { [weak self] in
      self?.rounds.endTurn()
      self?.announce()
    }
  }

  private func announce() {
    reads = reads.filter { $0.value.outcome == nil }
    if rounds.announces(onTheirWay: Set(reads.keys)) { ready() }
  }
}

/// A dmabuf that the GPU reads when it is looked at, into one of two buffers: one is lent, the other is being filled.
private final class GPUPlane: OpenedPlane {
  /// How long the display's thread waits for a read, if the one before took no longer.
  private static let patience: Int64 = .milliseconds(4)
  /// A driver that takes longer hangs.
  private static let hangAfter: Int64 = .milliseconds(5000)
  /// A picture that nobody came for in this time shows what was.
  private static let shelfLife: Int64 = .milliseconds(500)

  private let number: UInt64
  private let request: ImportRequest
  private let node: String
  private let arrived: WakeUp
  private let access: GPUAccess
  private let clock = MonotonicClock()

  private var read: (job: GPURead, since: Instant)?
  /// What was read last, and whether anybody has seen it.
  private var latest: (picture: ReadablePicture, since: Instant, at: Instant, isTaken: Bool)?
  private var failure: (reason: BufferFailure, at: Instant, isTaken: Bool)?
  /// The source's, until it gets another.
  private var lent: PlaneBuffer?
  private var spare: PlaneBuffer?
  /// How long the last read took, with what it had to wait for.
  private var lastDuration: Int64?
  private var hasDiscarded = false

  init(number: UInt64, _ request: ImportRequest, node: String, arrived: WakeUp, of access: GPUAccess) {
    self.number = number
    self.request = request
    self.node = node
    self.arrived = arrived
    self.access = access
  }

  deinit { access.release(number) }

  func refreshed() throws(BufferFailure) -> ReadablePicture? {
    collect()
    let isAnswer = access.takesWhatThereIs(number)
    if let answer = try take(isAnswer: isAnswer) { return answer }
    if read == nil {
      try start()
      if let lastDuration, lastDuration <= Self.patience { arrived.wait(atMost: Self.patience) }
      collect()
      if let answer = try take(isAnswer: false) { return answer }
    }
    if let read, clock.now - read.since > Self.hangAfter {
      throw .unusableGPU(node: node, reason: "it has not answered for five seconds")
    }
    access.note(number, waits: true)
    // What failed is tried again once a second: that is no news before it is known to work.
    if let failure { throw failure.reason }
    return nil
  }

  /// What has arrived and nobody has seen yet; in answer to an announcement, also what was seen.
  private func take(isAnswer: Bool) throws(BufferFailure) -> ReadablePicture? {
    let now = clock.now
    if let failure, !failure.isTaken || now - failure.at < ImportedPlane.retryInterval {
      self.failure?.isTaken = true
      access.note(number, waits: false)
      throw failure.reason
    }
    guard let latest, isAnswer || !latest.isTaken else { return nil }
    // Nobody looked for a while: once, what is there now is worth waiting for.
    let isOld = now - latest.at > Self.shelfLife && !hasDiscarded
    // A guest that flips shows one buffer while another is read: what was shown since must not be followed by this.
    guard !isOld, access.isInOrder(latest.since, like: request.description) else {
      hasDiscarded = isOld
      self.latest?.isTaken = true
      return nil
    }
    hasDiscarded = false
    self.latest?.isTaken = true
    if lent !== latest.picture.buffer { (spare, lent) = (lent, latest.picture.buffer) }
    access.note(number, waits: false)
    return latest.picture
  }

  private func start() throws(BufferFailure) {
    let size = request.description.size
    // What was read and never lent may be overwritten too.
    let unseen = latest.flatMap { $0.picture.buffer === lent ? nil : $0.picture.buffer }
    let target = unseen ?? spare ?? .bytes(count: size.area * 4)
    if unseen != nil { latest = nil } else { spare = nil }
    arrived.acknowledge()
    let job = GPURead(plane: number, request, into: target, arrived: arrived)
    guard access.submit(job) else { throw .unusableGPU(node: node, reason: "it hangs, or was let go of") }
    read = (job, clock.now)
  }

  private func collect() {
    guard let read, let outcome = read.job.outcome else { return }
    self.read = nil
    lastDuration = outcome.at - read.since
    switch outcome.layout {
    case .success(let layout):
      failure = nil
      latest = ((read.job.buffer, layout), read.since, outcome.at, false)
    case .failure(let reason):
      spare = read.job.buffer
      failure = (reason, outcome.at, false)
      latest?.isTaken = true
    }
  }
}
