// Which processes have a mediated device open, from the links in /proc/PID/fd.

/// A process that has a mediated device open, and by which of its descriptors that is known.
package struct DeviceHolding: Hashable, Sendable {
  /// What the descriptor is.
  package enum Kind: Hashable, Sendable {
    /// Of the device's IOMMU group: it gives the device by name.
    case group
    /// Of the device itself.
    case device
  }

  package let process: ProcessIdentity
  package let mdev: String
  package let kind: Kind
  package let descriptor: Int32
  /// What the descriptor's link says.
  package let link: String
}

/// The mediated devices of a host, by what holding one looks like.
package struct HoldingMarks: Sendable {
  private let root: HostRoot

  package init(in root: HostRoot) { self.root = root }

  private static let devices = "/sys/bus/mdev/devices/"

  package func exists(_ mdev: String) -> Bool { root.exists(Self.devices + mdev) }

  /// The device's IOMMU group; nil while no VFIO driver has it.
  package func group(of mdev: String) -> Int? {
    root.linkTarget(Self.devices + mdev + "/iommu_group")?.split(separator: "/").last.flatMap { Int($0) }
  }

  /// Everything that `process` has open of mediated devices. None if it is gone, or may not be looked at.
  package func holdings(of process: Int32) -> [DeviceHolding] {
    guard let identity = ProcessIdentity(process, in: root) else { return [] }
    var found: [DeviceHolding] = []
    var anonymous: [(number: Int32, link: String)] = []
    for number in root.entries(of: "/proc/\(process)/fd").compactMap(Int32.init) {
      guard let link = root.linkTarget("/proc/\(process)/fd/\(number)") else { continue }
      if link == Self.anonymousDevice {
        anonymous.append((number, link))
      } else if let (mdev, kind) = named(link) {
        found += mdev.map {
          DeviceHolding(process: identity, mdev: $0, kind: kind, descriptor: number, link: link)
        }
      }
    }
    let known = Set(found.map(\.mdev))
    for (number, link) in anonymous {
      // Only kernels since 7.2 say which device it is (drivers/vfio/vfio_main.c, "vfio-device-syspath").
      let name = systemPathName(process, number) ?? (anonymous.count == 1 ? onlyDevice(of: process) : nil)
      guard let mdev = name, !known.contains(mdev) else { continue }
      found.append(DeviceHolding(process: identity, mdev: mdev, kind: .device, descriptor: number, link: link))
    }
    return found
  }

  /// Devices that `process` has open and that the kernel does not name.
  package func hasNamelessDevices(_ process: Int32) -> Bool {
    root.entries(of: "/proc/\(process)/fd").contains {
      root.linkTarget("/proc/\(process)/fd/\($0)") == Self.anonymousDevice
    }
  }

  /// The device that a QEMU was told to attach, if that is a single one: then a single nameless descriptor is that one's.
  private func onlyDevice(of process: Int32) -> String? {
    guard let line = QEMUProcess(id: process, in: root)?.commandLine, line.passedThrough.isEmpty else { return nil }
    return line.mdevs.count == 1 ? line.mdevs.first(where: exists) : nil
  }

  private static let anonymousDevice = "anon_inode:[vfio-device]"

  private func named(_ link: String) -> (mdev: [String], kind: DeviceHolding.Kind)? {
    switch VFIOLink(link) {
    case nil: return nil
    case .group(let number): return (mdevs(in: number), .group)
    case .device(let name):
      let names = root.entries(of: "/sys/bus/mdev/devices").filter {
        root.exists(Self.devices + $0 + "/vfio-dev/" + name)
      }
      return (names, .device)
    }
  }

  private func mdevs(in group: Int) -> [String] {
    root.entries(of: "/sys/kernel/iommu_groups/\(group)/devices").filter(exists)
  }

  private func systemPathName(_ process: Int32, _ number: Int32) -> String? {
    let lines = root.text("/proc/\(process)/fdinfo/\(number)")?.split(separator: "\n") ?? []
    let mark = "vfio-device-syspath:"
    guard let line = lines.first(where: { $0.hasPrefix(mark) }), let name = line.split(separator: "/").last else {
      return nil
    }
    return exists(String(name)) ? String(name) : nil
  }
}
