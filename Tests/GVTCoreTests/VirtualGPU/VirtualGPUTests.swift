// The vGPU as a driver meets it.
import GVTCore
import Testing
import VGPUTesting

@Suite struct VirtualGPUTests {
  @Test func `a plane shows what was armed, not what was written since`() throws {
    var bench = try Bench()
    bench.turnOn()
    bench.setPlane()
    #expect(bench.gpu.scanOut(of: .a).planes[0] == .off)
    #expect(bench.write(MMIO.planeSurface(.a, 1), 0x1000_0000) == [.planeChanged(.a)])
    let first = try #require(bench.gpu.scanOut(of: .a).planes[0].picture)
    #expect(first.layout.size == PixelSize(width: 1024, height: 768))
    #expect(first.address == GraphicsAddress(0x1000_0000))

    bench.write(MMIO.planeSize(.a, 1), 0x0000_0000)
    bench.write(MMIO.planeControl(.a, 1), 0)
    #expect(bench.gpu.scanOut(of: .a).planes[0].picture == first)
    bench.write(MMIO.planeSurface(.a, 1), 0)
    #expect(bench.gpu.scanOut(of: .a).planes[0] == .off)
  }

  @Test func `a flip shows in SURFLIVE and in the flip count`() throws {
    var bench = try Bench()
    bench.turnOn()
    bench.setPlane()
    for flip in UInt32(1)...3 {
      bench.write(MMIO.planeSurface(.a, 1), flip << 24 | 0xabc)
      #expect(bench[MMIO.planeSurfaceLive(.a, 1)] == flip << 24)
      #expect(bench[MMIO.flipCounter(.a)] == flip)
    }
    bench.write(MMIO.planeSurfaceLive(.a, 1), 1)
    #expect(bench[MMIO.planeSurfaceLive(.a, 1)] == 3 << 24)
  }

  @Test func `planes are given from bottom to top, each with its place`() throws {
    var bench = try Bench()
    bench.turnOn()
    for plane in [3, 1] {
      bench.write(MMIO.planeControl(.a, plane), 0x8400_0000)
      bench.write(MMIO.planeStride(.a, plane), 4)
      bench.write(MMIO.planeSize(.a, plane), PlaneSize(PixelSize(width: 64, height: 32)).rawValue)
      bench.write(MMIO.planePosition(.a, plane), PackedPair(PixelPoint(x: 10 * plane, y: plane)).rawValue)
      bench.write(MMIO.planeSurface(.a, plane), 0x1000_0000 * UInt32(plane))
    }
    let scanOut = bench.gpu.scanOut(of: .a)
    #expect(scanOut.size == PixelSize(width: 1024, height: 768))
    #expect(scanOut.pictures.map(\.position) == [PixelPoint(x: 10, y: 1), PixelPoint(x: 30, y: 3)])
    #expect(scanOut.planes[1] == .off && scanOut.planes[3] == .off)
    #expect(bench.gpu.scanOut(of: .b).state == .off)
  }

