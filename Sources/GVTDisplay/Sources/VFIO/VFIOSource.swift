// A hardware vGPU of a VM that runs, as a display source: captured through the VMM's own device.
package import GVTCore
package import Logging

/// `vfio:…`. The VM may come, go and come again. Its device is held only while somebody looks, and let go of as soon as the VM
/// ends: a device that somebody else holds can be neither started anew nor removed.
package final class VFIOSource: DisplaySource {
  /// How often the VM is looked for: right after it ended, while somebody looks, and while nobody does.
  private static let searches: (hurried: Int64, watched: Int64, unwatched: Int64) = (
    .milliseconds(100), .milliseconds(1000), .milliseconds(5000)
  )
  private static let hurry: Int64 = .milliseconds(3000)
  /// How often it is made sure that the VM still has the device that we have open: one that gives it up has to find it free.
  private static let holdCheck: Int64 = .milliseconds(500)

  let spec: VFIOSpec
  let logger: Logger
  let root: HostRoot
  private let access: any HolderAccess
  private var search: HolderSearch
  private(set) var loop: EventLoop?
  private(set) var events: SourceEvents?
  private(set) var attachment: VMAttachment?
  private var absence = Absence.ended
  /// The process that this display was told to let go of.
  private var shunned: ProcessIdentity?
  private var importer: DMABufImporter?
  /// The device, while it is open.
  private(set) var opened: OpenedVGPU?
  private var isWatched = false
  private var searchTimer: EventLoop.TimerID?
  private var hurryUntil = Instant(nanoseconds: .min / 2)
  private var holdTimer: EventLoop.TimerID?
  private var toldStatus: SourceStatus?
  private(set) var vm: VFIOMachine?
  let ledger: PlaneLedger
  /// What the device showed when somebody looked last.
  private var seen = SourceStatus.running
  private(set) var keys: VFIOInput?
  private let pointer = VFIOPointer()
  package var cursor: CursorState { pointer.state }
  package private(set) var input: (any InputSink)?

  package convenience init(_ spec: VFIOSpec, logger: Logger) {
    self.init(spec, access: KernelHolderAccess(), root: .this, logger: logger)
  }

  init(_ spec: VFIOSpec, access: any HolderAccess, root: HostRoot, logger: Logger) {
    self.spec = spec
    self.access = access
    self.root = root
    self.logger = logger
    search = HolderSearch(spec, in: root)
    ledger = PlaneLedger(logger: logger)
  }

  package func start(on loop: EventLoop, events: SourceEvents) {
    self.loop = loop
    self.events = events
    keys = VFIOInput(named: spec.qmpPath, on: loop, logger: logger) { [weak self] in self?.inputChanged() }
    pointer.start(on: loop) { [weak self] in self?.events?.cursorChanged() }
    seek()
  }

  package func stop() {
    loop?.cancel(searchTimer)
    detach()
    keys?.disconnect()
    pointer.stop()
    events = nil
    loop = nil
  }

  // MARK: - Looking for the VM

  private func seek() {
    guard let loop else { return }
    loop.cancel(searchTimer)
    searchTimer = nil
    guard attachment == nil else { return }
    do throws(Absence) {
      let holding = try search.find(at: loop.now)
      guard holding.process != shunned else { throw .detached(process: holding.process.id) }
      try attach(holding)
    } catch {
      note(error)
      scheduleSeek()
    }
    tellStatus()
  }

  private func note(_ reason: Absence) {
    // Right after an end that is what there is to say, not that nobody was found.
    let isNews = !(absence == .ended && !reason.isFailure && loop.map { $0.now < hurryUntil } ?? false)
    if isNews { absence = reason }
  }

  private func scheduleSeek() {
    guard let loop else { return }
    loop.cancel(searchTimer)
    let interval =
      loop.now < hurryUntil
      ? Self.searches.hurried : isWatched ? Self.searches.watched : Self.searches.unwatched
    searchTimer = loop.schedule(after: interval) { [weak self] in self?.seek() }
  }

  private func attach(_ holding: DeviceHolding) throws(Absence) {
    guard let loop else { return }
    let new = try VMAttachment(holding, access: access, in: root)
    // Whether we may is known only by doing it.
    let device = try new.openDevice()
    do {
      try loop.watch(new.process.descriptor) { [weak self] _ in self?.processEnded() }
    } catch {
      throw .failed(doing: "Watching process \(holding.process.id)", error)
    }
    attachment = new
    shunned = nil
    seen = .running
    let vm = VFIOMachine(holding, in: root)
    self.vm = vm
    // What it has learnt of reading this VM's buffers is kept while nobody looks; the buffers are not.
    importer = DMABufImporter(
      reading: spec.reading, driver: vm.driver, device: vm.parent, root: root, logger: logger,
      ready: { [weak self] in self?.pictureArrived() }, on: loop)
    logger.info(
      "attached to the VM", metadata: ["process": "\(holding.process.id)", "mdev": "\(holding.mdev)"])
    guard isWatched else { return }
    open(device)
    connectInput()
    events?.pictureChanged()
  }

  /// Lets go of everything of the VM's.
  private func detach() {
    closeDevice()
    importer?.stop()
    importer = nil
    if let attachment { loop?.unwatch(attachment.process.descriptor) }
    attachment = nil
    keys?.disconnect()
    pointer.vmIsGone()
  }

  private func lose(_ reason: Absence) {
    guard let loop else { return }
    let process = attachment?.holding.process.id ?? 0
    detach()
    absence = reason
    logger.info("let go of the VM: \(reason.sentence)", metadata: ["process": "\(process)"])
    if reason == .ended { hurryUntil = loop.now + Self.hurry }
    scheduleSeek()
    tellStatus()
    events?.pictureChanged()
  }

  private func processEnded() { lose(.ended) }

  package func setAttached(_ isAttached: Bool) -> Bool {
    if isAttached {
      shunned = nil
      search.startOver()
      if attachment == nil { seek() }
      return true
    }
    guard let attachment else { return false }
    shunned = attachment.holding.process
    lose(.detached(process: attachment.holding.process.id))
    return true
  }

  // MARK: - The device

  private func open(_ device: any GraphicsPlaneDevice) {
    guard let loop, let importer else { return }
    let new = OpenedVGPU(device, importer: importer, ledger: ledger, on: loop)
    new.reader.begin()
    opened = new
    scheduleHoldCheck()
  }

  private func pictureArrived() {
    opened?.reader.arrived()
    events?.pictureChanged()
  }

  private func scheduleHoldCheck() {
    holdTimer = loop?.schedule(after: Self.holdCheck) { [weak self] in
      guard let self, let attachment else { return }
      if attachment.isHeld { scheduleHoldCheck() } else { lose(.ended) }
    }
  }

  private func closeDevice() {
    loop?.cancel(holdTimer)
    holdTimer = nil
    guard let opened else { return }
    seen = opened.reader.status
    self.opened = nil
  }

  /// The device, opened if it was not. Nil if there is no VM any more.
  private func device() -> OpenedVGPU? {
    guard let attachment else { return nil }
    if opened == nil {
      do {
        open(try attachment.openDevice())
      } catch {
        lose(error)
      }
    }
    return opened
  }

  // MARK: - The picture

  package func capture(into store: FrameStore) -> Damage {
    guard let device = device() else { return store.present(absence.card) }
    let damage = device.reader.capture(into: store)
    if device.reader.status == .running { keys?.size = store.frame.size }
    if device.reader.refreshCursor() { pointer.guestSays(device.reader.cursor) }
    tellStatus()
    return damage
  }

  package var isPictureDue: Bool { opened?.reader.isComing ?? false }

  package func setWatched(_ isWatched: Bool) {
    guard isWatched != self.isWatched else { return }
    self.isWatched = isWatched
    guard isWatched else {
      closeDevice()
      keys?.disconnect()
      return
    }
    if attachment == nil { return seek() }
    if device() != nil { connectInput() }
  }

  package var status: SourceStatus {
    guard attachment != nil else { return absence.status }
    return opened?.reader.status ?? seen
  }

  private func tellStatus() {
    guard status != toldStatus else { return }
    toldStatus = status
    events?.statusChanged()
  }

  package var pacing: SourcePacing { .polled }

  // MARK: - Keys, pointer and size

  private func connectInput() { keys?.connect(found: vm?.qmpSocketPaths ?? []) }

  private func inputChanged() {
    input = keys?.sink.map { sink in PointerObserver(sink) { [weak self] in self?.pointer.pointed(at: $0) } }
    pointer.isAbsolute = { [weak self] in self?.keys?.isAbsolute ?? false }
    events?.statusChanged()
  }

  package func requestSize(_ size: PixelSize) -> ResizeAnswer {
    guard let monitor = device()?.monitor else { return .unsupported }
    return monitor.request(size)
  }

  // MARK: - Reports

  /// The device for a report, opened for that alone if nobody looks.
  var deviceForReport: OpenedVGPU? {
    if let opened { return opened }
    guard let attachment, let importer, let loop, let device = try? attachment.openDevice() else { return nil }
    return OpenedVGPU(device, importer: importer, ledger: ledger, on: loop)
  }
}
