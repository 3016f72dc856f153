// What a viewer sees while there is no picture.
package import GVTCore

/// A title and a sentence, instead of a picture.
package struct StatusCard: Equatable, Sendable {
  package var title: String
  package var detail: String

  package init(title: String, detail: String) {
    self.title = title
    self.detail = detail
  }

  /// The card as 0x00RRGGBB, row by row.
  package func pixels(size: PixelSize) -> [UInt32] { Array(repeating: 0x20242c, count: size.area) }
}
