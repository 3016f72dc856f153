// A surface's pages in one piece: as dmabufs where the host makes them, else mapped by ourselves.
package import GVTCore

/// One contiguous view over scattered pages, kept up with where they are.
package final class PageView {
  private enum Way {
    case exported(ExportedPages)
    case mapped(PageMapping)
  }

  private let exporter: PageExporter?
  private var way: Way
  /// The bytes. Another buffer after an ``update(_:)``.
  package private(set) var buffer: PlaneBuffer

  package init(_ pages: [PageLocation?], exporter: PageExporter?) throws(BufferFailure) {
    self.exporter = exporter
    way = try Self.way(to: pages, exporter, nil)
    buffer = Self.buffer(way)
  }

  /// Pages were lost: nothing can be read before the next ``update(_:)``.
  package var needsUpdate: Bool {
    switch way {
    case .exported(let pages): pages.isBroken
    case .mapped(let mapping): mapping.needsUpdate
    }
  }

  /// Whether the pages are dmabufs.
  package var isExported: Bool {
    if case .exported = way { true } else { false }
  }

  /// Makes the view show `pages`, wherever they are now.
  package func update(_ pages: [PageLocation?]) throws(BufferFailure) {
    way = try Self.way(to: pages, exporter, way)
    buffer = Self.buffer(way)
  }

  private static func way(
    to pages: [PageLocation?], _ exporter: PageExporter?, _ old: Way?
  ) throws(BufferFailure) -> Way {
    let present = pages.compactMap { $0 }
    // A dmabuf has no holes.
    if let exporter, !present.isEmpty, present.count == pages.count,
      let exported = try? ExportedPages(present, by: exporter)
    {
      return .exported(exported)
    }
    guard case .mapped(let mapping) = old else { return .mapped(try PageMapping(pages)) }
    try mapping.update(pages)
    return .mapped(mapping)
  }

  private static func buffer(_ way: Way) -> PlaneBuffer {
    switch way {
    case .exported(let pages): .exported(pages)
    case .mapped(let mapping): .pages(mapping)
    }
  }
}
