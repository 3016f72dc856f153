// A display driver as a guest would have: it reaches registers, GGTT entries and the guest's memory, and nothing else.
import GVTCore

/// Drives plane 1 and the cursor of pipe A. Lives on the guest's thread.
struct GuestDriver {
  private let device: VirtualGPUDevice
  private let ram: GuestRAM
  private let pipe = Pipe.a
  private let plane = 1
  private var pages: GuestPages
  private var cursors: [GuestSurface] = []
  private var buffers: [GuestSurface] = []
  private var front = 0
  private(set) var mode: PixelSize?
  private var shownCursor: (shape: CursorShape, position: PixelPoint)?

  /// Where the surfaces begin in graphics memory: low enough for the smallest aperture.
  private static let firstSurface = PageNumber(256)
  private static let firstCursor = PageNumber(16)

  init(device: VirtualGPUDevice, ram: GuestRAM) {
    self.device = device
    self.ram = ram
    pages = GuestPages(of: ram)
    enableInterrupts()
    prepareCursors()
  }

  /// Whether two buffers of this size fit what the instance may use.
  static func isPossible(_ size: PixelSize, on type: InstanceType) -> Bool {
    let limit = PlaneLimits.size
    guard (16...limit.width).contains(size.width), (16...limit.height).contains(size.height) else { return false }
    let end = firstSurface.rawValue + 2 * GuestSurface.pageCount(size)
    return end * PageLocation.pageBytes <= type.lowMegabytes << 20
  }

  // MARK: - Mode

  /// Turns everything off, finds memory for two buffers of the new size, draws `canvas` and turns everything on.
  /// False if there is no memory; the screen is off then.
  mutating func setMode(showing canvas: Canvas) -> Bool {
    turnOff()
    let size = canvas.size
    guard let first = surface(size, at: Self.firstSurface),
      let second = surface(size, at: PageNumber(Self.firstSurface.rawValue + GuestSurface.pageCount(size)))
    else { return false }
    buffers = [first, second]
    buffers[0].store([size.bounds], of: canvas, in: ram)
    buffers[1].stale = [size.bounds]
    front = 0
    mode = size
    // Blanks about as long as a monitor's reduced timings.
    let total = PixelSize(width: size.width + 160, height: size.height + max(6, size.height / 32))
    device[MMIO.horizontalTotal(pipe)] = DisplayTotal(active: size.width, total: total.width).rawValue
    device[MMIO.verticalTotal(pipe)] = DisplayTotal(active: size.height, total: total.height).rawValue
    device[MMIO.pipeSource(pipe)] = PipeSource(size).rawValue
    device[MMIO.pipeConfiguration(pipe)] = 1 << 31
    let setting = device.planes.registers(showing: .xrgb8888, strideBytes: first.strideBytes)
    device[MMIO.planeControl(pipe, plane)] = setting?.control ?? 0
    device[MMIO.planeStride(pipe, plane)] = setting?.stride ?? 0
    device[MMIO.planePosition(pipe, plane)] = 0
    device[MMIO.planeSize(pipe, plane)] = PlaneSize(size).rawValue
    device[MMIO.planeOffset(pipe, plane)] = 0
    device[MMIO.planeSurface(pipe, plane)] = first.address
    return true
  }

  /// Plane, cursor and pipe off, in this order; then their memory is free.
  mutating func turnOff() {
    guard mode != nil else { return }
    device[MMIO.cursorControl(pipe)] = 0
    device[MMIO.cursorBase(pipe)] = 0
    shownCursor = nil
    device[MMIO.planeControl(pipe, plane)] = 0
    device[MMIO.planeSurface(pipe, plane)] = 0
    device[MMIO.pipeConfiguration(pipe)] = 0
    for buffer in buffers {
      map(buffer.pages.map { _ in nil }, at: buffer.first)
      pages.release(buffer.pages)
    }
    buffers = []
    mode = nil
  }

