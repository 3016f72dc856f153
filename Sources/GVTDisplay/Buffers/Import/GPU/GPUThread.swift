// The thread that talks to the GPU: calls of GL block, and a display must not.
import GVTCore
import Logging

/// A picture that is to be read back. The display's thread makes it and takes its result; in between it is the GPU
/// thread's.
final class GPURead: Sendable {
  /// Which plane, for as long as that plane is there.
  let plane: UInt64
  let request: ImportRequest
  private let target: Target
  private let finished = Locked<Outcome?>(nil)
  private let arrived: WakeUp

  /// The layout of the pixels in ``buffer``, and when they were there.
  struct Outcome: Sendable {
    var layout: Result<SurfaceLayout, BufferFailure>
    var at: Instant
  }

  /// Only one thread uses it at a time: whoever the read belongs to.
  private final class Target: @unchecked Sendable {
    let buffer: PlaneBuffer
    init(_ buffer: PlaneBuffer) { self.buffer = buffer }
  }

  /// `arrived` is signalled when there is a result.
  init(plane: UInt64, _ request: ImportRequest, into buffer: PlaneBuffer, arrived: WakeUp) {
    self.plane = plane
    self.request = request
    target = Target(buffer)
    self.arrived = arrived
  }

  /// What came of it. Nil while the read is on its way.
  var outcome: Outcome? { finished.withLock { $0 } }
  /// Nobody's but the GPU thread's before there is an outcome.
  var buffer: PlaneBuffer { target.buffer }

  func finish(_ layout: Result<SurfaceLayout, BufferFailure>) {
    let outcome = Outcome(layout: layout, at: MonotonicClock().now)
    finished.withLock { $0 = outcome }
    arrived.signal()
  }
}

/// Does one thing after the other. Any thread may give it work.
final class GPUThread: Sendable {
  enum Job: Sendable {
    case read(GPURead, announce: WakeUp)
    case release(plane: UInt64)
  }

  private struct Inbox {
    var jobs: [Job] = []
    var isStopping = false
  }

  /// More waits only if the GPU hangs, and then nothing is gained by waiting with more.
  private static let mostJobs = 256

  private let inbox = Locked(Inbox())
  private let work: WakeUp
  private let ended: WakeUp

  init(node: String, logger: Logger) throws(SystemFailure) {
    work = try WakeUp()
    ended = try WakeUp()
    let (inbox, work, ended) = (inbox, work, ended)
    _ = try Thread(named: "gvt-gpu") {
      let worker = GPUWorker(node: node, logger: logger)
      while true {
        let (jobs, isStopping) = inbox.withLock { inbox in
          defer { inbox.jobs = [] }
          return (inbox.jobs, inbox.isStopping)
        }
        for job in jobs { worker.run(job, isStopping: isStopping) }
        if isStopping { break }
        if jobs.isEmpty {
          work.wait(atMost: nil)
          work.acknowledge()
        }
      }
      worker.close()
      ended.signal()
    }
  }

  /// False if the thread is so far behind that it must hang.
  func submit(_ job: Job) -> Bool {
    let isTaken = inbox.withLock { inbox in
      // What is to be released must not be forgotten; there is no more of it than of planes.
      if case .read = job, inbox.jobs.count >= Self.mostJobs { return false }
      inbox.jobs.append(job)
      return true
    }
    work.signal()
    return isTaken
  }

  /// Takes everything down, and waits a moment for it: a driver that hangs is left behind.
  func stop() {
    inbox.withLock { $0.isStopping = true }
    work.signal()
    ended.wait(atMost: .milliseconds(250))
  }
}

/// What the thread holds.
private final class GPUWorker {
  /// A GPU that fails is not asked again before this many nanoseconds have passed.
  private static let restartInterval: Int64 = .milliseconds(1000)

  private let node: String
  private let logger: Logger
  private let clock = MonotonicClock()
  private var session: EGLSession?
  private var textures: [UInt64: GPUTexture] = [:]
  private var outage: (failure: BufferFailure, until: Instant)?
  /// What the log has been told, to be told once.
  private var told: Set<String> = []

  init(node: String, logger: Logger) {
    self.node = node
    self.logger = logger
  }

  func run(_ job: GPUThread.Job, isStopping: Bool) {
    switch job {
    case .release(let plane): textures[plane] = nil
    case .read(let read, let announce):
      read.finish(isStopping ? .failure(.unusableGPU(node: node, reason: "it was let go of")) : outcome(of: read))
      announce.signal()
    }
  }

  func close() {
    textures = [:]
    session = nil
  }

  private func tell(_ level: Logger.Level, _ line: String) {
    if told.count < 32, told.insert(line).inserted { logger.log(level: level, "\(line)") }
  }

  private func outcome(of read: GPURead) -> Result<SurfaceLayout, BufferFailure> {
    do {
      let texture = try texture(of: read)
      try texture.read(into: read.buffer)
      return .success(texture.layout)
    } catch {
      textures[read.plane] = nil
      if error.isGPULost {
        close()
        outage = (error.failure, clock.now + Self.restartInterval)
        tell(.warning, "\(error.failure.sentence) It is started anew.")
      }
      return .failure(error.failure)
    }
  }

  private func texture(of read: GPURead) throws(GPUFault) -> GPUTexture {
    if let texture = textures[read.plane] { return texture }
    let texture = try GPUTexture(read.request, try running())
    textures[read.plane] = texture
    return texture
  }

  private func running() throws(GPUFault) -> EGLSession {
    if let session { return session }
    if let outage, clock.now < outage.until { throw GPUFault(failure: outage.failure, isGPULost: false) }
    do {
      let new = try EGLSession(node: node)
      tell(.info, "\(node) reads buffers: \(new.renderer)")
      session = new
      outage = nil
      return new
    } catch {
      outage = (error, clock.now + Self.restartInterval)
      throw GPUFault(failure: error, isGPULost: false)
    }
  }
}
