// A guest's scattered pages as dmabufs, seen by us through a mapping of those dmabufs.
import CLinux
package import GVTCore
import Glibc

/// Pages that the host made dmabufs of, which a GPU could read as well as we do. They are what they were when they were
/// exported: pages that move in the guest have to be exported anew.
@safe package final class ExportedPages {
  /// In the order of the pages; each holds as many as the host's limits allow.
  package let dmabufs: [SharedDescriptor]
  private let range: AddressRange

  /// Throws where the host does not make a dmabuf of these pages: memory that is no memfd, or not sealed against shrinking.
  package init(_ pages: [PageLocation], by exporter: PageExporter) throws(BufferFailure) {
    range = try AddressRange(pageCount: pages.count)
    do throws(SystemFailure) {
      var first = 0
      var made: [SharedDescriptor] = []
      for (dmabuf, byteCount) in try exporter.export(pages) {
        let count = byteCount / PageLocation.pageBytes
        try range.map(pages: first..<first + count, to: dmabuf.raw, fileOffset: 0)
        made.append(dmabuf)
        first += count
      }
      dmabufs = made
    } catch {
      throw .system(doing: "Exporting \(pages.count) pages of the guest's memory as a dmabuf", error)
    }
  }

  /// Bytes in the view.
  package var count: Int { range.count }

  /// Pages were lost, which a dmabuf's never should be.
  package var isBroken: Bool { range.faults != 0 }

  var bytes: UnsafeRawBufferPointer? {
    isBroken ? nil : unsafe UnsafeRawBufferPointer(start: range.start, count: range.count)
  }
}
