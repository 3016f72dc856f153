// Creating and removing mediated devices: what is refused, in which words, and what is written to the kernel.
import Testing

@testable import GVTCore

@Suite struct MediationTests {
  private static let uuid = "0c5e7a10-3b1d-4c43-9a63-6f2c1f0f7d11"
  private static let made = "6d2a9f0c-4c11-4e5b-9f0e-2f6b7c1d8e90"

  private func failure(_ host: HostRoot, _ order: MdevOrder) -> MediationFailure? {
    do throws(MediationFailure) {
      _ = try Mediation(in: host).create(order)
      return nil
    } catch {
      return error
    }
  }

  private func removal(_ host: HostRoot, _ uuid: String) -> MediationFailure? {
    do throws(MediationFailure) {
      try Mediation(in: host).remove(uuid)
      return nil
    } catch {
      return error
    }
  }

  @Test func `an order is written where the kernel reads it`() throws {
    let host = try MadeHost(copying: "kabylake")
    // Nobody reads orders here, which is noticed.
    let failure = failure(host.root, MdevOrder(type: "i915-GVTg_V5_8", uuid: Self.uuid.uppercased()))
    #expect(failure?.kind == .system && failure?.description.contains("no such vGPU") == true)
    let create = "/sys/class/mdev_bus/0000:00:02.0/mdev_supported_types/i915-GVTg_V5_8/create"
    #expect(host.root.text(create) == Self.uuid)
  }

  @Test func `a device is removed by its own file`() throws {
    let host = try MadeHost(copying: "skylake")
    let uuid = try #require(MdevDevice.all(in: host.root).last?.uuid)
    #expect(removal(host.root, uuid)?.kind == .system)
    #expect(host.root.text("/sys/bus/mdev/devices/\(uuid)/remove") == "1")
  }

  @Test(
    arguments: [
      ("kabylake", MdevOrder(type: "i915-GVTg_V5_4", uuid: uuid), .unavailable, "still i915-GVTg_V5_8 (1 free)"),
      (
        "kabylake", MdevOrder(type: "i915-GVTg_V5_2", uuid: uuid), .missing,
        "there are i915-GVTg_V5_4 (none free) and i915-GVTg_V5_8 (1 free)"
      ),
      ("kabylake", MdevOrder(type: "i915-GVTg_V5_8", uuid: made), .unavailable, "already"),
      ("kabylake", MdevOrder(type: "i915-GVTg_V5_8", uuid: "x"), .request, "looks like"),
      (
        "kabylake", MdevOrder(type: "i915-GVTg_V5_8", uuid: uuid, guest: .windows7), .request,
        "at least a quarter of a GPU, not i915-GVTg_V5_8: i915-GVTg_V5_4 (none free)"
      ),
      ("nvidia-vgpu", MdevOrder(type: "nvidia-230", uuid: uuid, guest: .windows7), .request, "leave it out"),
      ("skylake", MdevOrder(type: "i915-GVTg_V5_8", uuid: uuid), .unavailable, "never makes more than 7"),
      (
        "kabylake", MdevOrder(type: "i915-GVTg_V5_8", parent: "00:03.0", uuid: uuid), .missing,
        "those that do are 0000:00:02.0"
      ),
      ("nvidia-vgpu", MdevOrder(type: "x", parent: "02:00.0", uuid: uuid), .unavailable, "its driver makes none"),
      ("nvidia-vgpu", MdevOrder(type: "GRID T4-8Q", uuid: uuid), .unavailable, "there is still nvidia-230 (15 free)"),
      (
        "tigerlake-sriov", MdevOrder(type: "i915-GVTg_V5_8", uuid: uuid), .unavailable,
        "no device of this host makes vGPUs"
      ),
      ("no-gpu", MdevOrder(type: "i915-GVTg_V5_8", uuid: uuid), .unavailable, "gvt-vnc serve vgpu:"),
    ] as [(String, MdevOrder, MediationFailure.Kind, String)])
  func `what cannot be made is refused with what can`(
    host: String, order: MdevOrder, kind: MediationFailure.Kind, words: String
  ) throws {
    let copy = try MadeHost(copying: host)
    let refusal = try #require(failure(copy.root, order))
    #expect(refusal.kind == kind && refusal.description.contains(words), "\(refusal)")
  }

