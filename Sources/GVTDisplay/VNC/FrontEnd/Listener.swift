import GVTCore
// One listening socket, TCP or UNIX, and the words for what can go wrong with it.
import Glibc
import NIOCore
import NIOPosix

/// A socket that accepts viewers.
struct Listener: Sendable {
  /// Where it is reached, with the real port.
  let address: ListenAddress
  private let channel: any Channel
  /// Our socket file, to be removed if it is still ours.
  private let file: NamedFile.Identity?

  // The mask is the process's: two front ends that start at once must not restore each other's.
  private static let maskIsOurs = Locked<Void>(())
  /// Connections that the kernel keeps for us while we are busy.
  private static let backlog: Int32 = 256
  /// Bytes that the kernel takes beyond what the network has: the rest stays "pending", where the display sees it.
  private static let unsentBytes = 128 * 1024
  // Not in every libc's headers as something Swift can read (linux/tcp.h).
  private static let tcpNotSentLowWater = NIOBSDSocket.Option(rawValue: 25)
  private static let tcpKeepAliveIdle = NIOBSDSocket.Option(rawValue: 4)
  private static let tcpKeepAliveInterval = NIOBSDSocket.Option(rawValue: 5)

  static func open(
    _ address: ListenAddress, on group: MultiThreadedEventLoopGroup, for reception: NIOLoopBoundBox<Reception>
  ) throws(FrontEndFailure) -> Listener {
    let bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: backlog)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(ViewerHandler(reception: reception.value))
        }
      }
    switch address {
    case .tcp(let host, let port): return try openTCP(host, port, bootstrap)
    case .unix(let path): return try openUNIX(path, bootstrap, group)
    }
  }

  func close() {
    try? channel.close().wait()
    guard case .unix(let path) = address, let file else { return }
    let name = NamedFile(path)
    if (try? name.identity()) == file { try? name.remove() }
  }

  private static func openTCP(
    _ host: String, _ port: Int, _ bootstrap: ServerBootstrap
  ) throws(FrontEndFailure) -> Listener {
    do {
      // "localhost" may come first as ::1, which is not where most people look for it.
      let name = host == "localhost" ? "127.0.0.1" : host
      let channel =
        try bootstrap
        .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
        .childChannelOption(.tcpOption(tcpNotSentLowWater), value: unsentBytes)
        .childChannelOption(.socketOption(.so_keepalive), value: 1)
        .childChannelOption(.tcpOption(tcpKeepAliveIdle), value: 60)
        .childChannelOption(.tcpOption(tcpKeepAliveInterval), value: 15)
        .bind(to: SocketAddress.makeAddressResolvingHost(name, port: port)).wait()
      let real = channel.localAddress?.port ?? port
      return Listener(address: .tcp(host: host, port: real), channel: channel, file: nil)
    } catch {
      throw explain(error, .tcp(host: host, port: port))
    }
  }

  private static func openUNIX(
    _ path: String, _ bootstrap: ServerBootstrap, _ group: MultiThreadedEventLoopGroup
  ) throws(FrontEndFailure) -> Listener {
    do {
      let file = NamedFile(path)
      if let old = try file.identity() {
        guard old.isSocket else {
          throw FrontEndFailure(.badPath, "\(path) exists and is not a socket; it is left alone")
        }
        guard !isAnswered(path, group) else {
          throw FrontEndFailure(.pathInUse(path), "another process listens at unix:\(path)")
        }
        try file.remove()
      }
      // Mode 0660 from the first moment: a chmod afterwards would leave a gap.
      let channel = try maskIsOurs.withLock { _ in
        let mask = umask(0o117)
        defer { umask(mask) }
        return try bootstrap.bind(unixDomainSocketPath: path).wait()
      }
      return Listener(address: .unix(path: path), channel: channel, file: try file.identity())
    } catch {
      throw explain(error, .unix(path: path))
    }
  }

  /// Somebody accepts connections at this socket file.
  private static func isAnswered(_ path: String, _ group: MultiThreadedEventLoopGroup) -> Bool {
    do {
      try ClientBootstrap(group: group).connect(unixDomainSocketPath: path).wait().close().wait()
      return true
    } catch {
      return (error as? IOError)?.errnoCode != ECONNREFUSED
    }
  }

  private static func explain(_ error: any Error, _ address: ListenAddress) -> FrontEndFailure {
    if let failure = error as? FrontEndFailure { return failure }
    let code = (error as? IOError)?.errnoCode ?? (error as? SystemFailure)?.code
    switch (code, address) {
    case (EADDRINUSE, .tcp(let host, let port)):
      return FrontEndFailure(.addressInUse(port: port), "port \(port) on \(host) is in use by another process")
    case (EADDRINUSE, .unix(let path)):
      return FrontEndFailure(.pathInUse(path), "another process listens at \(address)")
    case (EACCES, _), (EPERM, _):
      return FrontEndFailure(.permission, "this user may not listen at \(address)")
    case (ENOENT, .unix), (ENOTDIR, .unix), (EROFS, .unix), (ENAMETOOLONG, .unix):
      return FrontEndFailure(.badPath, "\(address) cannot be made: \(SystemFailure("bind", code ?? 0).reason)")
    case (EADDRNOTAVAIL, _):
      return FrontEndFailure(.badAddress, "\(address) is not an address of this machine")
    case (nil, .tcp(let host, _)) where error is SocketAddressError.UnknownHost:
      return FrontEndFailure(.badAddress, "nobody knows an address for \"\(host)\"")
    default:
      return FrontEndFailure(.other, "cannot listen at \(address): \(error)")
    }
  }
}
