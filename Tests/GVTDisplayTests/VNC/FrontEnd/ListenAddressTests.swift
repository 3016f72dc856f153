import Testing

@testable import GVTDisplay

struct ListenAddressTests {
  @Test(arguments: [
    ("127.0.0.1:5901", ListenAddress.tcp(host: "127.0.0.1", port: 5901), true),
    ("127.1.2.3:1", .tcp(host: "127.1.2.3", port: 1), true),
    ("[::1]:0", .tcp(host: "::1", port: 0), true),
    ("localhost:65535", .tcp(host: "localhost", port: 65535), true),
    ("0.0.0.0:5901", .tcp(host: "0.0.0.0", port: 5901), false),
    ("[::]:5901", .tcp(host: "::", port: 5901), false),
    ("127.example.org:5901", .tcp(host: "127.example.org", port: 5901), false),
    ("127.0.0.1.nip.io:5901", .tcp(host: "127.0.0.1.nip.io", port: 5901), false),
    ("unix:/run/gvt/a:b", .unix(path: "/run/gvt/a:b"), true),
  ])
  func `an address is read and written the same way`(
    _ text: String, _ address: ListenAddress, _ isLoopback: Bool
  ) throws {
    #expect(try ListenAddress(text) == address)
    #expect(address.description == text)
    #expect(address.isLoopback == isLoopback)
  }

  @Test func `a star is every IPv4 address`() throws {
    #expect(try ListenAddress("*:5901") == .tcp(host: "0.0.0.0", port: 5901))
  }

  @Test(arguments: [
    "", ":", "5901", ":5901", "host", "host:", "host:x", "host:-1", "host:65536", "host:+1", "::1:5901", "[::1]",
    "[::1",
    "[::1]5901", "[]:1", "[x]:1", "a b:1", "/tmp/x:1", "unix:", "unix:\(String(repeating: "a", count: 108))", "host:٣",
  ])
  func `what is no address is explained in a sentence`(_ text: String) {
    #expect(throws: InvalidListenAddress.self) { try ListenAddress(text) }
  }

  @Test(arguments: [
    ("192.0.2.7", "192.0.2.7", "192.0.2.7"), ("::ffff:192.0.2.7", "192.0.2.7", "192.0.2.7"),
    ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("::1", "::1", "0:0:0:0::/64"),
    ("fe80::1%eth0", "fe80::1%eth0", "fe80:0:0:0::/64"), ("2001:db8::5", "2001:db8::5", "2001:db8:0:0::/64"),
  ])
  func `IPv6 neighbours share a key and mapped IPv4 is IPv4`(_ text: String, _ host: String, _ key: String) {
    let peer = PeerAddress(text)
    #expect(peer.host == host)
    #expect(peer.throttleKey == key)
  }
}