  @Test func `what a host lacks is named`() throws {
    let host = try MadeHost(copying: "broadwell")
    try host.remove("/sys/class/mdev_bus/0000:00:02.0")
    try host.write("N\n", to: "/sys/module/i915/parameters/enable_gvt")
    let order = MdevOrder(type: "i915-GVTg_V4_8", uuid: Self.uuid)
    #expect(failure(host.root, order)?.description.contains("boot with i915.enable_gvt=1") == true)
  }

  @Test func `of two devices that make a type, one must be named`() throws {
    let host = try MadeHost(copying: "nvidia-vgpu")
    let second = "/sys/devices/pci0000:3a/0000:3a:00.0/0000:3c:00.0/mdev_supported_types/nvidia-230"
    try host.write("3\n", to: second + "/available_instances")
    try host.write("", to: second + "/create")
    try host.link("/sys/class/mdev_bus/0000:3c:00.0", to: "../../devices/pci0000:3a/0000:3a:00.0/0000:3c:00.0")
    var order = MdevOrder(type: "nvidia-230", uuid: Self.uuid)
    let words = "--gpu, 0000:3b:00.0 (15 free) or 0000:3c:00.0 (3 free)"
    #expect(failure(host.root, order)?.description.contains(words) == true)
    order.parent = "3c:00.0"
    #expect(failure(host.root, order)?.kind == .system)
    #expect(host.root.text(second + "/create") == Self.uuid)
  }

  @Test func `virtual functions of one GPU are equals, and a free one is taken`() throws {
    let host = try MadeHost(copying: "nvidia-vgpu")
    for (number, free) in [(4, 0), (5, 1)] {
      let function = "/sys/devices/pci0000:ae/0000:ae:00.0/0000:af:00.\(number)"
      try host.write("\(free)\n", to: function + "/mdev_supported_types/nvidia-900/available_instances")
      try host.write("", to: function + "/mdev_supported_types/nvidia-900/create")
      try host.link("/sys/class/mdev_bus/0000:af:00.\(number)", to: "../../" + function.dropFirst(5))
    }
    #expect(GPU.all(in: host.root).last?.parents.count == 2)
    #expect(failure(host.root, MdevOrder(type: "nvidia-900", parent: "af:00.0", uuid: Self.uuid))?.kind == .system)
    #expect(host.root.text("/sys/class/mdev_bus/0000:af:00.5/mdev_supported_types/nvidia-900/create") == Self.uuid)
  }

  @Test func `the last vGPU of a GPU comes with a warning`() throws {
    let parent = try #require(MdevParent.all(in: FixtureHost.named("skylake")).first)
    let type = try #require(parent.types.last)
    let six = MdevType(
      id: type.id, name: type.name, description: nil, available: 1, deviceAPI: nil,
      instances: Array(type.instances.dropLast()))
    #expect(Mediation.notes(on: MdevParent(name: "x", types: [six]), six).first?.contains("text mode") == true)
    #expect(Mediation.notes(on: try #require(MdevParent.all(in: FixtureHost.named("kabylake")).first), six).isEmpty)
  }

  @Test func `a device in use stays, and its user is named`() throws {
    let host = try MadeHost(copying: "kabylake")
    let failure = try #require(removal(host.root, Self.made))
    #expect(failure.kind == .unavailable)
    #expect(failure.description.contains("VM office (process 2411) must be shut down first"))
    #expect(host.root.text("/sys/bus/mdev/devices/\(Self.made)/remove") == "")
  }

