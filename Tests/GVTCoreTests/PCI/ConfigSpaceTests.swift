// The configuration space, as firmware, drivers and lspci look at it.
import GVTCore
import Glibc
import Testing

@Suite struct ConfigSpaceTests {
  private func word(_ config: ConfigSpace, _ offset: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(config[offset + $1]) << UInt32(8 * $1) }
  }

  private func write(_ config: inout ConfigSpace, _ offset: Int, _ value: UInt32) {
    for index in 0..<4 { _ = config.write(UInt8(truncatingIfNeeded: value >> UInt32(8 * index)), at: offset + index) }
  }

  /// BAR, what is read after all ones were written, and the flags that are always there.
  @Test(
    arguments: [
      (0, 0xff00_0004, 0x4), (1, 0xffff_ffff, 0), (2, 0xf000_000c, 0xc), (3, 0xffff_ffff, 0), (4, 0xffff_ffc1, 0x1),
      (5, 0, 0),
    ] as [(Int, UInt32, UInt32)])
  func `a BAR tells its size`(number: Int, sized: UInt32, flags: UInt32) {
    var config = ConfigSpace(.skylake)
    let offset = ConfigSpace.Offset.bar(number)
    #expect(word(config, offset) == flags)
    write(&config, offset, .max)
    #expect(word(config, offset) == sized)
    write(&config, offset, 0)
    #expect(word(config, offset) == flags)
  }

  /// Bytes of the ROM, and what is read after firmware wrote 0xfffff801 to find its size.
  @Test(arguments: [(0, 0), (2048, 0xffff_f801), (8192, 0xffff_e001)] as [(Int, UInt32)])
  func `a ROM tells its size if there is one`(bytes: Int, sized: UInt32) {
    var config = ConfigSpace(.skylake, romBytes: bytes)
    write(&config, ConfigSpace.Offset.rom, 0xffff_f801)
    #expect(word(config, ConfigSpace.Offset.rom) == sized)
  }

  @Test func `identity, class and GGC cannot be changed; ASLS can`() {
    var config = ConfigSpace(.skylake)
    let fresh = config
    for offset in [0x00, 0x08, 0x2c, 0x34, 0x50, 0x5c] { write(&config, offset, .max) }
    #expect(config == fresh)
    #expect(word(config, 0) == 0x1916_8086 && word(config, 8) == 0x0300_0007 && word(config, 0x50) & 0xffff == 0x00c0)
    write(&config, ConfigSpace.Offset.opRegion, 0x7ff0_1000)
    #expect(word(config, ConfigSpace.Offset.opRegion) == 0x7ff0_1000)
  }

  @Test func `the capabilities are MSI, power management and reset, and then the list ends`() {
    let config = ConfigSpace(.skylake)
    var found: [UInt8] = []
    var next = Int(config[0x34])
    while next != 0 && found.count < 10 {
      found.append(config[next])
      next = Int(config[next + 1])
    }
    #expect(found == [0x05, 0x01, 0x13])
    #expect(config[6] & 0x10 != 0)
  }

  @Test func `only D0 and D3hot are power states`() {
    var config = ConfigSpace(.skylake)
    for (written, read) in [(3, 3), (1, 3), (0, 0), (2, 0), (0xff, 3)] as [(UInt8, UInt8)] {
      _ = config.write(written, at: ConfigSpace.Offset.powerState)
      #expect(config[ConfigSpace.Offset.powerState] == read | 0x08)
    }
  }

  @Test func `a function level reset and INTx's switch are told to the function`() {
    var config = ConfigSpace(.skylake)
    #expect(config.write(0, at: ConfigSpace.Offset.advancedFeatures + 4) == nil)
    #expect(config.write(1, at: ConfigSpace.Offset.advancedFeatures + 4) == .reset)
    #expect(config.write(4, at: 5) == .interruptDisableChanged)
    #expect(config.write(4, at: 5) == nil)
    #expect(config.isInterruptDisabled)
  }

  @Test func `a snapshot's bytes change only what a guest can`() {
    var config = ConfigSpace(.skylake)
    write(&config, ConfigSpace.Offset.bar(0), 0xfd00_0000)
    let saved = config.bytes
    var restored = ConfigSpace(.skylake)
    restored.load(saved)
    #expect(restored == config)
    restored.load([UInt8](repeating: 0xff, count: 300))
    #expect(word(restored, 0) == 0x1916_8086)
    restored.load([])
  }

  @Test(.enabled(if: lspci != nil, "pciutils is not installed: .ci/packages test"))
  func `lspci names the device and its capabilities from a dump`() async throws {
    var config = ConfigSpace(.skylake)
    write(&config, ConfigSpace.Offset.bar(0), 0xfd00_0000)
    write(&config, ConfigSpace.Offset.bar(2), 0xe000_0000)
    write(&config, 4, 0x0000_0507)
    let rows = stride(from: 0, to: 256, by: 16).map { row in
      hex(row, 2) + ":" + (row..<row + 16).map { " " + hex(Int(config[$0]), 2) }.joined()
    }
    let dump = "00:02.0 VGA compatible controller: dump\n" + rows.joined(separator: "\n") + "\n\n"
    let text = try described(dump)
    for words in [
      "Intel Corporation", "Skylake GT2 [HD Graphics 520]", "MSI: Enable- Count=1/1 Maskable- 64bit-",
      "Power Management version 2", "PCI Advanced Features", "AFCap: TP+ FLR+",
      "Memory at fd000000 (64-bit, non-prefetchable)",
      "Memory at e0000000 (64-bit, prefetchable)",
    ] {
      #expect(text.contains(words), "\(words) in \(text)")
    }
  }

  private func hex(_ value: Int, _ digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }

  /// What lspci says of a dump.
  private func described(_ dump: String) throws -> String {
    let name = "/tmp/gvt-lspci.\(getpid())"
    try Files.replace(name, with: Array(dump.utf8), mode: 0o600)
    defer { try? Files.remove(name) }
    guard let output = unsafe popen("\(lspci ?? "lspci") -vv -nn -F \(name) 2>&1", "r") else {
      throw SystemFailure("popen")
    }
    var text: [UInt8] = []
    while case let byte = unsafe fgetc(output), byte >= 0 { text.append(UInt8(truncatingIfNeeded: byte)) }
    unsafe pclose(output)
    return String(decoding: text, as: UTF8.self)
  }
}

private let lspci = (["/usr/bin/lspci", "/usr/sbin/lspci"] as [String]).first { path in
  unsafe access(path, X_OK) == 0
}
