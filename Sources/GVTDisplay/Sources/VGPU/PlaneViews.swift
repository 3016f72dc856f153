// Contiguous views of the surfaces that a guest shows, kept while it flips between them.
import GVTCore

/// The few surfaces shown last, each mapped once. A view is mapped anew only where its GGTT entries changed.
struct PlaneViews {
  /// Two or three buffers a plane, and a cursor or two.
  private static let limit = 8

  private final class View {
    let pages: Range<PageNumber>
    let view: PageView
    /// The entries as they were before the mapping was made.
    var entries: [TranslationEntry]
    var isStale = false

    init(
      _ pages: Range<PageNumber>, _ locations: [PageLocation?], _ entries: [TranslationEntry], _ exporter: PageExporter?
    ) throws(BufferFailure) {
      self.pages = pages
      self.entries = entries
      view = try PageView(locations, exporter: exporter)
    }
  }

  private let faults: MemoryFaultCounter
  private let exporter: PageExporter?
  private var views: [View] = []

  /// `exporter` makes dmabufs of the pages, where the host has one.
  init(faults: MemoryFaultCounter = MemoryFaultCounter(), exporter: PageExporter? = nil) {
    self.faults = faults
    self.exporter = exporter
  }

  /// Whether any of them is a dmabuf.
  var areExported: Bool { views.contains { $0.view.isExported } }

  /// Looks through all mappings again when they are used next: the guest's memory map changed.
  mutating func memoryChanged() {
    for view in views { view.isStale = true }
  }

  /// The bytes of a picture as `device` has them now. Nil if not one of its pages is the guest's.
  mutating func buffer(of picture: PlaneDescription, in device: VirtualGPUDevice) throws(BufferFailure) -> PlaneBuffer?
  {
    let pages = picture.pages
    // Taken first: an entry that changes while pages are looked up differs from this copy the next time.
    let entries = (pages.lowerBound.rawValue..<pages.upperBound.rawValue).map { device.table[PageNumber($0)] }
    if let index = views.firstIndex(where: { $0.pages == pages }) {
      let view = views.remove(at: index)
      if view.isStale || view.entries != entries || view.view.needsUpdate {
        guard let locations = locate(picture, entries, in: device) else { return nil }
        try view.view.update(locations)
        view.entries = entries
        view.isStale = false
      }
      views.append(view)
      return view.view.buffer
    }
    guard let locations = locate(picture, entries, in: device) else { return nil }
    // Before the new one: mappings are few and large.
    if views.count >= Self.limit { views.removeFirst() }
    let view = try View(pages, locations, entries, exporter)
    views.append(view)
    return view.view.buffer
  }

  /// Where a picture's pages are, those that are nowhere counted; nil if all of them are.
  private func locate(
    _ picture: PlaneDescription, _ entries: [TranslationEntry], in device: VirtualGPUDevice
  ) -> [PageLocation?]? {
    let locations = device.pages(of: picture)
    for (location, entry) in zip(locations, entries) where location == nil {
      faults.count(entry.address == nil ? .absentEntry : .unmappedPage)
    }
    return locations.contains { $0 != nil } ? locations : nil
  }
}
