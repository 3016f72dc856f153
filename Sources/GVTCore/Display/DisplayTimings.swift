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
  package init(of pipe: Pipe, in registers: RegisterFile) {
    let vertical = DisplayTotal(rawValue: registers[MMIO.verticalTotal(pipe)])
    if vertical.total > vertical.active {
      self.init(activeLines: vertical.active, totalLines: vertical.total)
    } else {
      let height = max(1, PipeSource(rawValue: registers[MMIO.pipeSource(pipe)]).size.height)
      self.init(activeLines: height, totalLines: height + max(3, height / 20))
    }
    let horizontal = DisplayTotal(rawValue: registers[MMIO.horizontalTotal(pipe)])
    let pixels = Int64(horizontal.total) * Int64(totalLines)
    if let kilohertz = Self.pixelClock(of: pipe, in: registers), kilohertz > 0 {
      let duration = pixels * 1_000_000 / kilohertz
      // 24 Hz to 240 Hz; a guest's mistake must not become a storm of interrupts.
      if (4_100_000...42_000_000).contains(duration) { frameDuration = duration }
    }
  }

  /// The pixel clock of a DisplayPort output in kHz: the link's clock times M over N. Nil for others, whose clock would
  /// have to be worked out of a PLL's dividers.
  private static func pixelClock(of pipe: Pipe, in registers: RegisterFile) -> Int64? {
    let function = registers[MMIO.transcoderFunction(pipe)]
    let port = function >> 28 & 7
    guard function >> 31 == 1, function >> 24 & 7 == 2, (1...4).contains(port) else { return nil }
    // DPLL_CTRL2 counts three bits a port, A first; DPLL_CTRL1 six bits a PLL.
    let pll = registers[MMIO.pllControl2] >> (port * 3 + 1) & 3
    let rate = Int(registers[MMIO.pllControl1] >> (pll * 6 + 1) & 7)
    guard rate < linkKilohertz.count else { return nil }
    let m = Int64(registers[MMIO.linkM(pipe)] & 0xff_ffff)
    let n = Int64(registers[MMIO.linkN(pipe)] & 0xff_ffff)
    return n > 0 ? linkKilohertz[rate] * m / n : nil
  }

  /// By DPLL_CTRL1's link rate (i915 `DPLL_CTRL1_LINK_RATE_*`): the symbol clock.
  private static let linkKilohertz: [Int64] = [540_000, 270_000, 162_000, 324_000, 216_000, 432_000]
}
