// Turns pages of guests' memfds into dmabufs: /dev/udmabuf (Linux drivers/dma-buf/udmabuf.c).
import CLinux
package import GVTCore
import Glibc

/// A host's way to make dmabufs of pages.
package struct PageExporter: Sendable {
  /// Pages of one file that follow each other.
  package struct Part: Equatable, Sendable {
    package var descriptor: SharedDescriptor
    /// Bytes, in whole pages, as is `byteCount`.
    package var offset: Int
    package var byteCount: Int

    package static func == (a: Part, b: Part) -> Bool {
      a.descriptor === b.descriptor && a.offset == b.offset && a.byteCount == b.byteCount
    }
  }

  /// Parts in one dmabuf, at most (module parameter list_limit).
  package let mostParts: Int
  /// Bytes in one dmabuf, at most (size_limit_mb).
  package let mostBytes: Int
  private let create: @Sendable ([Part]) throws(SystemFailure) -> OwnedDescriptor

  package init(
    mostParts: Int, mostBytes: Int, create: @escaping @Sendable ([Part]) throws(SystemFailure) -> OwnedDescriptor
  ) {
    self.mostParts = mostParts
    self.mostBytes = mostBytes
    self.create = create
  }

  /// This host's; nil where there is no such device or it is not ours to open.
  package static func ofHost(
    device path: String = "/dev/udmabuf", parameters: String = "/sys/module/udmabuf/parameters"
  ) -> PageExporter? {
    let raw = unsafe open(path, O_RDWR | O_CLOEXEC)
    guard raw >= 0 else { return nil }
    let device = SharedDescriptor(OwnedDescriptor(owning: raw))
    // The kernel's own defaults where a host hides its parameters.
    let parts = number(parameters + "/list_limit") ?? 1024
    let megabytes = number(parameters + "/size_limit_mb") ?? 64
    guard parts > 0, megabytes > 0 else { return nil }
    return PageExporter(mostParts: min(parts, 65536), mostBytes: min(megabytes, 4096) << 20) {
      parts throws(SystemFailure) in
      let list = parts.map {
        gvt_udmabuf_part(memfd: $0.descriptor.raw, offset: UInt64($0.offset), size: UInt64($0.byteCount))
      }
      let made = try check("ioctl(UDMABUF_CREATE_LIST)") {
        unsafe list.withUnsafeBufferPointer { list in
          unsafe gvt_udmabuf_create(device.raw, list.baseAddress, UInt32(list.count))
        }
      }
      return OwnedDescriptor(owning: made)
    }
  }

  /// Dmabufs that hold `pages` one after the other, as few as the limits allow.
  func export(_ pages: [PageLocation]) throws(SystemFailure) -> [(dmabuf: SharedDescriptor, byteCount: Int)] {
    var made: [(SharedDescriptor, Int)] = []
    for parts in plan(pages) {
      made.append((SharedDescriptor(try create(parts)), parts.reduce(0) { $0 + $1.byteCount }))
    }
    return made
  }

  /// The parts of each dmabuf.
  package func plan(_ pages: [PageLocation]) -> [[Part]] {
    let page = PageLocation.pageBytes
    let mostBytes = max(page, mostBytes / page * page)
    var plan: [[Part]] = []
    var bytes = 0
    for location in pages {
      if plan.isEmpty || bytes + page > mostBytes {
        plan.append([])
        bytes = 0
      }
      if let last = plan[plan.count - 1].last, last.descriptor === location.descriptor,
        last.offset + last.byteCount == location.fileOffset
      {
        plan[plan.count - 1][plan[plan.count - 1].count - 1].byteCount += page
      } else {
        if plan[plan.count - 1].count >= mostParts {
          plan.append([])
          bytes = 0
        }
        plan[plan.count - 1].append(
          Part(descriptor: location.descriptor, offset: location.fileOffset, byteCount: page))
      }
      bytes += page
    }
    return plan
  }

  private static func number(_ path: String) -> Int? {
    guard let bytes = try? Files.read(path, limit: 64) else { return nil }
    let digits = bytes.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    return Int(String(decoding: digits, as: UTF8.self))
  }
}
