// What ends and begins again under a viewer: the guest, its driver, its sleep, its VM.
import Foundation
import TestSupport
import Testing

extension RealPeers {
  @Suite(.tags(.peer)) struct GuestLivesTests {
    @Test(.needsGuests([.bookworm]))
    func `a viewer stays through reboots, a panic, sleep, another driver life and the end of its VM`() throws {
      try ServedGuest(.init(.bookworm), "platform=skl&connector=dp&size=1024x768").use { served in
        let guest = served.guest
        try guest.waitForBoot()
        let viewer = try served.viewer()
        try type("echo first life", "first life", served, viewer)

        try sleep(served, viewer)
        try reloadDriver(served, viewer)
        try guest.expectNoComplaints()

        try viewer.type("reboot -f\n")
        try guest.waitForBoot()
        try type("echo second life", "second life", served, viewer)

        _ = try guest.agent.start("echo c >/proc/sysrq-trigger")
        try guest.waitForBoot()
        try type("echo third life", "third life", served, viewer)
        try guest.expectNoComplaints()

        guest.kill()
        try served.see("no VM", viewer, within: 10) { !isConsole($0, served) }
        try guest.start()
        try guest.waitForBoot()
        try type("echo fourth life", "fourth life", served, viewer)
        try guest.expectNoComplaints()
        served.keepPicture(viewer.picture, "lives")
      }
    }

    private func isConsole(_ viewer: RFBTestClient, _ served: ServedGuest) -> Bool {
      served.consoleLines(viewer).contains { $0.hasPrefix("/ #") }
    }

    /// Types a command on the console's shell, and waits for its answer there.
    private func type(_ command: String, _ answer: String, _ served: ServedGuest, _ viewer: RFBTestClient) throws {
      try served.see("a console", viewer, within: 60) { isConsole($0, served) }
      try viewer.type("\(command)\n")
      try served.see(answer, viewer, within: 20) { served.consoleLines($0).contains(answer) }
    }

    /// Suspend to RAM: the device loses everything, and the driver gives it back.
    private func sleep(_ served: ServedGuest, _ viewer: RFBTestClient) throws {
      let control = try served.guest.control
      let command = try served.guest.agent.start("echo mem >/sys/power/state")
      try control.waitForEvent("SUSPEND", within: 30)
      #expect(try control.state() == "suspended")
      try served.see("a screen that sleeps", viewer, within: 10) { !isConsole($0, served) }
      try control.execute("system_wakeup")
      #expect(try served.guest.agent.finish(command, within: 30).status == 0)
      try served.see("the console after sleep", viewer, within: 20) { served.consoleLines($0).contains("first life") }
    }

    private func reloadDriver(_ served: ServedGuest, _ viewer: RFBTestClient) throws {
      let agent = try served.guest.agent
      // The console lets go of the driver first.
      try agent.run(
        "for console in /sys/class/vtconsole/*; do grep -q 'frame buffer' $console/name && echo 0 >$console/bind; done; true"
      )
      try agent.run("rmmod i915")
      try served.see("no driver", viewer, within: 10) { !isConsole($0, served) }
      try agent.run("modprobe i915 && loadfont </font.psf")
      try type("echo driver again", "driver again", served, viewer)
    }
  }
}
