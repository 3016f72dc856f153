// The OpRegion's layout, as i915 checks it before it believes it.
import GVTCore
import Testing

@Suite struct OpRegionTests {
  private func number(_ count: Int, at offset: Int, in bytes: [UInt8]) -> Int {
    bytes[offset..<offset + count].reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  @Test(
    arguments: [
      (.skylake, .displayPort, 0x68c6, 7, 5), (.skylake, .hdmi, 0x60d2, 1, 5), (.broadwell, .hdmi, 0x60d2, 1, 5),
      (.coffeeLake, .hdmi, 0x60d2, 1, 1),
    ] as [(Platform, Monitor.Connector, Int, UInt8, UInt8)])
  func `it declares the one port`(
    platform: Platform, connector: Monitor.Connector, type: Int, place: UInt8, pin: UInt8
  ) {
    let region = OpRegion.bytes(for: connector, on: platform)
    #expect(region.count == 8192)
    #expect(String(decoding: region[..<16], as: UTF8.self) == "IntelGraphicsMem")
    #expect(number(4, at: 16, in: region) * 1024 == region.count)
    #expect(number(4, at: 88, in: region) == 8)

    let table = Array(region[0x400...])
    #expect(String(decoding: table[..<4], as: UTF8.self) == "$VBT")
    let size = number(2, at: 24, in: table)
    #expect(table[..<size].reduce(0, &+) == 0)
    #expect(table[size...].allSatisfy { $0 == 0 })

    let data = Array(table[number(4, at: 28, in: table)..<size])
    #expect(String(decoding: data[..<16], as: UTF8.self) == "BIOS_DATA_BLOCK ")
    #expect(number(2, at: 20, in: data) == data.count)
    let block = Array(data[number(2, at: 18, in: data)...])
    #expect(block[0] == 2)
    #expect(number(2, at: 1, in: block) + 3 == block.count)
    // Four bytes, the size of each port, then the ports: one.
    let port = Array(block[8...])
    #expect(port.count == Int(block[7]))
    #expect(number(2, at: 2, in: port) == type)
    #expect(port[16] == place)
    #expect(port[19] == pin)
  }
}
