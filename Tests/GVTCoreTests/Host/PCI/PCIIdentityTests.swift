// PCI devices from libpciaccess, from the kernel's files and from config space.
import Testing

@testable import GVTCore

@Suite struct PCIIdentityTests {
  @Test func `libpciaccess and the kernel's files say the same of this host`() {
    let library = PCIIdentity.all(in: .this)
    #expect(library == PCIIdentity.inFiles(of: .this).sorted { $0.address < $1.address })
    #expect(library.isEmpty == HostRoot.this.entries(of: "/sys/bus/pci/devices").isEmpty)
  }

  @Test func `a device is what its files say, with names from the host's own list`() throws {
    let devices = PCIIdentity.all(in: FixtureHost.named("kabylake"))
    let gpu = try #require(devices.last)
    #expect(devices.map(\.address.description) == ["0000:00:00.0", "0000:00:02.0"])
    #expect(gpu.vendorID == 0x8086 && gpu.deviceID == 0x5916 && gpu.revision == 2 && gpu.classCode == 0x030000)
    #expect(gpu.subsystemVendorID == 0x17aa && gpu.subsystemDeviceID == 0x224f)
    #expect(gpu.vendorName == "Intel Corporation" && gpu.deviceName == "HD Graphics 620")
    #expect(gpu.isDisplayController && !devices[0].isDisplayController)
  }

  @Test(arguments: [
    "amd-mxgpu", "broadwell", "kabylake", "no-gpu", "nvidia-vgpu", "skylake", "tigerlake-sriov",
  ])
  func `config space says the same, but for virtual functions`(host: String) throws {
    let root = FixtureHost.named(host)
    for device in PCIIdentity.all(in: root) {
      let folder = "/sys/bus/pci/devices/\(device.address)"
      let header = try root.bytes(folder + "/config")
      var nameless = device
      nameless.vendorName = nil
      nameless.deviceName = nil
      let isFunction = root.linkTarget(folder + "/physfn") != nil
      #expect(PCIIdentity(at: device.address, header: header) == (isFunction ? nil : nameless), "\(device.address)")
    }
  }

  @Test func `where the kernel's files are missing, config space is read`() throws {
    let host = try MadeHost(copying: "kabylake")
    let before = PCIIdentity.all(in: host.root)
    try host.remove("/sys/devices/pci0000:00/0000:00:02.0/vendor")
    #expect(PCIIdentity.all(in: host.root) == before)
    try host.write([0x86, 0x80, 0x16, 0x59], to: "/sys/devices/pci0000:00/0000:00:02.0/config")
    #expect(PCIIdentity.all(in: host.root).count == 1)
  }

  @Test(arguments: ["", "x", "-1", "0x", "0x10000", "0xffffffffffffffffff", "0x8086 0x8086", "\u{0}"])
  func `a vendor that is no number is not believed`(vendor: String) throws {
    let host = try MadeHost()
    let folder = "/sys/bus/pci/devices/0000:00:02.0"
    try host.write(vendor, to: folder + "/vendor")
    try host.write("0x5916\n", to: folder + "/device")
    try host.write("0x030000\n", to: folder + "/class")
    #expect(PCIIdentity.all(in: host.root).isEmpty)
  }

  @Test func `folders that are no addresses are left alone`() throws {
    let host = try MadeHost()
    for name in ["x", "0000:00:20.0", "0000:00:02.8", "00 0:00:02.0", "0000:00:02", "+000:00:02.0", "0000:000:2.0"] {
      try host.write("0x8086\n", to: "/sys/bus/pci/devices/\(name)/vendor")
      #expect(PCIAddress(name) == nil, "\(name)")
    }
    #expect(PCIIdentity.all(in: host.root).isEmpty)
  }

  @Test(arguments: [
    ("0000:00:02.0", "0000:00:02.0"), ("00:02.0", "0000:00:02.0"), ("10000:e1:1f.7", "10000:e1:1f.7"),
    ("0000:AF:00.4", "0000:af:00.4"),
  ])
  func `addresses are read as the kernel and lspci write them`(text: String, full: String) {
    #expect(PCIAddress(text)?.description == full)
  }

  @Test func `names come from whole lines of the right vendor only`() throws {
    let host = try MadeHost()
    try host.write(
      """
      # comment
      8086  Intel Corporation
      \t5916  HD Graphics 620
      \t\t17aa 224f  A laptop
      \t591
      zzzz  No number
      \t5917  Nobody's
      10de  NVIDIA Corporation
      \t5916  Something else
      C 03  Display controller
      \t00  VGA compatible controller
      """, to: "/usr/share/hwdata/pci.ids")
    let names = PCINames(of: [0x8086], in: host.root)
    #expect(names.vendor(0x8086) == "Intel Corporation" && names.vendor(0x10de) == nil)
    #expect(names.device(0x5916, of: 0x8086) == "HD Graphics 620")
    #expect(names.device(0x5917, of: 0x8086) == nil && names.device(0x5916, of: 0x10de) == nil)
  }
}
