import GVTCore
import Glibc
import Logging
import Testing

@testable import GVTDisplay

struct ListenerTests {
  private func refusal(of addresses: [ListenAddress], _ policy: FrontEndPolicy = FrontEndPolicy()) -> FrontEndFailure? {
    do throws(FrontEndFailure) {
      let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
      try FrontEnd.start(on: addresses, policy: policy, logger: logger) { _ in }.stop()
      return nil
    } catch {
      return error
    }
  }

  @Test func `the port that was found is told`() throws {
    try withFrontEnd(at: [.tcp(host: "localhost", port: 0), .tcp(host: "127.0.0.1", port: 0)]) { frontEnd, _ in
      let ports = frontEnd.addresses.map { address in
        if case .tcp(_, let port) = address { port } else { 0 }
      }
      #expect(ports.count == 2 && ports[0] != ports[1] && !ports.contains(0))
    }
  }

  @Test func `a port in use is named`() throws {
    try withFrontEnd { frontEnd, _ in
      guard case .tcp(_, let port) = frontEnd.addresses[0] else { return }
      let failure = try #require(refusal(of: [.tcp(host: "127.0.0.1", port: port)]))
      #expect(failure.kind == .addressInUse(port: port))
      #expect(failure.description == "port \(port) on 127.0.0.1 is in use by another process")
    }
  }

  @Test func `an open listener without a password must be asked for`() throws {
    let open = ListenAddress.tcp(host: "0.0.0.0", port: 0)
    #expect(refusal(of: [.tcp(host: "127.0.0.1", port: 0), open])?.kind == .insecure)
    #expect(refusal(of: [open], FrontEndPolicy(allowsInsecure: true)) == nil)
    try withTemporaryFolder { folder in
      try writeFile("\(folder)/password", "x")
      #expect(refusal(of: [open], FrontEndPolicy(passwordFile: "\(folder)/password")) == nil)
    }
  }

  @Test func `a password file that lets nobody in is said at once`() throws {
    try withTemporaryFolder { folder in
      try writeFile("\(folder)/empty", "\nx")
      try check("mkfifo") { unsafe mkfifo("\(folder)/pipe", 0o600) }
      for name in ["empty", "absent", "pipe", "."] {
        let failure = refusal(
          of: [.tcp(host: "127.0.0.1", port: 0)], FrontEndPolicy(passwordFile: "\(folder)/\(name)"))
        #expect(failure?.kind == .passwordFile)
        #expect(failure?.description.contains("\(folder)/\(name)") == true)
      }
    }
  }

  @Test func `a UNIX socket serves its group and goes when the display goes`() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/display"
      try withFrontEnd(at: [.unix(path: path)]) { frontEnd, deliveries in
        let client = try RawClient.joined(frontEnd)
        #expect(try deliveries.firstViewer().peer == "unix")
        client.endOutput()
        var status = stat()
        try check("lstat") { unsafe lstat(path, &status) }
        #expect(status.st_mode & 0o777 == 0o660)
        #expect(refusal(of: [.unix(path: path)])?.kind == .pathInUse(path))
        #expect(try NamedFile(path).identity() != nil, "the running display's socket is left alone")
      }
      #expect(try NamedFile(path).identity() == nil)
    }
  }

  @Test func `a dead display's socket file is replaced and a file is not`() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/display"
      do {
        // A socket that was bound and is closed: what a killed process leaves behind.
        let dead = OwnedDescriptor(owning: Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0))
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &name.sun_path) { unsafe $0.copyBytes(from: Array(path.utf8)) }
        let bound = unsafe withUnsafePointer(to: &name) { pointer in
          unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            unsafe bind(dead.raw, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
          }
        }
        #expect(bound == 0)
      }
      #expect(try NamedFile(path).identity()?.isSocket == true)
      #expect(refusal(of: [.unix(path: path)]) == nil)
      try writeFile(path, "precious")
      #expect(refusal(of: [.unix(path: path)])?.kind == .badPath)
      #expect(try NamedFile(path).read(atMost: 100) == Array("precious".utf8))
      #expect(refusal(of: [.unix(path: "\(folder)/none/display")])?.kind == .badPath)
    }
  }

  @Test func `an address of nobody is told apart`() {
    #expect(refusal(of: [.tcp(host: "192.0.2.1", port: 0)], FrontEndPolicy(allowsInsecure: true))?.kind == .badAddress)
    #expect(refusal(of: [.tcp(host: "no.invalid", port: 0)], FrontEndPolicy(allowsInsecure: true))?.kind == .badAddress)
  }
}
