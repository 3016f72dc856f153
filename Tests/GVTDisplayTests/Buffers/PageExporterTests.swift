// Pages as dmabufs, made by a stand-in for /dev/udmabuf and, where there is one, by the real one.
import Foundation
import GVTCore
import Testing

@testable import GVTDisplay

/// Refuses like the kernel does: files that are not sealed, too many parts, too many bytes.
private final class FakeHost: Sendable {
  private let made = Locked(0)
  let mostParts: Int
  let mostPages: Int

  init(mostParts: Int = 1024, mostPages: Int = 16384) {
    self.mostParts = mostParts
    self.mostPages = mostPages
  }

  var count: Int { made.withLock { $0 } }

  var exporter: PageExporter {
    PageExporter(mostParts: mostParts, mostBytes: mostPages * PageLocation.pageBytes) { parts throws(SystemFailure) in
      let bytes = parts.reduce(0) { $0 + $1.byteCount }
      guard parts.count <= self.mostParts, bytes <= self.mostPages * PageLocation.pageBytes, !parts.isEmpty else {
        throw SystemFailure("ioctl(UDMABUF_CREATE_LIST)", 22)
      }
      let copy = try Files.inMemory(named: "fake dmabuf")
      for part in parts {
        let mapping = try Mapping(part.descriptor.owned, offset: part.offset, count: part.byteCount)
        unsafe try Files.write(Array(mapping.bytes), to: copy.raw)
      }
      self.made.withLock { $0 += 1 }
      return copy
    }
  }
}

struct PageExporterTests {
  private static let page = PageLocation.pageBytes
  private let ram: GuestRAM

  init() throws {
    ram = try GuestRAM(byteCount: 64 * Self.page)
    for number in 0..<64 { ram.store([UInt32(number + 1)].span, at: GuestAddress(UInt64(number * Self.page))) }
  }

  private func at(_ number: Int) -> PageLocation {
    PageLocation(descriptor: ram.descriptor, fileOffset: number * Self.page)
  }

  @Test func `pages that follow each other are one part`() {
    let plan = FakeHost().exporter.plan([5, 6, 7, 3, 4, 9].map(at))
    #expect(plan.count == 1)
    #expect(plan[0].map(\.offset) == [5, 3, 9].map { $0 * Self.page })
    #expect(plan[0].map(\.byteCount) == [3, 2, 1].map { $0 * Self.page })
  }

  @Test(arguments: [(1, 100), (2, 100), (100, 1), (100, 3), (3, 5)])
  func `limits of parts and bytes are kept, and nothing is lost`(_ mostParts: Int, _ mostPages: Int) throws {
    let pages = [0, 1, 2, 3, 9, 8, 7, 20, 21, 40].map(at)
    let host = FakeHost(mostParts: mostParts, mostPages: mostPages)
    let plan = host.exporter.plan(pages)
    #expect(plan.allSatisfy { $0.count <= mostParts && $0.reduce(0) { $0 + $1.byteCount } <= mostPages * Self.page })
    let places = plan.joined().flatMap { part in
      stride(from: part.offset, to: part.offset + part.byteCount, by: Self.page)
    }
    #expect(places == pages.map(\.fileOffset))
    let exported = try ExportedPages(pages, by: host.exporter)
    #expect(exported.dmabufs.count == plan.count)
    #expect(try PlaneBufferTests.view(.exported(exported)) == [1, 2, 3, 4, 10, 9, 8, 21, 22, 41])
  }

  @Test func `no pages need no dmabuf`() {
    #expect(FakeHost().exporter.plan([]).isEmpty)
  }

  @Test func `a view is exported where that works, and mapped where it does not`() throws {
    let host = FakeHost()
    let view = try PageView([at(3), at(2)], exporter: host.exporter)
    #expect(view.isExported && host.count == 1)
    #expect(try PlaneBufferTests.view(view.buffer) == [4, 3])
    try view.update([at(3), nil])
    #expect(!view.isExported)
    #expect(try PlaneBufferTests.view(view.buffer) == [4, 0])
    try view.update([at(7), at(6)])
    #expect(view.isExported && !view.needsUpdate)
    #expect(try PlaneBufferTests.view(view.buffer) == [8, 7])
  }

  @Test func `a host that refuses is no reason to show nothing`() throws {
    let refusing = PageExporter(mostParts: 10, mostBytes: 1 << 20) { _ throws(SystemFailure) in
      throw SystemFailure("ioctl(UDMABUF_CREATE_LIST)", 22)
    }
    let view = try PageView([at(1)], exporter: refusing)
    #expect(!view.isExported)
    #expect(try PlaneBufferTests.view(view.buffer) == [2])
    #expect(try PlaneBufferTests.view(try PageView([at(1)], exporter: nil).buffer) == [2])
  }

  @Test func `a host without the device has no exporter`() {
    #expect(PageExporter.ofHost(device: "/nonexistent/udmabuf") == nil)
    #expect(PageExporter.ofHost(device: "/dev/null", parameters: "/nonexistent")?.mostParts == 1024)
  }

  @Test(.enabled(if: PageExporter.ofHost() != nil, "this host has no /dev/udmabuf that we may open"))
  func `the kernel's dmabufs show what the guest writes later`() throws {
    let exporter = try #require(PageExporter.ofHost())
    let scattered = (0..<64).reversed().map(at)
    let view = try PageView(scattered, exporter: exporter)
    #expect(view.isExported)
    #expect(try PlaneBufferTests.view(view.buffer) == (1...64).reversed().map(UInt8.init))
    ram.store([200].span, at: GuestAddress(UInt64(63 * Self.page)))
    #expect(try PlaneBufferTests.view(view.buffer).first == 200)
  }

  @Test(.enabled(if: PageExporter.ofHost() != nil, "this host has no /dev/udmabuf that we may open"))
  func `a large plane of scattered pages needs several of the kernel's dmabufs`() throws {
    let exporter = try #require(PageExporter.ofHost())
    let count = 2250
    let ram = try GuestRAM(byteCount: count * Self.page)
    for number in 0..<count {
      ram.store([UInt32(number % 251)].span, at: GuestAddress(UInt64(number * Self.page)))
    }
    let order = (0..<count).map { $0 * 7 % count }
    let pages = order.map { PageLocation(descriptor: ram.descriptor, fileOffset: $0 * Self.page) }
    let exported = try ExportedPages(pages, by: exporter)
    #expect(exported.dmabufs.count == (count + exporter.mostParts - 1) / exporter.mostParts)
    #expect(try PlaneBufferTests.view(.exported(exported)) == order.map { UInt8($0 % 251) })
  }

  @Test(.enabled(if: PageExporter.ofHost() != nil, "this host has no /dev/udmabuf that we may open"))
  func `the kernel makes no dmabuf of a file that could shrink`() throws {
    let exporter = try #require(PageExporter.ofHost())
    let file = try PlaneBufferTests.pages(2)
    let view = try PageView([PageLocation(descriptor: file.shared, fileOffset: 0)], exporter: exporter)
    #expect(!view.isExported)
    #expect(try PlaneBufferTests.view(view.buffer) == [1])
  }
}
