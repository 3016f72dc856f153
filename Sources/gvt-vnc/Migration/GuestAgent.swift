// QEMU's guest agent, for the one thing that we want of it (docs/interop/qemu-ga-ref).
import GVTCore

/// The agent's socket on the host's side.
struct GuestAgent {
  let path: String

  /// Suspends the guest to RAM. A guest that obeys does not answer.
  func suspend() throws(CommandFailure) {
    do throws(SystemFailure) {
      let connection = try LocalSocket.connected(to: path, timeoutSeconds: 5)
      try Files.write(Array(#"{"execute":"guest-suspend-ram"}"#.utf8) + [UInt8(ascii: "\n")], to: connection.raw)
    } catch {
      throw CommandFailure(.unavailable, "the guest's agent cannot be reached at \(path): \(error.reason)")
    }
  }
}
