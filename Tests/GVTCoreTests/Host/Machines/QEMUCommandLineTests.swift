// Command lines as libvirt, Proxmox and people write them, and what is read from them.
import Testing
import VGPUTesting

@testable import GVTCore

@Suite struct QEMUCommandLineTests {
  private static let uuid = "6d2a9f0c-4c11-4e5b-9f0e-2f6b7c1d8e90"

  private func parse(_ line: String) -> QEMUCommandLine { QEMUCommandLine(line.split(separator: " ").map(String.init)) }

  @Test func `libvirt's command line with a vGPU is read`() {
    // libvirt 9.0 on Debian 12, as its log has it, without the devices that are no concern of ours.
    let line = parse(
      #"/usr/bin/qemu-system-x86_64 -name guest=office,debug-threads=on -S -object {"qom-type":"secret","id":"masterKey0","#
        + #""format":"raw","file":"/var/lib/libvirt/qemu/domain-1-office/master-key.aes"} -machine pc-q35-7.2,usb=off,"#
        + #"vmport=off,dump-guest-core=off,memory-backend=pc.ram -accel kvm -cpu host,migratable=on -m 4096 -uuid "#
        + #"E9F2D1F0-0001-4000-8000-0123456789AB -no-user-config -nodefaults -chardev socket,id=charmonitor,fd=32,server=on,"#
        + #"wait=off -mon chardev=charmonitor,id=monitor,mode=control -rtc base=utc,driftfix=slew -no-shutdown -boot "#
        + #"strict=on -chardev pty,id=charserial0 -chardev socket,id=charchannel0,fd=31,server=on,wait=off -device "#
        + #"{"driver":"usb-tablet","id":"input0","bus":"usb.0","port":"1"} -device {"driver":"vfio-pci","id":"hostdev0","#
        + #""sysfsdev":"/sys/bus/mdev/devices/\#(Self.uuid)","display":"on","ramfb":true,"bus":"pci.5","addr":"0x0"} "#
        + #"-display egl-headless,rendernode=/dev/dri/renderD128 -spice port=0,disable-ticketing=on -vnc 127.0.0.1:3,audiodev=a"#
    )
    #expect(line.name == "office")
    #expect(line.uuid == "e9f2d1f0-0001-4000-8000-0123456789ab")
    #expect(line.qmpSockets == [])
    #expect(line.hasPassedMonitor)
    #expect(line.mdevs == [Self.uuid])
    #expect(line.displays == ["egl-headless", "spice 0", "vnc 127.0.0.1:3"])
    #expect(line.videoDevices == ["ramfb"])
    #expect(line.machineVersion == QEMUVersion(7, 2))
  }

  @Test func `Proxmox's command line is read`() {
    let line = parse(
      "/usr/bin/kvm -id 100 -name web01,debug-threads=on -no-shutdown -chardev "
        + "socket,id=qmp,path=/var/run/qemu-server/100.qmp,server=on,wait=off -mon chardev=qmp,mode=control -chardev "
        + "socket,id=qmp-event,path=/var/run/qmeventd.sock,reconnect-ms=5000 -mon chardev=qmp-event,mode=control "
        + "-pidfile /var/run/qemu-server/100.pid -daemonize -smbios type=1,uuid=0c5e0000-0000-4000-8000-000000000064 "
        + "-smp 4 -nodefaults -vnc unix:/var/run/qemu-server/100.vnc,password=on -device "
        + "vfio-pci,sysfsdev=/sys/bus/pci/devices/0000:00:02.0/00000000-0000-0000-0000-000000000100,id=hostpci0,"
        + "bus=ich9-pcie-port-1,addr=0x0 -device VGA,id=vga,bus=pcie.0,addr=0x1 -machine type=pc-q35-9.0+pve0")
    #expect(line.name == "web01")
    #expect(line.qmpSockets == ["/var/run/qemu-server/100.qmp"], "the other is a socket that QEMU connects to")
    #expect(line.mdevs == ["00000000-0000-0000-0000-000000000100"])
    #expect(line.videoDevices == ["VGA"])
    #expect(line.displays == ["vnc unix:/var/run/qemu-server/100.vnc"])
    #expect(line.machineVersion == QEMUVersion(9, 0))
    #expect(line.uuid == nil)
  }

  @Test func `a vfio-user device is found in each of its forms`() {
    let json = #"{"driver":"vfio-user-pci","addr":"02.0","socket":{"type":"unix","path":"/run/vm1.vgpu"}}"#
    #expect(parse("q -device \(json)").vfioUserSockets == ["/run/vm1.vgpu"])
    #expect(parse("q -device vfio-user-pci,socket=/run/a,,b").vfioUserSockets == ["/run/a,b"])
    #expect(parse("q -device vfio-user-pci,socket.type=unix,socket.path=/run/x").vfioUserSockets == ["/run/x"])
  }

