// Which of a host's processes are QEMUs, in trees that are copies of /proc.
import Foundation
import Testing

@testable import GVTCore

@Suite struct QEMUProcessTests {
  @Test(arguments: [
    ("/usr/bin/qemu-system-x86_64", true), ("/usr/bin/qemu-system-x86_64 (deleted)", true), ("/usr/bin/kvm", true),
    ("/usr/libexec/qemu-kvm", true), ("/nix/store/x/bin/.qemu-system-x86_64-wrapped", true), ("/bin/bash", false),
    ("/usr/bin/qemu-img", false), ("/usr/bin/qemu-x86_64-static", false),
  ])
  func `the program's file decides where we may see it`(program: String, isQEMU: Bool) throws {
    let host = try FakeProc()
    // Whatever the process calls itself.
    try host.add(7, program: program, words: ["qemu-system-x86_64", "-name", "a"], comm: "qemu-system-x86")
    let found = QEMUProcess.all(in: host.root)
    #expect(found.map(\.id) == (isQEMU ? [7] : []))
    #expect(found.first?.isProgramReplaced ?? false == program.hasSuffix("(deleted)"))
    #expect(found.first?.program?.hasSuffix("(deleted)") != true)
  }

  @Test(arguments: [
    (["/usr/bin/qemu-system-x86_64"], "x", true), (["vm"], "qemu-system-x86", true), (["vm"], "kvm", true),
    (["bash", "qemu-system-x86_64"], "bash", false), ([""], "", false),
  ])
  func `where its file is not to be seen, what it is called decides`(words: [String], comm: String, isQEMU: Bool) throws
  {
    let host = try FakeProc()
    try host.add(7, program: nil, words: words, comm: comm)
    #expect(QEMUProcess.all(in: host.root).isEmpty != isQEMU)
  }

  @Test func `a QEMU under the dynamic linker is known by its arguments`() throws {
    let host = try FakeProc()
    try host.add(
      7, program: "/lib64/ld-linux-x86-64.so.2", words: ["/usr/bin/qemu-system-x86_64"], comm: "ld-linux-x86-64")
    try host.add(8, program: "/lib64/ld-linux-x86-64.so.2", words: ["/usr/bin/cat"], comm: "ld-linux-x86-64")
    #expect(QEMUProcess.all(in: host.root).map(\.id) == [7])
  }

  @Test func `a process is told with its user, its start and where its sockets are`() throws {
    let host = try FakeProc()
    let words = ["qemu-system-x86_64", "-qmp", "unix:./q,server=on", "-qmp", "unix:/run/p,server=on", "-name", "a b"]
    try host.add(
      12, program: "/usr/bin/qemu-system-x86_64", words: words, comm: "a) (S 1", user: 64055, start: 8_123_456_789)
    let process = try #require(QEMUProcess.all(in: host.root).first)
    #expect(process.user == 64055)
    #expect(process.startTicks == 8_123_456_789)
    #expect(process.qmpSocketPaths == ["/var/lib/vm/q", "/run/p"])
    #expect(process.name == "a b")
  }

  @Test func `what is no QEMU, or half gone, is passed over`() throws {
    let host = try FakeProc()
    let program = "/usr/bin/qemu-system-x86_64"
    try host.add(1, program: program, words: [], comm: "qemu-system-x86")
    try host.add(2, program: program, words: [program], comm: "x", status: "Uid: none")
    try host.add(3, program: program, words: [program], comm: "x", stat: "3 (x) S 1 1")
    try host.add(4, program: program, words: [program], comm: "x", stat: "")
    try host.add(5, program: program, words: [program], comm: "x")
    #expect(QEMUProcess.all(in: host.root).map(\.id) == [5])
    #expect(QEMUProcess.all(in: HostRoot(prefix: "/nonexistent")).isEmpty)
  }

  @Test func `command lines of any bytes and of a megabyte are read`() throws {
    let host = try FakeProc()
    let program = "/usr/bin/qemu-system-x86_64"
    try host.add(
      7, program: program,
      bytes: Array("q\0-qmp\0unix:/\u{7f}".utf8) + [0xff, 0xfe] + Array(",server=on\0-name\0v".utf8))
    try host.add(8, program: program, bytes: Array(repeating: 0, count: 1 << 20))
    try host.add(
      9, program: program, bytes: Array("q\0-device\0".utf8) + Array(repeating: UInt8(ascii: ","), count: 1 << 20))
    let found = QEMUProcess.all(in: host.root)
    #expect(found.map(\.id) == [7, 8, 9])
    #expect(found[0].name == "v", "the last word may be cut short")
    #expect(found[0].qmpSocketPaths == [], "a path that is no text cannot be named")
  }

  @Test func `this host is read as it is`() {
    #expect(QEMUProcess(id: getpid(), in: .this) == nil, "a test is no QEMU")
    #expect(ProcessIdentity(getpid(), in: .this)?.startTicks ?? 0 > 0)
  }
}

/// A folder that looks like a host's /proc.
private final class FakeProc {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("proc-\(UUID())").path
  var root: HostRoot { HostRoot(prefix: folder) }

  init() throws {
    try FileManager.default.createDirectory(atPath: folder + "/proc", withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  func add(
    _ id: Int32, program: String?, words: [String], comm: String, user: UInt32 = 0, start: UInt64 = 77,
    stat: String? = nil,
    status: String? = nil
  ) throws {
    try add(
      id, program: program, bytes: words.flatMap { Array($0.utf8) + [0] }, comm: comm, user: user, start: start,
      stat: stat,
      status: status)
  }

  func add(
    _ id: Int32, program: String?, bytes: [UInt8], comm: String = "x", user: UInt32 = 0, start: UInt64 = 77,
    stat: String? = nil, status: String? = nil
  ) throws {
    let process = "\(folder)/proc/\(id)"
    try FileManager.default.createDirectory(atPath: process, withIntermediateDirectories: true)
    let zeros = Array(repeating: "0", count: 18).joined(separator: " ")
    let files: [String: [UInt8]] = [
      "cmdline": bytes, "comm": Array((comm + "\n").utf8),
      "stat": Array((stat ?? "\(id) (\(comm)) S \(zeros) \(start) 0 0\n").utf8),
      "status": Array((status ?? "Name:\tx\nUid:\t0\t\(user)\t0\t0\n").utf8),
    ]
    for (name, content) in files { try Data(content).write(to: URL(fileURLWithPath: process + "/" + name)) }
    try FileManager.default.createSymbolicLink(atPath: process + "/cwd", withDestinationPath: "/var/lib/vm")
    if let program {
      try FileManager.default.createSymbolicLink(atPath: process + "/exe", withDestinationPath: program)
    }
  }
}
