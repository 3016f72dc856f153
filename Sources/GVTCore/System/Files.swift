// Whole files, as configuration and secrets need them: read with a limit, replaced atomically, locked.
import CLinux
import Glibc

/// Small files, read and written whole.
package enum Files {
  /// All bytes of a regular file. More than `limit` bytes is EFBIG; anything but a regular file is EINVAL.
  package static func read(_ path: String, limit: Int) throws(SystemFailure) -> [UInt8] {
    // Non-blocking, so that a FIFO under that name cannot hold us up before we see what it is.
    let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK
    let file = OwnedDescriptor(owning: try check("open") { unsafe open(path, flags) })
    guard try isRegular(file.raw) else { throw SystemFailure("open", EINVAL) }
    return try read(file, limit: limit)
  }

  /// What is left to read of `file`, up to `limit` bytes; more is EFBIG. For files of /proc too, which have no size.
  package static func read(_ file: borrowing OwnedDescriptor, limit: Int) throws(SystemFailure) -> [UInt8] {
    var bytes: [UInt8] = []
    while true {
      let room = min(limit + 1 - bytes.count, 65536)
      let piece = try readSome(file.raw, atMost: room)
      if piece.isEmpty { return bytes }
      bytes += piece
      if bytes.count > limit { throw SystemFailure("read", EFBIG) }
    }
  }

  /// The next bytes of `descriptor`, at most `count`; none at its end.
  package static func readSome(_ descriptor: Int32, atMost count: Int) throws(SystemFailure) -> [UInt8] {
    var failure: SystemFailure?
    let raw = descriptor
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, used in
      do throws(SystemFailure) {
        used = try check("read") { unsafe Glibc.read(raw, buffer.baseAddress, count) }
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }

  /// Makes `bytes` the content of `path`, whole or not at all, also across a power cut: a new file beside it is
  /// written, synced and renamed over it.
  package static func replace(_ path: String, with bytes: [UInt8], mode: UInt32) throws(SystemFailure) {
    let (folder, name) = split(path)
    let temporary = folder + "/." + name + "." + String(getpid()) + ".new"
    do throws(SystemFailure) {
      try create(temporary, with: bytes, mode: mode)
      try check("rename") { unsafe rename(temporary, path) }
    } catch {
      unsafe unlink(temporary)
      throw error
    }
    try synchronize(folder: folder)
  }

  /// Makes a folder and those above it that are missing. One that is there already must be ours or root's: in a place that
  /// everybody may write to, anybody could have made it.
  package static func createFolder(_ path: String, mode: UInt32) throws(SystemFailure) {
    var end = path.startIndex
    while end < path.endIndex {
      end = path[path.index(after: end)...].firstIndex(of: "/") ?? path.endIndex
      let folder = String(path[..<end])
      if unsafe mkdir(folder, mode) != 0 && errno != EEXIST {
        let failure = SystemFailure("mkdir")
        if unsafe access(folder, F_OK) != 0 { throw failure }
      }
    }
    var status = stat()
    try check("stat") { unsafe stat(path, &status) }
    guard status.st_mode & S_IFMT == S_IFDIR else { throw SystemFailure("mkdir", ENOTDIR) }
    guard status.st_uid == geteuid() || status.st_uid == 0 else { throw SystemFailure("mkdir", EPERM) }
  }

  /// Removes the name `path`.
  package static func remove(_ path: String) throws(SystemFailure) {
    try check("unlink") { unsafe unlink(path) }
    try synchronize(folder: split(path).folder)
  }

  /// Writes all of `bytes`.
  package static func write(_ bytes: [UInt8], to descriptor: Int32) throws(SystemFailure) {
    var written = 0
    while written < bytes.count {
      written += try check("write") {
        unsafe bytes.withUnsafeBytes { buffer in
          unsafe Glibc.write(descriptor, buffer.baseAddress?.advanced(by: written), buffer.count - written)
        }
      }
    }
  }

  /// A file to hand to another process: to read, or emptied or made anew to write.
  package static func opened(_ path: String, writing: Bool) throws(SystemFailure) -> OwnedDescriptor {
    let flags = (writing ? O_WRONLY | O_CREAT | O_TRUNC : O_RDONLY) | O_CLOEXEC
    return OwnedDescriptor(owning: try check("open") { unsafe open(path, flags, 0o600) })
  }

  /// Writes `bytes` with one call into a file that is there, such as those of /sys that take orders.
  package static func put(_ bytes: [UInt8], into path: String) throws(SystemFailure) {
    let file = OwnedDescriptor(owning: try check("open") { unsafe open(path, O_WRONLY | O_CLOEXEC) })
    let raw = file.raw
    let count = try check("write") {
      unsafe bytes.withUnsafeBytes { unsafe Glibc.write(raw, $0.baseAddress, $0.count) }
    }
    guard count == bytes.count else { throw SystemFailure("write", EIO) }
  }

  /// Whether `descriptor` is a regular file, a memfd included: writing to one never waits for anybody.
  package static func isRegular(_ descriptor: Int32) throws(SystemFailure) -> Bool {
    var status = stat()
    try check("fstat") { unsafe fstat(descriptor, &status) }
    return status.st_mode & S_IFMT == S_IFREG
  }

  /// An empty file in memory, without a name in any folder (memfd_create(2)).
  package static func inMemory(named name: String) throws(SystemFailure) -> OwnedDescriptor {
    OwnedDescriptor(owning: try check("memfd_create") { unsafe gvt_memfd_create(name) })
  }

  /// The next read or write of `descriptor` begins at its start.
  package static func rewind(_ descriptor: Int32) throws(SystemFailure) {
    try check("lseek") { lseek(descriptor, 0, SEEK_SET) }
  }

  /// What a symbolic link says, such as those of /proc/PID/fd.
  package static func linkTarget(_ path: String) -> String? {
    var text = [CChar](repeating: 0, count: 4096)
    let count = unsafe readlink(path, &text, text.count)
    guard count > 0 else { return nil }
    return String(decoding: text.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Whether there is something of that name.
  package static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

  /// Whether somebody has a device open that opens once only. If nobody has, it is open for a moment.
  package static func isBusy(_ path: String) -> Bool {
    let descriptor = unsafe open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK)
    if descriptor < 0 { return errno == EBUSY }
    close(descriptor)
    return false
  }

  /// The path that `path` is after all symbolic links (realpath(3)).
  package static func resolved(_ path: String) -> String? {
    guard let real = unsafe realpath(path, nil) else { return nil }
    defer { unsafe free(real) }
    return unsafe String(cString: real)
  }

  /// The names in a folder, in no order; none if there is no such folder, or it may not be read.
  package static func entries(of path: String) -> [String] {
    guard let folder = unsafe opendir(path) else { return [] }
    defer { unsafe closedir(folder) }
    var names: [String] = []
    while let entry = unsafe readdir(folder) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        unsafe String(cString: UnsafeRawPointer(pointer).assumingMemoryBound(to: CChar.self))
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names
  }

  private static func create(_ path: String, with bytes: [UInt8], mode: UInt32) throws(SystemFailure) {
    unsafe unlink(path)
    let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW
    let file = OwnedDescriptor(owning: try check("open") { unsafe open(path, flags, mode) })
    try write(bytes, to: file.raw)
    try check("fsync") { fsync(file.raw) }
  }

  private static func synchronize(folder: String) throws(SystemFailure) {
    let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC
    let directory = OwnedDescriptor(owning: try check("open") { unsafe open(folder, flags) })
    try check("fsync") { fsync(directory.raw) }
  }

  private static func split(_ path: String) -> (folder: String, name: String) {
    guard let slash = path.lastIndex(of: "/") else { return (".", path) }
    let folder = path[..<slash]
    return (folder.isEmpty ? "/" : String(folder), String(path[path.index(after: slash)...]))
  }
}

/// Holds a file's lock (flock) for as long as it lives; the kernel lets go of it with the process too.
package struct FileLock: ~Copyable, Sendable {
  private let file: OwnedDescriptor

  /// Waits for the lock on `path`, which is made if it is not there.
  package init(waitingFor path: String) throws(SystemFailure) { try self.init(path, LOCK_EX) }

  /// Takes the lock on `path`; nil if somebody else holds it.
  package static func taking(_ path: String) throws(SystemFailure) -> FileLock? {
    do throws(SystemFailure) {
      return try FileLock(path, LOCK_EX | LOCK_NB)
    } catch  where error.code == EWOULDBLOCK {
      return nil
    } catch {
      throw error
    }
  }

  /// Runs `body` with the lock held.
  package borrowing func held<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
    try body()
  }

  /// Makes `bytes` the content of the locked file, which keeps its name and its lock. Not atomic: readers need a lock too.
  package borrowing func replaceContents(with bytes: [UInt8]) throws(SystemFailure) {
    let raw = file.raw
    try check("ftruncate") { ftruncate(raw, 0) }
    try Files.rewind(raw)
    try Files.write(bytes, to: raw)
  }

  private init(_ path: String, _ operation: Int32) throws(SystemFailure) {
    let flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW
    let file = OwnedDescriptor(owning: try check("open") { unsafe open(path, flags, 0o600) })
    let raw = file.raw
    try check("flock") { flock(raw, operation) }
    self.file = file
  }
}
