// What a QEMU's command line says of the VM: its name, its monitors, its displays and the vGPUs it attaches.

/// A QEMU command line, as far as a display bridge cares.
package struct QEMUCommandLine: Equatable, Sendable {
  /// `-name`.
  package private(set) var name: String?
  /// `-uuid`, in small letters.
  package private(set) var uuid: String?
  /// QMP sockets that QEMU listens at, as they stand there: perhaps relative to QEMU's working folder.
  package private(set) var qmpSockets: [String] = []
  /// Whether there is a QMP monitor on a descriptor that whoever started QEMU handed over: libvirt does so, and keeps its
  /// other end.
  package private(set) var hasPassedMonitor = false
  /// QEMU's own displays, such as `gtk`, `vnc 127.0.0.1:0`, `spice 5901`; `none` is none.
  package private(set) var displays: [String] = []
  /// Whether it has a D-Bus display that is opened over QMP, `-display dbus,p2p=yes`.
  package private(set) var hasPeerDisplay = false
  /// Display devices that QEMU emulates, such as `VGA`, `virtio-gpu`.
  package private(set) var videoDevices: [String] = []
  /// Mediated devices (vGPUs) by UUID.
  package private(set) var mdevs: [String] = []
  /// PCI devices that are passed through whole, or SR-IOV functions, by address.
  package private(set) var passedThrough: [String] = []
  /// Sockets of devices that another process emulates.
  package private(set) var vfioUserSockets: [String] = []
  /// The machine's version, such as 7.2 of `pc-q35-7.2`: QEMU is that or newer.
  package private(set) var machineVersion: QEMUVersion?

  private var sockets: [String: QEMUOption] = [:]
  private var monitors: [QEMUOption] = []
  private var hasDefaults = true
  private var vga: String?

  /// `words` are the arguments with the program first.
  package init(_ words: [String]) {
    var rest = words.dropFirst()
    while let word = rest.popFirst() {
      guard word.hasPrefix("-"), word.utf8.count > 1 else { continue }
      let option = String(word.drop { $0 == "-" })
      if Self.bare.contains(option) {
        takeSwitch(option)
      } else if Self.isKnown(option) || rest.first?.hasPrefix("-") != true {
        // QEMU takes the next word whatever it looks like; of options that we do not know, we cannot tell if they have one.
        guard let argument = rest.popFirst() else { break }
        take(option, argument)
      }
    }
    finish()
  }

  /// Options without an argument (qemu-options.hx), but those that are gone since QEMU 3.
  private static let bare: Set<String> = [
    "h", "help", "version", "snapshot", "nographic", "curses", "sdl", "full-screen", "no-quit", "usb", "S", "s",
    "nodefaults", "no-user-config", "no-reboot", "no-shutdown", "no-acpi", "no-hpet", "no-fd-bootchk", "daemonize",
    "enable-kvm", "preconfig", "only-migratable", "singlestep", "mem-prealloc", "enable-fips", "semihosting",
    "enable-sync-profile", "win2k-hack", "xen-attach", "xen-domid-restrict", "alt-grab", "ctrl-grab",
  ]

  private static func isKnown(_ option: String) -> Bool {
    [
      "name", "uuid", "qmp", "qmp-pretty", "mon", "chardev", "device", "display", "vnc", "spice", "vga", "machine", "M",
      "append",
    ].contains(option)
  }

  private mutating func takeSwitch(_ option: String) {
    switch option {
    case "nodefaults": hasDefaults = false
    case "nographic": displays.append("none")
    case "curses", "sdl": displays.append(option)
    default: break
    }
  }

  private mutating func take(_ option: String, _ argument: String) {
    switch option {
    case "name": name = QEMUOption(argument, implied: "guest")["guest"] ?? name
    case "uuid": uuid = UUIDText.parse(argument)
    case "qmp", "qmp-pretty": takeMonitor(argument)
    case "mon": monitors.append(QEMUOption(argument, implied: "chardev"))
    case "chardev": takeCharacterDevice(argument)
    case "device": takeDevice(QEMUOption(argument, implied: "driver"))
    case "display": takeDisplay(QEMUOption(argument, implied: "type"))
    case "vnc": displays.append("vnc " + (QEMUOption(argument, implied: "vnc")["vnc"] ?? argument))
    case "spice": takeSpice(QEMUOption(argument, implied: "port"))
    case "vga": vga = argument
    case "machine", "M": takeMachine(QEMUOption(argument, implied: "type")["type"] ?? "")
    default: break
    }
  }

  private mutating func takeDisplay(_ display: QEMUOption) {
    let type = display["type"] ?? "none"
    displays.append(type)
    if type == "dbus" { hasPeerDisplay = display.isOn("p2p") }
  }

  /// `-qmp` is a character device in the older notation, or names one.
  private mutating func takeMonitor(_ argument: String) {
    if argument.hasPrefix("chardev:") {
      monitors.append(QEMUOption("chardev=\(argument.dropFirst(8)),mode=control", implied: "chardev"))
    } else if argument.hasPrefix("unix:") {
      takeSocket(QEMUOption(String(argument.dropFirst(5)), implied: "path"))
    }
  }

  private mutating func takeCharacterDevice(_ argument: String) {
    let device = QEMUOption(argument, implied: "backend")
    guard device["backend"] == "socket", let id = device["id"] else { return }
    sockets[id] = device
  }

  /// A socket that QEMU connects to, rather than listens at, has somebody else at its other end.
  private mutating func takeSocket(_ socket: QEMUOption) {
    if let path = socket["path"], socket.isOn("server"), !socket.isOn("abstract") {
      if !path.isEmpty && !qmpSockets.contains(path) { qmpSockets.append(path) }
    } else if socket["fd"] != nil {
      hasPassedMonitor = true
    }
  }

  private mutating func takeSpice(_ spice: QEMUOption) {
    let place = spice["port"] ?? spice["tls-port"] ?? (spice.isOn("unix") ? spice["addr"] : nil)
    displays.append(place.map { "spice \($0)" } ?? "spice")
  }

  /// The version ends a versioned machine's name: `pc-q35-9.0`, and Proxmox adds `+pve0`.
  private mutating func takeMachine(_ type: String) {
    guard let tail = type.split(separator: "-").last, type.contains("-") else { return }
    machineVersion = QEMUVersion(String(tail)) ?? machineVersion
  }

  private mutating func takeDevice(_ device: QEMUOption) {
    guard let driver = device["driver"] else { return }
    switch driver {
    case "vfio-pci", "vfio-pci-nohotplug":
      if let uuid = device["sysfsdev"]?.split(separator: "/").last.flatMap({ UUIDText.parse($0) }) {
        if !mdevs.contains(uuid) { mdevs.append(uuid) }
      } else if let address = device["host"] ?? device["sysfsdev"]?.split(separator: "/").last.map(String.init) {
        passedThrough.append(address)
      }
      if device.isOn("ramfb") { videoDevices.append("ramfb") }
    case "vfio-user-pci":
      if let path = device["socket.path"] ?? device["socket"] { vfioUserSockets.append(path) }
    default:
      if Self.isVideo(driver) { videoDevices.append(driver) }
    }
  }

  /// Display devices of QEMU's, with their variants such as `virtio-vga-gl`, `vhost-user-gpu-pci`, `secondary-vga`.
  private static func isVideo(_ driver: String) -> Bool {
    ["virtio-gpu", "virtio-vga", "vhost-user-gpu", "vhost-user-vga", "qxl", "bochs-display", "ramfb", "ati-vga"]
      .contains { driver.hasPrefix($0) }
      || ["VGA", "secondary-vga", "isa-vga", "cirrus-vga", "isa-cirrus-vga", "vmware-svga", "sga"].contains(driver)
  }

  /// What only makes sense once all was read: monitors name character devices that may come later.
  private mutating func finish() {
    for monitor in monitors where monitor["mode"] == "control" {
      if let socket = monitor["chardev"].flatMap({ sockets[$0] }) { takeSocket(socket) }
    }
    if let vga {
      if vga != "none" { videoDevices.insert(vga == "std" ? "VGA" : vga, at: 0) }
    } else if hasDefaults && videoDevices.isEmpty {
      // Without a word about it, QEMU's PCs get a standard VGA (system/vl.c).
      videoDevices.append("VGA")
    }
    displays.removeAll { $0 == "none" || $0 == "vnc none" }
  }
}
