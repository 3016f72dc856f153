// Buffers whose owners take their memory away, and pages that move.
import GVTCore
import Testing

@testable import GVTDisplay

struct PlaneBufferTests {
  static let page = PageLocation.pageBytes

  /// A file whose page n is filled with n + 1.
  static func pages(_ count: Int) throws -> TemporaryFile {
    try TemporaryFile((0..<count).flatMap { [UInt8](repeating: UInt8($0 + 1), count: page) })
  }

  /// The first byte of each page.
  static func view(_ buffer: PlaneBuffer) throws -> [UInt8] {
    unsafe try buffer.read { bytes in
      stride(from: 0, to: bytes.count, by: page).map { unsafe bytes[$0] }
    }
  }

  @Test func `scattered pages and holes become one contiguous view`() throws {
    let a = try Self.pages(4)
    let b = try Self.pages(2)
    func at(_ file: TemporaryFile, _ index: Int) -> PageLocation {
      PageLocation(descriptor: file.shared, fileOffset: index * Self.page)
    }
    let mapping = try PageMapping([at(a, 3), at(b, 0), at(b, 1), nil, nil, at(a, 0)])
    let buffer = PlaneBuffer.pages(mapping)
    #expect(try Self.view(buffer) == [4, 1, 2, 0, 0, 1])

    try mapping.update([at(a, 3), at(a, 2), at(b, 1), nil, at(a, 1), at(a, 0)])
    #expect(try Self.view(buffer) == [4, 3, 2, 0, 2, 1])

    try mapping.update([nil, at(a, 1)])
    #expect(try Self.view(buffer) == [0, 2])
    #expect(buffer.count == 2 * Self.page)

    try mapping.update([])
    #expect(buffer.count == 0)
  }

  @Test func `what the guest writes shows through the view`() throws {
    let file = try Self.pages(2)
    let buffer = PlaneBuffer.pages(
      try PageMapping([PageLocation(descriptor: file.shared, fileOffset: Self.page)]))
    try file.write([77], at: Self.page)
    #expect(try Self.view(buffer) == [77])
  }

  @Test func `pages that go away while mapped fail the read and come back with an update`() throws {
    let file = try Self.pages(4)
    let pages = (0..<4).map { PageLocation(descriptor: file.shared, fileOffset: $0 * Self.page) }
    let mapping = try PageMapping(pages)
    let buffer = PlaneBuffer.pages(mapping)
    #expect(try Self.view(buffer) == [1, 2, 3, 4])
    try file.truncate(to: 2 * Self.page)
    #expect(throws: BufferFailure.lostWhileRead) { try Self.view(buffer) }
    #expect(throws: BufferFailure.lostWhileRead) { try Self.view(buffer) }
    try file.truncate(to: 4 * Self.page)
    try mapping.update(pages)
    #expect(try Self.view(buffer) == [1, 2, 0, 0])
  }

  @Test func `more pieces than a process may map are refused, and the view recovers`() throws {
    let file = try Self.pages(2)
    let place = PageLocation(descriptor: file.shared, fileOffset: 0)
    let mapping = try PageMapping([place])
    let tooMany = [PageLocation?](repeating: place, count: PageMapping.maximumPieces + 1)
    #expect(throws: BufferFailure.tooScattered(pieces: tooMany.count)) { try mapping.update(tooMany) }
    #expect(throws: BufferFailure.lostWhileRead) { try Self.view(.pages(mapping)) }
    try mapping.update([place])
    #expect(try Self.view(.pages(mapping)) == [1])
  }

  @Test func `a mapping that the kernel refuses is thrown, and the view recovers`() throws {
    let file = try Self.pages(2)
    let good = PageLocation(descriptor: file.shared, fileOffset: 0)
    let mapping = try PageMapping([good, good])
    let unaligned = PageLocation(descriptor: file.shared, fileOffset: 100)
    #expect(throws: BufferFailure.self) { try mapping.update([good, unaligned]) }
    #expect(throws: BufferFailure.lostWhileRead) { try Self.view(.pages(mapping)) }
    try mapping.update([good, nil])
    #expect(try Self.view(.pages(mapping)) == [1, 0])
  }

  @Test func `a file that shrinks fails the read and does not end the process`() throws {
    let file = try Self.pages(4)
    let opened = try SharedFile(path: file.path)
    let buffer = try PlaneBuffer.file(opened.descriptor, count: 4 * Self.page)
    #expect(try Self.view(buffer) == [1, 2, 3, 4])
    try file.truncate(to: 100)
    #expect(throws: BufferFailure.lostWhileRead) { try Self.view(buffer) }
  }

  @Test func `what is no dmabuf but can be mapped is read all the same`() throws {
    let file = try Self.pages(2)
    let buffer = try PlaneBuffer.dmabuf(try file.shared.owned.duplicate())
    #expect(try Self.view(buffer) == [1, 2])
    let empty = try TemporaryFile()
    #expect(throws: BufferFailure.self) { _ = try PlaneBuffer.dmabuf(try empty.shared.owned.duplicate()) }
  }

  @Test(arguments: [
    (4, 2, 0, 4, true), (4, 2, 8, 4, true), (4, 2, 9, 4, false), (4, 2, -1, 4, false), (4, 0, 0, 4, false),
    (0, 2, 0, 4, false), (4, 2, 0, Int.max / 2, false), (4, Int.max, 0, 4, false), (17, 1, 0, 4, false),
  ])
  func `rows from a peer are copied only where they fit`(
    _ rowBytes: Int, _ rows: Int, _ offset: Int, _ stride: Int, _ fits: Bool
  ) throws {
    let buffer = PlaneBuffer.bytes(count: 16)
    let source = [UInt8](1...8)
    let copied = unsafe source.withUnsafeBytes {
      unsafe buffer.copyRows(
        from: $0, strideBytes: 4, rowBytes: rowBytes, rows: rows, to: offset, strideBytes: stride)
    }
    #expect(copied == fits)
    let first = unsafe try buffer.read { bytes in (0..<16).map { unsafe bytes[$0] } }
    #expect(first.contains(1) == fits)
    if fits { #expect(Array(first[offset..<offset + 8]) == source) }
  }
}
