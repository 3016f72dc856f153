// All that a pipe shows at one moment.

/// A pipe's picture: its size, its planes from bottom to top, and its cursor.
package struct ScanOut: Equatable, Sendable {
  /// Whether a pipe shows anything.
  package enum State: Equatable, Sendable {
    case off
    case invalid(PlaneState.Reason)
    case on(PixelSize)
  }

  package var pipe: Pipe
  package var state: State
  /// Planes 1 to 4, in the order in which they cover each other. All are off if the pipe is not on.
  package var planes: [PlaneState]
  package var cursor: PlaneState
  /// The cursor's point that counts, within its image; some drivers tell it, others leave it at the corner.
  package var cursorHotSpot: PixelPoint

  /// The size of a pipe that is on.
  package var size: PixelSize? {
    if case .on(let size) = state { size } else { nil }
  }

  /// The pictures to compose, bottom first, without the cursor.
  package var pictures: [PlaneDescription] { planes.compactMap(\.picture) }

  /// The first thing that is wrong, if anything is: what a status card can say.
  package var fault: PlaneState.Reason? {
    if case .invalid(let reason) = state { return reason }
    for case .invalid(let reason) in planes { return reason }
    return nil
  }

  /// Decodes the armed registers of `unit` and the live ones of its pipe.
  package init(of unit: PipeUnit, in registers: RegisterFile, arrangement: PlaneArrangement) {
    pipe = unit.pipe
    planes = Pipe.planes.map { _ in .off }
    cursor = .off
    cursorHotSpot = .zero
    state = Self.state(of: unit.pipe, in: registers)
    guard case .on(let size) = state else { return }
    planes = Pipe.planes.map { number in
      PlaneDecoder.decode(unit[plane: number], of: unit.pipe, plane: number, on: size, by: arrangement) {
        (0..<256).map { registers[MMIO.palette(unit.pipe, $0)] }
      }
    }
    cursor = PlaneDecoder.decode(unit.cursor, of: unit.pipe)
    let x = Int(registers[MMIO.cursorHotSpotX])
    let y = Int(registers[MMIO.cursorHotSpotY])
    if let size = cursor.picture?.layout.size, x < size.width, y < size.height {
      cursorHotSpot = PixelPoint(x: x, y: y)
    }
  }

  private static func state(of pipe: Pipe, in registers: RegisterFile) -> State {
    guard registers[MMIO.pipeConfiguration(pipe)] >> 31 == 1 else { return .off }
    let size = PipeSource(rawValue: registers[MMIO.pipeSource(pipe)]).size
    if let fault = PlaneLimits.fault(of: size) { return .invalid(PlaneState.Reason(.pipe(pipe), fault)) }
    return .on(size)
  }
}
