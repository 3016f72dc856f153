// A VM reduced to what a vGPU notices of it: memory, GGTT entries and a driver that sets a mode, over vfio-user.
package import GVTCore

/// A guest whose surface begins at guest address 0 and at graphics address 16 MiB.
package final class VFIOUserGuest {
  package static let surface = 16 << 20

  package let client: VFIOUserClient
  package let ram: GuestRAM

  /// Attaches the vGPU at `path`.
  package init(attaching path: String, byteCount: Int = 16 << 20) throws {
    client = try VFIOUserClient(connectingTo: path)
    ram = try GuestRAM(byteCount: byteCount)
    try client.negotiate()
    try mapMemory()
  }

  package func mapMemory() throws {
    let code = try client.map(ram.descriptor, at: 0, size: UInt64(ram.byteCount))
    guard code == 0 else { throw ClientFailure(description: "mapping memory gave \(code)") }
  }

  package func unmapMemory() throws { try client.unmap(at: 0, size: UInt64(ram.byteCount)) }

  package subscript(register: Int) -> UInt32 {
    get throws { try client.read(UInt32.self, .registers, register) }
  }

  package func set(_ register: Int, _ value: UInt32) throws { try client.write(.registers, register, value) }

  /// Fills the surface and turns on pipe A with it: 60 Hz, rows without a gap.
  package func show(_ size: PixelSize, colour: UInt32) throws {
    precondition(size.width % 16 == 0, "rows are whole units of 64 bytes")
    paint(size, colour: colour)
    let first = Self.surface / PageLocation.pageBytes
    for page in 0..<(size.area * 4 + 4095) / 4096 {
      let entry = TranslationEntry(GuestAddress(UInt64(page * 4096)))
      try client.write(.registers, MMIO.translationEntry(PageNumber(first + page)), entry.rawValue)
    }
    let total = PixelSize(width: size.width + 160, height: size.height + 30)
    try set(MMIO.horizontalTotal(.a), DisplayTotal(active: size.width, total: total.width).rawValue)
    try set(MMIO.verticalTotal(.a), DisplayTotal(active: size.height, total: total.height).rawValue)
    try set(MMIO.pipeSource(.a), PipeSource(size).rawValue)
    try set(MMIO.pipeConfiguration(.a), 1 << 31)
    try set(MMIO.planeControl(.a, 1), PlaneControl(showing: .xrgb8888)?.rawValue ?? 0)
    try set(MMIO.planeStride(.a, 1), UInt32(size.width * 4 / 64))
    try set(MMIO.planePosition(.a, 1), 0)
    try set(MMIO.planeSize(.a, 1), PlaneSize(size).rawValue)
    try set(MMIO.planeOffset(.a, 1), 0)
    try flip()
  }

  /// Draws into the surface, of which the vGPU hears nothing.
  package func paint(_ size: PixelSize, colour: UInt32) {
    let words = [UInt32](repeating: colour, count: size.area)
    ram.store(words.span, at: GuestAddress(0))
  }

  package func flip() throws { try set(MMIO.planeSurface(.a, 1), UInt32(Self.surface)) }

  package func turnOff() throws {
    try set(MMIO.planeControl(.a, 1), 0)
    try set(MMIO.planeSurface(.a, 1), 0)
    try set(MMIO.pipeConfiguration(.a), 0)
  }
}
