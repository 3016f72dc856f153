// GPUs of hosts that we do not have, and of hosts that say nonsense.
import Testing

@testable import GVTCore

@Suite struct GPUTests {
  private func only(_ host: String) throws -> GPU {
    let all = GPU.all(in: FixtureHost.named(host))
    #expect(all.count == 1)
    return try #require(all.first)
  }

  @Test func `a laptop's GPU with GVT-g is told whole`() throws {
    let gpu = try only("kabylake")
    #expect(gpu.vendor == .intel && gpu.generation?.name == "Kaby Lake" && gpu.generation?.gvt == .supported)
    #expect(gpu.driver == "i915" && gpu.isBootDisplay)
    #expect(gpu.cardNode == "/dev/dri/card0" && gpu.renderNode == "/dev/dri/renderD128")
    #expect(gpu.connectors.map(\.name) == ["DP-1", "DP-2", "HDMI-A-1", "eDP-1"])
    #expect(gpu.connectors.last == .init(name: "eDP-1", status: "connected", mode: "1920x1080"))
    #expect(gpu.virtualFunctions == nil)
    let parent = try #require(gpu.parents.first)
    #expect(parent.types.map(\.id) == ["i915-GVTg_V5_4", "i915-GVTg_V5_8"])
    #expect(parent.types.map(\.available) == [0, 1])
    #expect(parent.instances == ["6d2a9f0c-4c11-4e5b-9f0e-2f6b7c1d8e90"])
    #expect(parent.types[1].number(labelled: "low_gm_size") == 64)
    #expect(parent.types[1].value(labelled: "resolution") == "1024x768")
  }

  @Test func `virtual functions belong to their GPU`() throws {
    let gpu = try only("tigerlake-sriov")
    #expect(gpu.generation?.gvt == .ended)
    let offer = try #require(gpu.virtualFunctions)
    #expect(offer.total == 7 && offer.enabled == 2)
    #expect(offer.functions.map(\.address.description) == ["0000:00:02.1", "0000:00:02.2"])
    #expect(offer.functions.map(\.driver) == ["vfio-pci", "vfio-pci"])
    #expect(offer.functions.map(\.iommuGroup) == [15, 16])
    let users = DeviceUsers(in: FixtureHost.named("tigerlake-sriov"))
    #expect(users.ofGroup(15) == [DeviceUser(process: 3120, role: .machine("desk1"))])
    #expect(users.ofGroup(16).isEmpty)
  }

  @Test func `NVIDIA's types are known both ways`() {
    let gpus = GPU.all(in: FixtureHost.named("nvidia-vgpu"))
    #expect(gpus.map(\.driver) == ["ast", "nvidia", "nvidia"])
    #expect(gpus[1].parents.first?.types.map(\.name).first == "GRID T4-1B")
    #expect(gpus[1].parents.first?.types.first?.number(labelled: "framebuffer") == 1024)
    let types = gpus[2].virtualFunctions?.functions.map(\.vendorTypes)
    #expect(types?.first??.current == 1076)
    #expect(types?.last??.creatable == [VendorTypes.Kind(id: 1076, name: "NVIDIA L4-2Q")])
  }

  @Test func `a host without GPUs has none`() {
    #expect(GPU.all(in: FixtureHost.named("no-gpu")).isEmpty)
    #expect(GPU.all(in: HostRoot(prefix: "/nonexistent")).isEmpty)
  }

