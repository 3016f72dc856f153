// What was written over the power unit's sideband; everything else that it answers is in registers.

extension PowerUnit {
  package struct State: SnapshotState, Equatable {
    package static let section = SnapshotSection.power
    package static let version: UInt16 = 1

    let sideband: [UInt16: UInt32]

    init(_ power: PowerUnit) { sideband = power.sideband }

    package init(from reader: inout SnapshotReader) throws(SnapshotFailure) {
      var sideband: [UInt16: UInt32] = [:]
      for _ in 0..<(try reader.count(atMost: 1 << 16, "sideband registers")) {
        sideband[try reader.uint16()] = try reader.uint32()
      }
      self.sideband = sideband
    }

    package func write(to writer: inout SnapshotWriter) {
      writer.put(count: sideband.count)
      for (address, value) in sideband.sorted(by: { $0.key < $1.key }) {
        writer.put(address)
        writer.put(value)
      }
    }
  }
}
