// Where running processes keep what others need to find them: control sockets, lock files.

/// The folder for things that do not outlive this boot.
package enum RunFolder {
  /// `$GVT_VNC_RUN`; otherwise the machine's for root, and one's own for anybody else.
  package static func path(user: UInt32, environment: [String: String]) -> String {
    if let named = environment["GVT_VNC_RUN"], !named.isEmpty { return named }
    if user == 0 { return "/run/gvt-vnc" }
    return environment["XDG_RUNTIME_DIR"].map { $0 + "/gvt-vnc" } ?? "/tmp/gvt-vnc-\(user)"
  }
}
