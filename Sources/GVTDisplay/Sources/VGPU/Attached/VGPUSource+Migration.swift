// A vGPU whose VM is saved, restored, or replaced by another VM while viewers look on.
import GVTCore
import Logging

extension VGPUSource {
  /// Somebody else speaks to the VM's QMP socket for a while.
  struct Hold {
    /// Whoever holds says so at least this often, in nanoseconds, or has died.
    static let limit: Int64 = .milliseconds(60_000)

    /// What viewers see; nil for the picture.
    var card: StatusCard?
    var timer: EventLoop.TimerID?
  }

  /// Leaves the QMP socket alone until ``release(qmpPath:)``. `card` is shown if it is not empty; nil leaves it as it is.
  func hold(card text: String?) {
    guard let loop else { return }
    var hold = holding ?? Hold()
    loop.cancel(hold.timer)
    hold.timer = loop.schedule(after: Hold.limit) { [weak self] in self?.holderIsGone() }
    if let text { hold.card = text.isEmpty ? nil : StatusCard(title: "One moment", detail: text) }
    let isNewPicture = hold.card != holding?.card
    holding = hold
    // QEMU serves one client at a time.
    if qmp != nil {
      qmp?.stop()
      qmp = nil
      inputChanged()
    }
    if isNewPicture { showAnew() }
  }

  /// The end of ``hold(card:)``. A path is that of another VM, whose keyboard and pointer are used from now on.
  func release(qmpPath path: String?) {
    loop?.cancel(holding?.timer)
    let hadCard = holding?.card != nil
    holding = nil
    if let path { qmpPath = path }
    if qmp == nil || path != nil {
      qmp?.stop()
      connectInput()
    }
    if hadCard { showAnew() }
  }

  private func holderIsGone() {
    logger.warning("the command that held this display has not been heard of for a minute: it goes on without it")
    release(qmpPath: nil)
  }

  private func showAnew() {
    vgpu?.reader.pictureChanged()
    tellStatus()
    events?.pictureChanged()
  }

  /// Makes the vGPU what another one was.
  func restore(_ snapshot: Snapshot) throws(SnapshotFailure) {
    guard let vgpu else { return }
    try vgpu.restore(snapshot)
    monitor = vgpu.device.monitor ?? monitor
    logger.notice("the vGPU was restored from a snapshot")
    showAnew()
  }

  // MARK: - The other VM

  /// Opens the second socket.
  func openSuccessor() {
    guard let loop, successor == nil else { return }
    let path = SuccessorVGPU.path(beside: spec.socketPath)
    do throws(SystemFailure) {
      let vgpu = try AttachedVGPU(spec, at: path, monitor: monitor)
      successor = try SuccessorVGPU(vgpu, isConnected: false, on: loop) { [weak self] in self?.followSuccessor() }
    } catch {
      logger.warning("no VM can take over from this one: \(error)", metadata: ["socket": "\(path)"])
    }
  }

  func closeSuccessor() {
    successor?.leave()
    successor?.vgpu.stop()
    successor = nil
  }

  /// The display is where a VM is.
  func followSuccessor() {
    guard !isConnected, successor?.isConnected == true else { return }
    exchange()
  }

  /// Shows the VM at the other socket; `withState`, its vGPU is made what the one that was shown is. False if there is no
  /// such VM.
  func handOver(withState: Bool) throws(SnapshotFailure) -> Bool {
    guard let vgpu, let successor, successor.isConnected else { return false }
    if withState { try successor.vgpu.restore(vgpu.snapshot()) }
    exchange()
    return true
  }

  private func exchange() {
    guard let old = vgpu, let next = successor, let loop else { return }
    let wasConnected = isConnected
    loop.unwatch(old.news.wakeUp.descriptor)
    next.leave()
    do throws(SystemFailure) {
      successor = try SuccessorVGPU(old, isConnected: wasConnected, on: loop) { [weak self] in self?.followSuccessor() }
    } catch {
      logger.error("the VM that was shown cannot be watched any more: \(error)")
    }
    vgpu = next.vgpu
    isConnected = next.isConnected
    flips = FlipPacing()
    monitor = next.vgpu.device.monitor ?? monitor
    old.reader.guestIsGone()
    logger.notice("another VM is shown now", metadata: ["socket": "\(next.vgpu.socketPath)"])
    resumeNews(next.vgpu.news.wakeUp.descriptor)
    next.vgpu.reader.memoryChanged()
    updateCursor()
    refreshCursor()
    showAnew()
    takeNews()
  }
}