  @Test(arguments: [
    ("-qmp unix:/tmp/q,server=on,wait=off", ["/tmp/q"], false),
    ("-qmp unix:/tmp/q,server,nowait", ["/tmp/q"], false),
    ("--qmp unix:/tmp/a,,b,server=on", ["/tmp/a,b"], false),
    ("-qmp-pretty unix:q.sock,server=yes", ["q.sock"], false),
    ("-qmp unix:/tmp/q", [], false),
    ("-qmp unix:/tmp/q,server=off", [], false),
    ("-qmp unix:x,server=on,abstract=on", [], false),
    ("-qmp tcp:127.0.0.1:4444,server=on", [], false),
    ("-qmp stdio", [], false),
    ("-qmp chardev:c -chardev socket,id=c,path=/tmp/c,server=on", ["/tmp/c"], false),
    ("-mon c,mode=control -chardev socket,id=c,path=/tmp/c,server=on", ["/tmp/c"], false),
    ("-chardev socket,id=c,path=/tmp/c,server=on -mon chardev=c", [], false),
    ("-chardev socket,id=c,path=/tmp/c,server=on -mon chardev=d,mode=control", [], false),
    ("-chardev socket,id=c,fd=7,server=on -mon chardev=c,mode=control", [], true),
    ("-qmp unix:/tmp/q,server=on -qmp unix:/tmp/q,server=on", ["/tmp/q"], false),
    ("-append -qmp unix:/tmp/q,server=on", [], false),
    ("-qmp", [], false),
    ("-qmp unix:,server=on", [], false),
  ])
  func `only sockets that QEMU listens at for QMP count`(line: String, sockets: [String], isPassed: Bool) {
    let parsed = parse("qemu-system-x86_64 " + line)
    #expect(parsed.qmpSockets == sockets)
    #expect(parsed.hasPassedMonitor == isPassed)
  }

  @Test(arguments: [
    ("", [], ["VGA"]), ("-nodefaults", [], []), ("-vga none", [], []),
    ("-vga qxl -spice port=5930", ["spice 5930"], ["qxl"]),
    ("-device virtio-vga-gl -display gtk,gl=on", ["gtk"], ["virtio-vga-gl"]),
    ("-vga none -device secondary-vga -device bochs-display -display none", [], ["secondary-vga", "bochs-display"]),
    ("-nographic -device qxl-vga", [], ["qxl-vga"]), ("-display {\"type\":\"dbus\"} -vnc none", ["dbus"], ["VGA"]),
    ("-vnc :1 -device usb-tablet -device virtio-net-pci", ["vnc :1"], ["VGA"]),
    ("-spice unix=on,addr=/run/s -sdl -curses", ["spice /run/s", "sdl", "curses"], ["VGA"]),
  ])
  func `displays and display devices are told`(line: String, displays: [String], devices: [String]) {
    let parsed = parse("qemu-system-x86_64 " + line)
    #expect(parsed.displays == displays)
    #expect(parsed.videoDevices == devices)
  }

  @Test func `a device that is passed through is none that shows planes`() {
    let line = parse(
      "q -device vfio-pci,host=0000:01:00.0 -device vfio-pci,sysfsdev=/sys/bus/pci/devices/0000:00:02.1 -device vfio-pci"
    )
    #expect(line.passedThrough == ["0000:01:00.0", "0000:00:02.1"])
    #expect(line.mdevs == [])
  }

  @Test func `the later of two names counts, in each of its forms`() {
    #expect(parse("q -name a -name guest=b,,c,process=x").name == "b,c")
    #expect(parse("q -name debug-threads=on").name == nil)
    #expect(QEMUCommandLine(["q", "-name", "two words"]).name == "two words")
    #expect(parse("q -uuid no-uuid").uuid == nil)
  }

  @Test func `no words whatever stop the reader`() {
    #expect(QEMUCommandLine([]).name == nil)
    #expect(
      QEMUCommandLine(["", "", "-", "--", "---", "-device", "", "-device", ",,,", "-device", "{", "-mon"]).mdevs == [])
    let deep = String(repeating: "{\"a\":", count: 2000) + "1" + String(repeating: "}", count: 2000)
    #expect(QEMUCommandLine(["q", "-device", deep, "-name", "x"]).name == "x")
    #expect(
      QEMUCommandLine(["q", "-device", "[1,2]", "-device", "{\"driver\":7,\"sysfsdev\":[]}"]).videoDevices == ["VGA"])
    let wide = "x," + (0..<50_000).map { "k\($0)=v" }.joined(separator: ",")
    #expect(QEMUCommandLine(["q", "-device", wide, "-name", "x"]).name == "x")
  }

  @Test func `random bytes after a real line never stop the reader`() {
    var random = SplitMix(state: 4)
    let pieces = [
      "-device", "-qmp", "-chardev", "{", "}", "\"", ",", "=", "\0", "socket", "id=", "-mon", "unix:", "\u{fffd}", ":",
    ]
    for _ in 0..<500 {
      var bytes: [UInt8] = []
      for _ in 0..<40 {
        if Bool.random(using: &random) {
          bytes += pieces.randomElement(using: &random)?.utf8.map { $0 } ?? []
        } else {
          bytes.append(UInt8.random(in: .min ... .max, using: &random))
        }
      }
      _ = QEMUCommandLine(["q", "-name", "x"] + QEMUProcess.words(bytes))
    }
  }

  @Test(arguments: [
    ("7.2", QEMUVersion(7, 2)), ("7.2.22", QEMUVersion(7, 2, 22)), ("1:7.2+dfsg-7+deb12u18", QEMUVersion(7, 2)),
    ("9.0+pve0", QEMUVersion(9, 0)), ("1:10.1.0+ds-5", QEMUVersion(10, 1)), ("x", nil), ("", nil), ("7", nil),
    ("7.", nil),
    ("99999999999999999999.1", nil), ("1:", nil),
  ])
  func `versions are read from packages and machines`(text: String, version: QEMUVersion?) {
    #expect(QEMUVersion(text) == version)
  }

  @Test func `the program says its version in its first line`() {
    let output =
      "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)\nCopyright (c) 2003-2022 Fabrice Bellard\n"
    #expect(QEMUVersion(output: output) == QEMUVersion(7, 2, 22))
    #expect(QEMUVersion(output: "version") == nil)
    #expect(QEMUVersion(output: "") == nil)
    #expect(QEMUVersion(9, 2, 1) < QEMUVersion(10, 1))
  }
}
