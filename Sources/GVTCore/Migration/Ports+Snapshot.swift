// What the ports remember, and the monitor that the guest has seen.

extension PortUnit {
  package struct State: SnapshotState, Equatable {
    package static let section = SnapshotSection.ports
    package static let version: UInt16 = 1

    let monitor: Monitor?
    let pulses: UInt32
    let sink: DisplayPortSink
    let gmbus: GMBUS

    init(_ ports: PortUnit) {
      monitor = ports.monitor
      pulses = ports.pulses
      sink = ports.sink
      gmbus = ports.gmbus
    }

    package init(from reader: inout SnapshotReader) throws(SnapshotFailure) {
      monitor = try reader.flag() ? Monitor(from: &reader) : nil
      pulses = try reader.uint32()
      sink = try DisplayPortSink(from: &reader)
      gmbus = try GMBUS(from: &reader)
    }

    package func write(to writer: inout SnapshotWriter) {
      writer.put(monitor != nil)
      monitor?.write(to: &writer)
      writer.put(pulses)
      sink.write(to: &writer)
      gmbus.write(to: &writer)
    }
  }
}

extension Monitor {
  fileprivate init(from reader: inout SnapshotReader) throws(SnapshotFailure) {
    let name = try reader.text(atMost: 16, "the connector")
    guard let connector = Connector(rawValue: name) else { throw reader.invalid("there is no connector \"\(name)\"") }
    let width = try reader.int(in: Self.smallest.width...Self.largest.width, "the monitor's width")
    let height = try reader.int(in: Self.smallest.height...Self.largest.height, "the monitor's height")
    self.init(connector: connector, preferred: PixelSize(width: width, height: height))
  }

  fileprivate func write(to writer: inout SnapshotWriter) {
    writer.put(connector.rawValue)
    writer.put(preferred.width)
    writer.put(preferred.height)
  }
}

extension DisplayPortSink {
  fileprivate init(from reader: inout SnapshotReader) throws(SnapshotFailure) {
    let link = try reader.bytes(count: 0x100)
    let power = try reader.byte()
    let stage = try reader.byte()
    guard let training = Training(rawValue: stage) else { throw reader.invalid("a link is never trained \(stage)") }
    self.init(link: link, power: power, training: training, channel: try DisplayDataChannel(from: &reader))
  }

  fileprivate func write(to writer: inout SnapshotWriter) {
    writer.append(link)
    writer.put(power)
    writer.put(training.rawValue)
    channel.write(to: &writer)
  }
}

extension GMBUS {
  fileprivate init(from reader: inout SnapshotReader) throws(SnapshotFailure) {
    self.init()
    channel = try DisplayDataChannel(from: &reader)
    remaining = try reader.int(in: 0...Self.longest, "the rest of a GMBUS transfer")
    isReading = try reader.flag()
    isActive = try reader.flag()
    isRefused = try reader.flag()
  }

  fileprivate func write(to writer: inout SnapshotWriter) {
    channel.write(to: &writer)
    writer.put(remaining)
    for flag in [isReading, isActive, isRefused] { writer.put(flag) }
  }
}

extension DisplayDataChannel {
  fileprivate init(from reader: inout SnapshotReader) throws(SnapshotFailure) {
    self.init(pointer: try reader.byte(), isAddressed: try reader.flag())
  }

  fileprivate func write(to writer: inout SnapshotWriter) {
    writer.put(pointer)
    writer.put(isAddressed)
  }
}
