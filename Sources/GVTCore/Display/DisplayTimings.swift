// How long a frame lasts and how many lines it has, from the registers that a driver programs for a real monitor.

/// The timing of a pipe's frames.
package struct DisplayTimings: Equatable, Sendable {
  /// Lines that show pixels; the vertical blank begins with the line after them.
  package var activeLines: Int
  package var totalLines: Int
  /// One frame, in nanoseconds.
  package var frameDuration: Int64

  package init(activeLines: Int, totalLines: Int, frameDuration: Int64 = Self.sixtyHertz) {
    self.activeLines = activeLines
    self.totalLines = totalLines
    self.frameDuration = frameDuration
  }

  package static let sixtyHertz: Int64 = 1_000_000_000 / 60

  /// What the registers of `pipe` say; where they make no sense, a frame of 60 Hz with a short blank.
  package init(of pipe: Pipe, in registers: borrowing RegisterFile, clocks: PortClocks) {
    let vertical = DisplayTotal(rawValue: registers[MMIO.verticalTotal(pipe)])
    if vertical.total > vertical.active {
      self.init(activeLines: vertical.active, totalLines: vertical.total)
    } else {
      let height = max(1, PipeSource(rawValue: registers[MMIO.pipeSource(pipe)]).size.height)
      self.init(activeLines: height, totalLines: height + max(3, height / 20))
    }
    let horizontal = DisplayTotal(rawValue: registers[MMIO.horizontalTotal(pipe)])
    let pixels = Int64(horizontal.total) * Int64(totalLines)
    if let kilohertz = Self.pixelClock(of: pipe, in: registers, clocks), kilohertz > 0 {
      let duration = pixels * 1_000_000 / kilohertz
      // 24 Hz to 240 Hz; a guest's mistake must not become a storm of interrupts.
      if (4_100_000...42_000_000).contains(duration) { frameDuration = duration }
    }
  }

  /// The pixel clock in kHz: the clock of the port that the transcoder drives, for DisplayPort times M over N.
  private static func pixelClock(
    of pipe: Pipe, in registers: borrowing RegisterFile, _ clocks: PortClocks
  ) -> Int64? {
    let function = registers[MMIO.transcoderFunction(pipe)]
    let port = Int(function >> 28 & 7)
    guard function >> 31 == 1, (1...4).contains(port), let link = clocks.kilohertz(port, registers) else { return nil }
    switch function >> 24 & 7 {
    // HDMI and DVI.
    case 0, 1: return link
    case 2:
      let m = Int64(registers[MMIO.linkM(pipe)] & 0xff_ffff)
      let n = Int64(registers[MMIO.linkN(pipe)] & 0xff_ffff)
      return n > 0 ? link * m / n : nil
    default: return nil
    }
  }
}