  @Test func `a sprite plane has a format, a place and an alpha of its own`() throws {
    var bench = try Bench()
    bench.turnOn()
    bench.setPlane()
    bench.write(MMIO.planeSurface(.a, 1), 0x1000_0000)
    // ABGR8888, premultiplied, X-tiled, from pixel 8,16 of its surface.
    bench.write(MMIO.planeControl(.a, 2), 0x8410_0420)
    bench.write(MMIO.planeStride(.a, 2), 1)
    bench.write(MMIO.planePosition(.a, 2), PackedPair(PixelPoint(x: 500, y: 300)).rawValue)
    bench.write(MMIO.planeSize(.a, 2), PlaneSize(PixelSize(width: 100, height: 50)).rawValue)
    bench.write(MMIO.planeOffset(.a, 2), PackedPair(PixelPoint(x: 8, y: 16)).rawValue)
    #expect(bench.write(MMIO.planeSurface(.a, 2), 0x2000_0000) == [.planeChanged(.a)])
    let pictures = bench.gpu.scanOut(of: .a).pictures
    #expect(pictures.map(\.layout.format) == [.xrgb8888, .abgr8888])
    let sprite = try #require(pictures.last)
    #expect(
      sprite.layout
        == SurfaceLayout(
          format: .abgr8888, tiling: .x, size: PixelSize(width: 100, height: 50), strideBytes: 512,
          origin: PixelPoint(x: 8, y: 16)))
    #expect(sprite.address == GraphicsAddress(0x2000_0000))
    #expect(sprite.position == PixelPoint(x: 500, y: 300))
    #expect(sprite.alpha == .premultiplied)
    // A format that cannot be read is said of this plane, and the other one is shown.
    bench.write(MMIO.planeControl(.a, 2), 0x8100_0000)
    bench.write(MMIO.planeSurface(.a, 2), 0x2000_0000)
    let scanOut = bench.gpu.scanOut(of: .a)
    #expect(scanOut.pictures.count == 1)
    #expect(scanOut.fault?.description == "plane 2 of pipe A has the pixel format NV12, which cannot be read")
  }

  @Test func `the cursor is armed by its base`() throws {
    var bench = try Bench()
    bench.turnOn()
    bench.write(MMIO.cursorControl(.a), 0x27)
    bench.write(MMIO.cursorPosition(.a), CursorPosition(PixelPoint(x: -3, y: 100)).rawValue)
    #expect(bench.gpu.scanOut(of: .a).cursor == .off)
    #expect(bench.write(MMIO.cursorBase(.a), 0x2000_0000) == [.cursorChanged(.a)])
    #expect(bench.gpu.scanOut(of: .a).cursor.picture?.position == PixelPoint(x: -3, y: 100))
    bench.write(MMIO.cursorPosition(.a), 0)
    #expect(bench.gpu.scanOut(of: .a).cursor.picture?.position == PixelPoint(x: -3, y: 100))
    bench.write(MMIO.cursorHotSpotX, 5)
    bench.write(MMIO.cursorHotSpotY, 63)
    #expect(bench.gpu.scanOut(of: .a).cursorHotSpot == PixelPoint(x: 5, y: 63))
    bench.write(MMIO.cursorHotSpotX, .max)
    #expect(bench.gpu.scanOut(of: .a).cursorHotSpot == .zero)
  }

  @Test func `indexed pixels come with the palette of their pipe`() throws {
    var bench = try Bench()
    bench.turnOn()
    for index in 0..<256 {
      let changes = bench.write(MMIO.palette(.a, index), 0xff00_0000 | UInt32(index) << 16)
      #expect(changes == [.pipeChanged(.a)])
    }
    bench.setPlane(control: 0x8c00_0000)
    bench.write(MMIO.planeSurface(.a, 1), 0x1000_0000)
    let layout = try #require(bench.gpu.scanOut(of: .a).pictures.first).layout
    #expect(layout.palette == (0..<256).map { UInt32($0) << 16 })
  }

  @Test func `a pipe confirms that it is on, and shows nothing while it is off`() throws {
    var bench = try Bench()
    bench.setPlane()
    bench.write(MMIO.planeSurface(.a, 1), 0x1000_0000)
    #expect(bench.gpu.scanOut(of: .a).planes[0] == .off)
    bench.turnOn()
    #expect(bench[MMIO.pipeConfiguration(.a)] == 0xc000_0000)
    #expect(bench.gpu.scanOut(of: .a).pictures.count == 1)
    #expect(bench.write(MMIO.pipeConfiguration(.a), 0) == [.pipeChanged(.a)])
    #expect(bench[MMIO.pipeConfiguration(.a)] == 0)
    #expect(bench.gpu.scanOut(of: .a).state == .off)
  }

  @Test func `a pipe without a sensible size says so`() throws {
    var bench = try Bench()
    bench.write(MMIO.pipeConfiguration(.a), 1 << 31)
    #expect(bench.gpu.scanOut(of: .a).fault?.description == "pipe A is 0x0 pixels")
    bench.write(MMIO.pipeSource(.a), .max)
    #expect(bench.gpu.scanOut(of: .a).fault?.fault == .tooLarge(PixelSize(width: 65536, height: 65536)))
  }

  @Test func `a surface's pages are found through the table`() throws {
    let ram = SharedDescriptor(try .memory(named: "ram"))
    let region = try #require(
      GuestMemoryRegion(start: GuestAddress(0), byteCount: 64 << 20, descriptor: ram, fileOffset: 0))
    var bench = try Bench(memory: GuestMemory([region]))
    bench.turnOn()
    bench.setPlane()
    bench.write(MMIO.planeSurface(.a, 1), 0x1000_0000)
    for page in 0..<768 where page != 5 {
      let entry = TranslationEntry(GuestAddress(UInt64(4096 * (2 * page + 1))))
      _ = bench.gpu.write(MMIO.translationEntry(PageNumber(0x1_0000 + page)), entry.rawValue, .qword)
    }
    let picture = try #require(bench.gpu.scanOut(of: .a).pictures.first)
    let pages = bench.gpu.pages(of: picture)
    #expect(pages.count == 768)
    #expect(pages[5] == nil)
    #expect(pages[767]?.fileOffset == 4096 * 1535)
  }

  @Test func `PVINFO says what i915 looks for, in every width, and cannot be overwritten`() throws {
    var bench = try Bench()
    _ = bench.gpu.write(MMIO.pvInfo, 0, .qword)
    #expect(bench.gpu.read(MMIO.pvInfo, .qword) == 0x4776_5447_7654_4776)
    #expect(bench.gpu.read(MMIO.pvInfo + 8, .word) == 1)
    #expect(bench.gpu.read(MMIO.pvInfo + 10, .word) == 0)
    #expect(bench[MMIO.pvInfo + 0x10] & 0xc == 0xc)
    #expect(bench[MMIO.pvInfo + 0x44] == 0x20_0000)
    #expect(bench[MMIO.pvInfo + 0x50] == 4)
  }

  @Test func `accesses outside BAR 0 read zero and change nothing`() throws {
    var bench = try Bench()
    for offset in [-1, -8, MMIO.byteCount - 4, MMIO.byteCount, Int.max, Int.min, 4 << 20] {
      #expect(bench.gpu.write(offset, .max, .qword).isEmpty)
      #expect(bench.gpu.read(offset, .qword) == 0)
    }
  }

  @Test func `a reset is power-on again`() throws {
    var bench = try Bench()
    bench.turnOn()
    bench.setPlane()
    bench.write(MMIO.planeSurface(.a, 1), 0x1000_0000)
    bench.unmaskVblank()
    _ = bench.gpu.write(MMIO.translationEntry(PageNumber(3)), .max, .qword)
    #expect(bench.gpu.reset() == Pipe.allCases.map { .pipeChanged($0) })
    #expect(bench.gpu.scanOut(of: .a).state == .off)
    #expect(bench.gpu.nextDeadline == nil)
    #expect(bench[MMIO.interruptMask(.pipe(.a))] == .max)
    #expect(bench.gpu.table[PageNumber(3)] == .absent)
    bench.turnOn()
    #expect(bench.gpu.scanOut(of: .a).planes[0] == .off, "what was armed before the reset is forgotten")
  }
}
