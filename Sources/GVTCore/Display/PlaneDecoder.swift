// From armed registers to pictures. Every number that a guest makes is checked here, once, in 64 bits.

/// Decodes planes and cursors: pure functions of their armed registers.
package enum PlaneDecoder {
  /// A plane of a pipe that shows `size`, as `arrangement` programs it. `palette` gives the pipe's 256 entries of
  /// XRGB8888; it is asked only for indexed pixels.
  package static func decode(
    _ registers: PlaneRegisters, of pipe: Pipe, plane: Int, on size: PixelSize, by arrangement: PlaneArrangement,
    palette: () -> [UInt32]
  ) -> PlaneState {
    guard registers.control.isEnabled, plane <= arrangement.count else { return .off }
    do throws(PlaneFault) {
      var picture = try arrangement.decode(registers, plane, size)
      if let fault = PlaneLimits.fault(of: picture.layout.size) { throw fault }
      try checkExtent(picture.layout, at: picture.address)
      if picture.layout.format == .c8 { picture.layout.palette = palette() }
      return .on(picture)
    } catch {
      return .invalid(PlaneState.Reason(.plane(pipe, plane), error))
    }
  }

  /// The cursor of a pipe.
  package static func decode(_ registers: CursorRegisters, of pipe: Pipe) -> PlaneState {
    guard registers.control.mode != 0 else { return .off }
    do {
      return .on(try picture(registers))
    } catch {
      return .invalid(PlaneState.Reason(.cursor(pipe), error))
    }
  }

  private static func picture(_ registers: CursorRegisters) throws(PlaneFault) -> PlaneDescription {
    let mode = registers.control.mode
    guard let side = CursorControl.side(ofMode: mode) else { throw .cursorMode(mode) }
    if registers.control.isRotated { throw .rotated(degrees: 180) }
    // A height beyond the width is not allowed, and the image would end at the width anyway.
    let size = PixelSize(width: side, height: min(side, registers.height.height ?? side))
    let layout = SurfaceLayout(format: .argb8888, size: size, strideBytes: 4 * side)
    let address = GraphicsAddress(UInt64(registers.base & ~0xfff))
    try checkExtent(layout, at: address)
    return PlaneDescription(
      layout: layout, address: address, position: registers.position.point, alpha: .premultiplied)
  }

  private static func checkExtent(_ layout: SurfaceLayout, at address: GraphicsAddress) throws(PlaneFault) {
    let origin = layout.origin
    if origin.x > PlaneLimits.origin.x || origin.y > PlaneLimits.origin.y { throw .origin(origin) }
    if layout.strideBytes == 0 { throw .noStride }
    if layout.strideBytes > PlaneLimits.strideBytes { throw .strideTooLong(bytes: layout.strideBytes) }
    let rowBytes = (origin.x + layout.size.width) * layout.format.bytesPerPixel
    if layout.strideBytes < rowBytes { throw .strideTooShort(bytes: layout.strideBytes, rowBytes: rowBytes) }
    let end = GraphicsAddress(address.rawValue + UInt64(layout.byteCount))
    if end > .limit { throw .beyondGraphicsMemory(address, end: end) }
  }
}
