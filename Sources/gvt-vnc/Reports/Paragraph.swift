// Sentences in lines of a given width, for reports that are read by people.

enum Paragraph {
  /// Narrower than this nothing is readable; wider, lines are too long for the eye.
  static let widths = 60...120
  /// The width where nobody says how wide the reader's terminal is.
  static let usualWidth = 80

  /// `text` in lines of at most `width` columns, broken between words; a word that is longer stands alone.
  static func lines(_ text: String, width: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in Table.printable(text).split(separator: " ") {
      if !line.isEmpty && line.count + 1 + word.count > width {
        lines.append(line)
        line = ""
      }
      line += (line.isEmpty ? "" : " ") + word
    }
    return line.isEmpty ? lines : lines + [line]
  }

  /// `text` behind `head`, its further lines below its first.
  static func hanging(_ head: String, _ text: String, width: Int) -> String {
    let indent = String(repeating: " ", count: head.count)
    let lines = lines(text, width: max(20, width - head.count))
    return head + (lines.isEmpty ? "" : lines.joined(separator: "\n" + indent))
  }
}
