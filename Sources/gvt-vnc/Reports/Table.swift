// Rows of text in aligned columns.

enum Table {
  /// Columns are as wide as their widest cell, two spaces apart; the last is not padded. Control characters, which
  /// could move a terminal's cursor, are shown as `?`.
  static func text(_ rows: [[String]]) -> String {
    let cells = rows.map { $0.map(printable) }
    let columns = cells.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in cells.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
    return cells.map { row in
      row.enumerated().map { column, cell in
        column == row.count - 1 ? cell : cell + String(repeating: " ", count: widths[column] + 2 - cell.count)
      }.joined()
    }.joined(separator: "\n")
  }

  static func printable(_ text: String) -> String {
    String(
      String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : $0 }))
  }
}
