// What the links of open files say of VFIO devices.
import GVTCore
import Testing

@Suite struct VFIOLinkTests {
  @Test(arguments: [
    ("/dev/vfio/12", VFIOLink.group(12)), ("/run/vm/dev/vfio/0", .group(0)),
    ("/dev/vfio/devices/vfio3", .device("vfio3")),
  ])
  func `a group and a device are known by the end of their path`(_ link: String, _ wanted: VFIOLink) {
    #expect(VFIOLink(link) == wanted)
  }

  @Test(arguments: [
    "", "/", "/dev/vfio/vfio", "/dev/vfio/", "/dev/vfio/-", "/dev/dri/12", "devices/vfio3", "/dev/devices/vfio3",
    "anon_inode:[vfio-device]", "socket:[12]", "/vfio/12/x", "/dev/vfio/99999999999999999999",
  ])
  func `nothing else is one`(_ link: String) {
    #expect(VFIOLink(link) == nil)
  }
}
