// Real processes, held by pidfds.
import GVTCore
import Glibc
import Testing

struct ProcessHandleTests {
  @Test func `a process's descriptor becomes one of ours for the same open file`() throws {
    let file = try Files.inMemory(named: "shared")
    try Files.write(Array("hello".utf8), to: file.raw)
    let process = try ProcessHandle(opening: ProcessNumber.own)
    #expect(!process.hasEnded)
    let copy = try process.duplicate(file.raw)
    #expect(copy.raw != file.raw && fcntl(copy.raw, F_GETFD) == FD_CLOEXEC)
    // One open file has one position.
    try Files.rewind(copy.raw)
    #expect(try Files.readSome(file.raw, atMost: 9) == Array("hello".utf8))
    #expect(throws: SystemFailure("pidfd_getfd", EBADF)) { _ = try process.duplicate(9999) }
  }

  @Test func `the end of a process is seen, and its number is not taken for another's`() throws {
    let channel = try Files.inMemory(named: "channel")
    let child = try ChildProcess(executable: "/bin/sleep", name: "sleep", arguments: ["60"], channel: channel)
    let process = try ProcessHandle(opening: child.id)
    let loop = try EventLoop()
    var hasEnded = false
    try loop.watch(process.descriptor) { _ in hasEnded = true }
    try loop.turn(waitingAtMost: 0)
    #expect(!hasEnded && !process.hasEnded)
    child.send(SIGKILL)
    let limit = loop.now + .milliseconds(5000)
    while !hasEnded && loop.now < limit { try loop.turn(waitingAtMost: .milliseconds(50)) }
    #expect(hasEnded && process.hasEnded)
    var status: Int32 = 0
    unsafe waitpid(child.id, &status, 0)
    #expect(throws: SystemFailure.self) { _ = try process.duplicate(0) }
  }
}
