// Where one page of a guest's memory really is.

/// One page of a file that somebody keeps open: guest memory as a memfd, or any other file that can be mapped.
package struct PageLocation: Equatable, Sendable {
  /// Bytes in a page: what graphics memory and this machine's mappings are counted in.
  package static let pageBytes = 4096

  package var descriptor: SharedDescriptor
  /// Where the page begins in the file, in bytes: a multiple of ``pageBytes``.
  package var fileOffset: Int

  package init(descriptor: SharedDescriptor, fileOffset: Int) {
    self.descriptor = descriptor
    self.fileOffset = fileOffset
  }

  /// The same page of the same open file; two descriptors of one file count as different.
  package static func == (a: PageLocation, b: PageLocation) -> Bool {
    a.descriptor === b.descriptor && a.fileOffset == b.fileOffset
  }
}
