// What the ports remember, and the monitor that the guest has seen.

extension PortUnit {
  package struct State: SnapshotState, Equatable {
    package static let section = SnapshotSection.ports
    package static let version: UInt16 = 1

    let monitor: Monitor

    init(_ ports: PortUnit) { monitor = ports.monitor }

    package init(from reader: inout SnapshotReader) throws(SnapshotFailure) {
      let name = try reader.text(atMost: 16, "the connector")
      guard let connector = Monitor.Connector(rawValue: name) else {
        throw reader.invalid("there is no connector \"\(name)\"")
      }
      let width = try reader.int(in: 64...4096, "the monitor's width")
      let height = try reader.int(in: 64...4096, "the monitor's height")
      monitor = Monitor(connector: connector, preferred: PixelSize(width: width, height: height))
    }

    package func write(to writer: inout SnapshotWriter) {
      writer.put(monitor.connector.rawValue)
      writer.put(monitor.preferred.width)
      writer.put(monitor.preferred.height)
    }
  }
}
