// The vGPUs of all processes of this user: a folder with one locked file for each.
import Glibc
import Synchronization

/// Accounts vGPUs across processes.
///
/// Each has one of seven numbered files, which its process keeps locked (flock) and which says what it is. The kernel lets
/// go of the lock however the process ends, so that nothing is ever left to clean up by hand. Whoever decides or looks
/// holds the folder's own lock meanwhile.
package struct InstanceFolder: Sendable {
  package let path: String

  /// `runFolder` is ``RunFolder/path`` or what takes its place.
  package init(in runFolder: String) { path = runFolder + "/vgpu" }

  /// Those that run now. A folder that is not there holds none.
  package func instances() throws(SystemFailure) -> [InstanceRecord] {
    guard try NamedFile(path).identity() != nil else { return [] }
    return try FileLock(waitingFor: lockPath).held { () throws(SystemFailure) in
      try slots().compactMap { if case .held(let record) = $0 { record } else { nil } }
    }
  }

  /// Takes the shares that `wish` needs and keeps them until the claim ends.
  package func claim(_ wish: InstanceRecord) throws(InstanceRefusal) -> InstanceClaim {
    let outcome: Result<InstanceClaim, InstanceRefusal>
    do throws(SystemFailure) {
      try Files.createFolder(path, mode: 0o755)
      outcome = try FileLock(waitingFor: lockPath).held { () throws(SystemFailure) in try decide(wish) }
    } catch {
      throw .system(doing: "account vGPUs in \(path)", error)
    }
    return try outcome.get()
  }

  private var lockPath: String { path + "/lock" }
  private func file(_ slot: Int) -> String { "\(path)/\(slot).json" }

  private func socket(of file: String) -> String { file.dropLast("json".count) + "sock" }

  private enum Slot {
    case free
    /// In use; the default record if its file cannot be read.
    case held(InstanceRecord)
  }

  /// Call with the folder's lock held.
  private func slots() throws(SystemFailure) -> [Slot] {
    var slots: [Slot] = []
    for number in 1...InstanceBudget.mostInstances { slots.append(try slot(file(number))) }
    return slots
  }

  private func slot(_ file: String) throws(SystemFailure) -> Slot {
    guard try NamedFile(file).identity() != nil else { return .free }
    if let abandoned = try FileLock.taking(file) {
      // Its process is gone.
      try abandoned.held { () throws(SystemFailure) in try NamedFile(file).remove() }
      try? NamedFile(socket(of: file)).remove()
      return .free
    }
    let bytes = try Files.read(file, limit: 65536)
    guard let record: InstanceRecord = JSONLine.decode(String(decoding: bytes, as: UTF8.self)) else {
      throw SystemFailure("read", EBADMSG)
    }
    return .held(record)
  }

  private func decide(_ wish: InstanceRecord) throws(SystemFailure) -> Result<InstanceClaim, InstanceRefusal> {
    let slots = try slots()
    let running = slots.compactMap { if case .held(let record) = $0 { record } else { nil } }
    for other in running {
      if other.name == wish.name { return .failure(.nameTaken(wish.name, process: other.process)) }
      if other.socket == wish.socket { return .failure(.socketTaken(wish.socket, by: other.name)) }
    }
    let types = running.compactMap { try? InstanceType(named: $0.type) }
    guard let type = try? InstanceType(named: wish.type) else { return .failure(.noRoom("\(wish.type) is no type")) }
    if let sentence = InstanceBudget(holding: types).refusal(of: type) { return .failure(.noRoom(sentence)) }
    let free = slots.firstIndex { if case .free = $0 { true } else { false } }
    guard let number = free.map({ $0 + 1 }), let lock = try FileLock.taking(file(number)) else {
      return .failure(.noRoom("all \(slots.count) places for vGPUs are taken"))
    }
    var record = wish
    record.control = socket(of: file(number))
    try lock.replaceContents(with: Array((JSONLine.encode(record) + "\n").utf8))
    return .success(InstanceClaim(record, file: file(number), lock: lock))
  }
}

/// Why there is no vGPU.
package enum InstanceRefusal: Error, Equatable, CustomStringConvertible {
  /// One sentence that says what is free.
  case noRoom(String)
  case nameTaken(String, process: Int32)
  case socketTaken(String, by: String)
  case system(doing: String, SystemFailure)

  package var description: String {
    switch self {
    case .noRoom(let sentence): sentence
    case .nameTaken(let name, let process):
      "there is a vGPU called \"\(name)\" already (process \(process)); give this one another --name"
    case .socketTaken(let socket, let name): "\(socket) is the socket of the vGPU \"\(name)\""
    case .system(let doing, let failure): "cannot \(doing): \(failure.reason) (\(failure.call))"
    }
  }
}

/// A vGPU's shares, held for as long as this exists.
package final class InstanceClaim: Sendable {
  package let record: InstanceRecord
  private let file: String
  private let lock: FileLock
  private let hasEnded = Atomic(false)

  fileprivate init(_ record: InstanceRecord, file: String, lock: consuming FileLock) {
    self.record = record
    self.file = file
    self.lock = lock
  }

  deinit { end() }

  /// Gives the shares back, for good.
  package func end() {
    guard !hasEnded.exchange(true, ordering: .relaxed) else { return }
    // While the lock is still held: nobody can have taken the name meanwhile.
    try? NamedFile(file).remove()
  }
}
