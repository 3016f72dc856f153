// Finds the process that has the vGPU that a SPEC means, and goes on looking cheaply while there is none.
import GVTCore

/// Looks through a host's processes. One that has begun lately is looked at each time; others, which seldom open a device
/// at a later time, every ten seconds: a host has hundreds, with thousands of open files.
struct HolderSearch {
  /// How long a process counts as new, and how often an old one is looked at.
  static let interval: Int64 = .milliseconds(10_000)

  private struct Glance {
    var first: Instant
    var last: Instant?
  }

  private let target: VFIOSpec.Target
  private let mdev: String?
  private let root: HostRoot
  private let marks: HoldingMarks
  private var glances: [Int32: Glance] = [:]
  /// Who was found last, and is looked at each time.
  private var likely: Set<Int32> = []

  init(_ spec: VFIOSpec, in root: HostRoot) {
    target = spec.target
    mdev = spec.mdev
    self.root = root
    marks = HoldingMarks(in: root)
  }

  /// Forgets who was looked at: something has changed.
  mutating func startOver() { glances = [:] }

  /// Who has the device open.
  mutating func find(at now: Instant) throws(Absence) -> DeviceHolding {
    switch target {
    case .device(let mdev): return try holder(of: mdev, at: now)
    case .process(let id):
      guard ProcessIdentity(id, in: root) != nil else { throw .noProcess(id: id) }
      return try vGPU(of: id)
    case .machine(let name): return try vGPU(of: machine(name, at: now))
    }
  }

  private mutating func holder(of mdev: String, at now: Instant) throws(Absence) -> DeviceHolding {
    guard marks.exists(mdev) else { throw .noDevice(mdev: mdev) }
    guard marks.group(of: mdev) != nil else { throw .noDriver(mdev: mdev) }
    var found: [DeviceHolding] = []
    for process in due(at: now) {
      found += marks.holdings(of: process).filter { $0.mdev == mdev }.prefix(1)
    }
    if !found.isEmpty { likely = Set(found.map(\.process.id)) }
    if let best = found.min(by: { rank($0) < rank($1) }) { return best }
    if let obstacle = TraceRights(in: root).obstacle(in: root) { throw .forbidden(obstacle) }
    throw .noHolder(mdev: mdev)
  }

  /// Several have it where a VMM has forked, or another display of ours is just taking part: the VMM itself comes first.
  private func rank(_ holding: DeviceHolding) -> (Int, UInt64) {
    let isQEMU = QEMUProcess(id: holding.process.id, in: root) != nil
    return (isQEMU ? 0 : 1, holding.process.startTicks)
  }

  private mutating func machine(_ name: String, at now: Instant) throws(Absence) -> Int32 {
    let found = due(at: now).filter { QEMUProcess(id: $0, in: root)?.name == name }
    if !found.isEmpty { likely = Set(found) }
    switch found.count {
    case 1: return found[0]
    case 0: throw .noMachine(name: name)
    default: throw .severalMachines(found, name: name)
    }
  }

  private func vGPU(of process: Int32) throws(Absence) -> DeviceHolding {
    let holdings = marks.holdings(of: process)
    let names = Set(holdings.map(\.mdev)).sorted()
    if let mdev {
      if let holding = holdings.first(where: { $0.mdev == mdev }) { return holding }
      if !names.isEmpty { throw .otherVGPUs(names, process: process) }
    }
    guard let first = holdings.first else {
      if let obstacle = TraceRights(in: root).obstacle(toProcess: process, in: root) { throw .forbidden(obstacle) }
      if marks.hasNamelessDevices(process) { throw .nameless(process: process) }
      throw .noVGPU(process: process)
    }
    guard names.count == 1 else { throw .several(names, process: process) }
    return first
  }

  /// The processes to look at now, by number; this one and others of its kind are not among them.
  private mutating func due(at now: Instant) -> [Int32] {
    let all = root.entries(of: "/proc").compactMap(Int32.init)
    var next: [Int32: Glance] = [:]
    var due: [Int32] = []
    let own = root.linkTarget("/proc/self/exe")
    for process in all {
      var glance = glances[process] ?? Glance(first: now)
      let isNew = now - glance.first < Self.interval
      if isNew || likely.contains(process) || glance.last.map({ now - $0 >= Self.interval }) ?? true {
        glance.last = now
        if own == nil || root.linkTarget("/proc/\(process)/exe") != own { due.append(process) }
      }
      next[process] = glance
    }
    glances = next
    return due.sorted()
  }
}
