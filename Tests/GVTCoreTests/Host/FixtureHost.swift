// The host trees of Tests/Fixtures, and trees that a test makes up.
import Foundation
import GVTCore

enum FixtureHost {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../Fixtures/Hosts").standardized.path

  /// A host by its folder's name.
  static func named(_ name: String) -> HostRoot { HostRoot(prefix: folder + "/" + name) }
}

/// A host's tree that a test may change; gone with this object.
final class MadeHost {
  let root: HostRoot

  /// Empty, or a copy of a host of Tests/Fixtures.
  init(copying name: String? = nil) throws {
    let path = NSTemporaryDirectory() + "/gvt-vnc-host-\(UUID())"
    root = HostRoot(prefix: path)
    if let name {
      try FileManager.default.copyItem(atPath: FixtureHost.named(name).prefix, toPath: path)
    } else {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
  }

  deinit { try? FileManager.default.removeItem(atPath: root.prefix) }

  func write(_ text: String, to path: String) throws { try write(Array(text.utf8), to: path) }

  func write(_ bytes: [UInt8], to path: String) throws {
    let url = URL(filePath: root.place(of: path))
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
  }

  func link(_ path: String, to target: String) throws {
    let place = root.place(of: path)
    let folder = URL(filePath: place).deletingLastPathComponent().path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(atPath: place, withDestinationPath: target)
  }

  func remove(_ path: String) throws { try FileManager.default.removeItem(atPath: root.place(of: path)) }
}