  private mutating func surface(_ size: PixelSize, at first: PageNumber) -> GuestSurface? {
    guard let addresses = pages.allocate(GuestSurface.pageCount(size)) else { return nil }
    map(addresses, at: first)
    return GuestSurface(first: first, pages: addresses, strideBytes: GuestSurface.strideBytes(width: size.width))
  }

  private func map(_ addresses: [GuestAddress?], at first: PageNumber) {
    for (index, address) in addresses.enumerated() {
      let entry = address.map { TranslationEntry($0) } ?? .absent
      device.write(MMIO.translationEntry(PageNumber(first.rawValue + index)), entry.rawValue, .qword)
    }
  }

  // MARK: - Flips

  /// Brings the back buffer up to `canvas`, which differs in `dirty` from the front one, and flips to it.
  mutating func present(_ canvas: Canvas, dirty: [PixelRect]) {
    guard mode == canvas.size else { return }
    let back = 1 - front
    precondition(
      device[MMIO.planeSurfaceLive(pipe, plane)] == buffers[front].address,
      "the back buffer must not be on the screen while it is drawn")
    buffers[back].store(Self.joined(buffers[back].stale, dirty), of: canvas, in: ram)
    buffers[back].stale = []
    buffers[front].stale = dirty
    device[MMIO.planeSurface(pipe, plane)] = buffers[back].address
    front = back
  }

  /// The rectangles of both lists, less those that lie within another.
  private static func joined(_ old: [PixelRect], _ new: [PixelRect]) -> [PixelRect] {
    old.filter { rect in !new.contains { $0.contains(rect) } }
      + new.filter { rect in !old.contains { $0.contains(rect) && $0 != rect } }
  }

  // MARK: - The cursor

  /// Shows the pointer with its hot spot at `point`.
  mutating func showCursor(_ shape: CursorShape, at point: PixelPoint) {
    guard mode != nil, cursors.indices.contains(shape.rawValue) else { return }
    if let shownCursor, shownCursor == (shape, point) { return }
    shownCursor = (shape, point)
    let hotSpot = shape.hotSpot
    device[MMIO.cursorHotSpotX] = UInt32(hotSpot.x)
    device[MMIO.cursorHotSpotY] = UInt32(hotSpot.y)
    device[MMIO.cursorControl(pipe)] = CursorControl.mode(side: CursorShape.side) ?? 0
    device[MMIO.cursorPosition(pipe)] =
      CursorPosition(PixelPoint(x: point.x - hotSpot.x, y: point.y - hotSpot.y)).rawValue
    device[MMIO.cursorBase(pipe)] = cursors[shape.rawValue].address
  }

  private mutating func prepareCursors() {
    let size = PixelSize(width: CursorShape.side, height: CursorShape.side)
    for shape in CursorShape.allCases {
      let first = PageNumber(Self.firstCursor.rawValue + shape.rawValue * GuestSurface.pageCount(size))
      guard let surface = surface(size, at: first) else { continue }
      surface.store([size.bounds], of: Canvas(size: size, pixels: shape.pixels), in: ram)
      cursors.append(surface)
    }
  }

  // MARK: - Interrupts

  private func enableInterrupts() {
    let bank = InterruptBank.pipe(pipe)
    device[MMIO.interruptMask(bank)] = UInt32.max
    device[MMIO.interruptIdentity(bank)] = UInt32.max
    device[MMIO.interruptEnable(bank)] = PipeInterrupts.vblank.rawValue
    device[MMIO.interruptMaster] = InterruptTree.masterEnable
  }

  /// Vblank interrupts are unmasked only while somebody waits for them.
  func wantVblanks(_ isWanted: Bool) {
    let register = MMIO.interruptMask(.pipe(pipe))
    let mask = isWanted ? ~PipeInterrupts.vblank.rawValue : UInt32.max
    if device[register] != mask { device[register] = mask }
  }

  /// The interrupt handler: clears what is pending.
  func handleInterrupt() {
    device[MMIO.interruptMaster] = 0
    let register = MMIO.interruptIdentity(.pipe(pipe))
    device[register] = device[register]
    device[MMIO.interruptMaster] = InterruptTree.masterEnable
  }
}