  @Test func `a display that looks at it is a user too`() throws {
    let host = try MadeHost(copying: "kabylake")
    try host.remove("/proc/2411")
    try host.write("gvt-vnc\0serve\0vfio:vm=office\0--name\0front desk\0", to: "/proc/90/cmdline")
    try host.link("/proc/90/fd/7", to: "/dev/vfio/12")
    try host.write("vfio-tool\n", to: "/proc/91/comm")
    try host.link("/proc/91/fd/3", to: "/somewhere/else/vfio/12")
    // What only looks like it.
    try host.link("/proc/92/fd/3", to: "/dev/vfio/vfio")
    try host.link("/proc/93/fd/3", to: "/dev/vfio/120")
    try host.link("/proc/94/fd/3", to: "/tmp/12")
    let sentence = try #require(removal(host.root, Self.made)?.description)
    #expect(sentence.contains("display front desk (process 90) must let go first (gvt-vnc detach front desk) and"))
    #expect(sentence.hasSuffix("vfio-tool (process 91) must end first"))
  }

  @Test func `a device that was opened without its group is found by the kernel's name of it`() throws {
    let host = try MadeHost(copying: "kabylake")
    try host.remove("/proc/2411")
    try host.write("", to: "/sys/bus/mdev/devices/\(Self.made)/vfio-dev/vfio3/dev")
    try host.write("vmm\n", to: "/proc/90/comm")
    try host.link("/proc/90/fd/7", to: "/dev/vfio/devices/vfio3")
    #expect(removal(host.root, Self.made)?.description.contains("vmm (process 90)") == true)
  }

  @Test func `what is not there is not removed`() throws {
    let host = try MadeHost(copying: "kabylake")
    #expect(removal(host.root, Self.uuid)?.kind == .missing)
    #expect(removal(host.root, Self.uuid)?.description.contains(Self.made) == true)
    for text in ["", "..", "../../../etc/passwd", "6d2a9f0c"] { #expect(removal(host.root, text)?.kind == .request) }
  }

  @Test(arguments: ["", "x", "-1", "1.5", "99999999999999999999999", "0x7fffffffffffffff"])
  func `a count that is none is unknown, and does not keep anybody from trying`(text: String) throws {
    let host = try MadeHost(copying: "kabylake")
    let folder = "/sys/class/mdev_bus/0000:00:02.0/mdev_supported_types/i915-GVTg_V5_8"
    try host.write(text, to: folder + "/available_instances")
    #expect(MdevParent.all(in: host.root).first?.types.last?.available == nil)
    #expect(failure(host.root, MdevOrder(type: "i915-GVTg_V5_8", uuid: Self.uuid))?.kind == .system)
  }

  @Test func `hostile names and missing links do no harm`() throws {
    let host = try MadeHost(copying: "kabylake")
    let types = "/sys/class/mdev_bus/0000:00:02.0/mdev_supported_types/"
    try host.write("\u{1b}[2J\n", to: types + "\u{1b}[31m/name")
    try host.write("x", to: types + "i915-GVTg_V5_8/devices/not-a-uuid")
    try host.write("", to: "/sys/bus/mdev/devices/not-a-uuid/uevent")
    try host.write("", to: "/sys/bus/mdev/devices/\(Self.uuid)/uevent")
    try host.link("/sys/class/mdev_bus/dangling", to: "../../devices/nowhere")
    #expect(MdevDevice.all(in: host.root).map(\.uuid) == [Self.uuid, Self.made])
    let bare = try #require(MdevDevice(Self.uuid, in: host.root))
    #expect(bare.type == nil && bare.iommuGroup == nil)
    let parents = MdevParent.all(in: host.root)
    #expect(parents.map(\.name) == ["0000:00:02.0", "dangling"] && parents[1].types.isEmpty)
    #expect(parents[0].instances == [Self.made])
  }

  @Test func `types are in the order of their numbers`() {
    let names = ["nvidia-1000", "nvidia-63", "i915-GVTg_V5_8", "i915-GVTg_V5_1", "nvidia-222"]
    #expect(
      names.sorted { $0.comesBefore($1) } == [
        "i915-GVTg_V5_1", "i915-GVTg_V5_8", "nvidia-63", "nvidia-222", "nvidia-1000",
      ])
  }
}
