// Which pages of its memory the demo guest uses for what, as a kernel that has been up for a while would have them.
import GVTCore

/// Free pages of a guest's memory, handed out in an order without neighbours.
struct GuestPages: Sendable {
  private let start: GuestAddress
  private var free: [UInt32]

  init(of ram: GuestRAM) {
    start = ram.start
    free = (0..<UInt32(ram.byteCount / PageLocation.pageBytes)).map { $0 }
    // A shuffle that is the same each time.
    var state: UInt64 = 0x2545_f491_4f6c_dd1d
    for index in free.indices.reversed() where index > 0 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      free.swapAt(index, Int(state >> 33) % (index + 1))
    }
  }

  var freeCount: Int { free.count }

  /// Nil, and nothing taken, if there are not so many.
  mutating func allocate(_ count: Int) -> [GuestAddress]? {
    guard count <= free.count else { return nil }
    defer { free.removeLast(count) }
    return free.suffix(count).map(address)
  }

  mutating func release(_ pages: [GuestAddress]) {
    free += pages.map { UInt32(($0.rawValue - start.rawValue) / UInt64(PageLocation.pageBytes)) }
  }

  private func address(_ page: UInt32) -> GuestAddress {
    GuestAddress(start.rawValue + UInt64(page) * UInt64(PageLocation.pageBytes))
  }
}

/// A picture in scattered pages, mapped at one stretch of graphics memory.
struct GuestSurface {
  let first: PageNumber
  let pages: [GuestAddress]
  let strideBytes: Int
  /// What other surfaces got since this one was drawn.
  var stale: [PixelRect] = []

  var address: UInt32 { UInt32(truncatingIfNeeded: first.start.rawValue) }

  static func strideBytes(width: Int) -> Int { (width * 4 + 63) / 64 * 64 }

  static func pageCount(_ size: PixelSize) -> Int {
    (strideBytes(width: size.width) * size.height + PageLocation.pageBytes - 1) / PageLocation.pageBytes
  }

  /// Copies parts of a picture into the pages.
  func store(_ rects: [PixelRect], of canvas: Canvas, in ram: GuestRAM) {
    let pixels = canvas.pixels.span
    for rect in rects {
      for y in rect.y..<rect.maxY {
        var offset = y * strideBytes + rect.x * 4
        var next = y * canvas.size.width + rect.x
        let end = next + rect.width
        while next < end {
          let inPage = offset % PageLocation.pageBytes
          let count = min(end - next, (PageLocation.pageBytes - inPage) / 4)
          let page = pages[offset / PageLocation.pageBytes]
          ram.store(pixels.extracting(next..<next + count), at: GuestAddress(page.rawValue + UInt64(inPage)))
          next += count
          offset += count * 4
        }
      }
    }
  }
}
