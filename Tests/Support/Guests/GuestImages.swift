// What Tests/Rig makes for guests: kernels, a desktop's disk, and a QEMU that has vfio-user's client.
import Glibc

/// Debian's stock kernels that have i915's half of GVT-g.
package enum GuestKernel: String, CaseIterable, Sendable, CustomStringConvertible {
  case bookworm = "6.1"
  case trixie = "6.12"
  case backports = "7"

  package var description: String { "Linux \(rawValue)" }
  /// Holds vmlinuz, initrd and font.psf; made by guest-image.sh.
  package var folder: String { "\(GuestImages.cache)/guest-\(rawValue)" }
  package var isThere: Bool { access(folder + "/.guest-image.done", F_OK) == 0 }
}

package enum GuestImages {
  package static let cache = Project.root + "/.cache"
  /// The root that QEMU 11 runs in; made by qemu11-chroot.sh.
  package static let root = cache + "/qemu11"
  /// A disk; made by desktop-image.sh.
  package static let desktop = cache + "/desktop.img"

  package static var hasQEMU: Bool { geteuid() == 0 && access(root + "/.qemu11-chroot.done", F_OK) == 0 }

  /// What is missing for a guest, and how to get it; nil if it can be started.
  package static func whatIsMissing(kernels: [GuestKernel], desktop needsDesktop: Bool = false) -> String? {
    if !hasQEMU { return "there is no QEMU 11: run Tests/Rig/qemu11-chroot.sh, and the tests, as root" }
    if let kernel = kernels.first(where: { !$0.isThere }) {
      return "there is no \(kernel): run Tests/Rig/guest-image.sh \(kernel.rawValue)"
    }
    if needsDesktop, access(desktop + ".done", F_OK) != 0 {
      return "there is no desktop: run Tests/Rig/desktop-image.sh"
    }
    return nil
  }

  /// The same file under another name, without copying it if that can be avoided.
  static func put(_ file: String, at place: String) throws {
    guard access(place, F_OK) != 0, link(file, place) != 0 else { return }
    let copy = try runToEnd("cp", ["--sparse=always", file, place])
    guard copy.status == 0 else { throw TestFailure("cannot copy \(file): \(copy.errors)") }
  }
}