  @Test func `no device id is in two generations`() {
    let ids = IntelGeneration.table.flatMap(\.deviceIDs)
    #expect(Set(ids).count == ids.count)
    // What intel_gvt.c of Linux 6.1 takes.
    let supported = IntelGeneration.table.filter { $0.generation.gvt == .supported }.map(\.generation.name)
    #expect(
      supported == [
        "Broadwell", "Skylake", "Apollo Lake", "Kaby Lake", "Coffee Lake", "Whiskey Lake", "Comet Lake",
      ])
  }

  @Test(
    arguments: [
      (0x1616, "Broadwell"), (0x1912, "Skylake"), (0x5a84, "Apollo Lake"), (0x3e9b, "Coffee Lake"),
      (0x9bc5, "Comet Lake"),
      (0x8a52, "Ice Lake"), (0x46a6, "Alder Lake"), (0x56a0, "Alchemist (Arc A)"), (0x1234, nil),
    ] as [(UInt16, String?)])
  func `generations are known by device ids`(id: UInt16, name: String?) {
    #expect(IntelGeneration(deviceID: id)?.name == name)
  }

  @Test(
    arguments: [
      ("/sys/bus/pci/drivers/i915/x", nil, GVTObstacle.moduleMissing),
      ("/sys/module/i915/parameters/enable_gvt", "N\n", .disabled),
      ("/sys/module/i915/parameters/enable_gvt", nil, .notBuilt),
      ("/sys/module/i915/parameters/enable_guc", "3\n", .firmwareSubmission),
      ("/sys/module/i915/parameters/enable_guc", "2\n", .moduleMissing),
      ("/sys/module/i915/parameters/enable_guc", "-1\n", .moduleMissing),
      ("/sys/module/i915/parameters/enable_guc", "nonsense\n", .moduleMissing),
      ("/sys/module/kvmgt/initstate", "live\n", .unexplained),
    ] as [(String, String?, GVTObstacle)])
  func `what stands in GVT-g's way is found`(path: String, text: String?, obstacle: GVTObstacle) throws {
    let host = try MadeHost(copying: "broadwell")
    try host.remove("/sys/class/mdev_bus/0000:00:02.0")
    try host.remove("/sys/module/kvmgt")
    if let text { try host.write(text, to: path) } else { try? host.remove(path) }
    let gpu = try #require(GPU.all(in: host.root).first)
    #expect(GVTObstacle(of: gpu, in: host.root) == obstacle)
  }

  @Test func `GVT-g needs i915 to drive the GPU`() throws {
    let host = try MadeHost(copying: "broadwell")
    try host.remove("/sys/class/mdev_bus/0000:00:02.0")
    let driver = "/sys/devices/pci0000:00/0000:00:02.0/driver"
    try host.remove(driver)
    #expect(GVTObstacle(of: try #require(GPU.all(in: host.root).first), in: host.root) == .otherDriver(nil))
    try host.link(driver, to: "../../../bus/pci/drivers/vfio-pci")
    #expect(GVTObstacle(of: try #require(GPU.all(in: host.root).first), in: host.root) == .otherDriver("vfio-pci"))
    // Where it works, and where it never will, nothing stands in its way.
    for name in ["broadwell", "tigerlake-sriov"] {
      let root = FixtureHost.named(name)
      #expect(GVTObstacle(of: try #require(GPU.all(in: root).first), in: root) == nil)
    }
  }

  @Test func `nonsense in files is left out`() throws {
    let host = try MadeHost(copying: "tigerlake-sriov")
    let folder = "/sys/devices/pci0000:00/0000:00:02.0"
    for (name, text) in [("sriov_numvfs", "-7"), ("boot_vga", "maybe"), ("drm/card0/card0-DP-1/status", "")] {
      try host.write(text, to: "\(folder)/\(name)")
    }
    try host.remove(folder + "/virtfn0")
    try host.link(folder + "/virtfn0", to: "../../nowhere")
    try host.write("", to: folder + "/virtfnx")
    let gpu = try #require(GPU.all(in: host.root).first)
    #expect(gpu.virtualFunctions?.enabled == 1 && gpu.virtualFunctions?.functions.count == 1)
    #expect(!gpu.isBootDisplay)
    for text in ["", "0", "-1", "99999999999999999999", "x"] {
      try host.write(text, to: folder + "/sriov_totalvfs")
      #expect(GPU.all(in: host.root).first?.virtualFunctions == nil)
    }
  }

  @Test func `lists of NVIDIA's types are read line by line`() {
    let text = "ID    : vGPU Name\n1076  : NVIDIA L4-2Q\n : x\n-3 : y\n12\n99999999999999999999: z\n7: a:b\n"
    #expect(VendorTypes.kinds(in: text).map { "\($0.id) \($0.name)" } == ["1076 NVIDIA L4-2Q", "7 a:b"])
  }
}
