// Which screen of several a SPEC means.
import GVTCore
import Testing

@testable import GVTDisplay

struct KMSScreenTests {
  /// Two CRTCs: the first off, the second on DP-2; HDMI-A-1 has nothing in it.
  private static func device() throws -> FakeKMSDevice {
    let device = try FakeKMSDevice()
    device.crtcs = [
      (40, KMSCRTC(mode: nil, origin: .zero)),
      (41, KMSCRTC(mode: FakeKMSDevice.mode(PixelSize(width: 800, height: 600)), origin: .zero)),
      (42, KMSCRTC(mode: FakeKMSDevice.mode(PixelSize(width: 640, height: 480)), origin: .zero)),
    ]
    device.connectors = [
      50: KMSConnector(name: "HDMI-A-1", isConnected: false, crtc: nil),
      51: KMSConnector(name: "DP-2", isConnected: true, crtc: 41),
      52: KMSConnector(name: "DP-3", isConnected: true, crtc: nil),
    ]
    return device
  }

  private static func screen(_ wish: DRMSpec.Screen, staying current: UInt32? = nil) throws -> KMSScreen {
    try KMSTopology(of: device()).screen(wish, staying: current, path: "/dev/dri/card0")
  }

  @Test func `the first that is lit is served, and stays`() throws {
    let screen = try Self.screen(.first)
    #expect(screen.crtc == 41 && screen.index == 1 && screen.connectors == ["DP-2"])
    #expect(try Self.screen(.first, staying: 42).crtc == 42)
    #expect(try Self.screen(.first, staying: 40).crtc == 41)
  }

  @Test func `a screen is named by its connector or its number`() throws {
    #expect(try Self.screen(.connector("DP-2")).crtc == 41)
    #expect(try Self.screen(.crtc(2)).crtc == 42)
    #expect(try Self.screen(.crtc(2)).connectors.isEmpty)
  }

  @Test(arguments: [
    (DRMSpec.Screen.crtc(0), SourceStatus.waiting("CRTC 0 of /dev/dri/card0 is off.")),
    (.crtc(3), .failed("/dev/dri/card0 has 3 CRTCs, counted from 0: there is none of number 3.")),
    (.connector("DP-3"), .waiting("Connector DP-3 of /dev/dri/card0 is off.")),
    (
      .connector("HDMI-A-1"),
      .waiting("Connector HDMI-A-1 of /dev/dri/card0 is off, and nothing is plugged into it.")
    ), (.connector("VGA-1"), .failed("/dev/dri/card0 has no connector VGA-1; it has HDMI-A-1, DP-2, DP-3.")),
  ])
  func `a screen that is not there, or off, says which`(wish: DRMSpec.Screen, status: SourceStatus) throws {
    let refusal = #expect(throws: KMSRefusal.self) { try Self.screen(wish) }
    #expect(refusal?.status == status && refusal?.losesDevice == false)
  }

  @Test func `a connector that goes while it is asked for is none`() throws {
    let device = try Self.device()
    device.onCall = { [unowned device] call in
      if call == "resources" { device.onCall = { _ in device.connectors[52] = nil } }
    }
    #expect(try KMSTopology(of: device).screen(.first, staying: nil, path: "/c").connectors == ["DP-2"])
  }
}
