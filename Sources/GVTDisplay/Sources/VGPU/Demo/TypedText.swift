// The text field's contents and its caret.

/// Lines of typed text, at most ``maximumLines`` of at most ``maximumColumns`` characters.
struct TypedText: Equatable, Sendable {
  static let maximumLines = 60
  static let maximumColumns = 400

  private(set) var lines: [[Character]] = [[]]
  private(set) var line = 0
  private(set) var column = 0

  /// Puts `text`, which holds no line end, in at the caret.
  mutating func insert(_ text: String) {
    guard lines[line].count + text.count <= Self.maximumColumns else { return }
    lines[line].insert(contentsOf: Array(text), at: column)
    column += text.count
  }

  mutating func breakLine() {
    let rest = Array(lines[line][column...])
    lines[line].removeSubrange(column...)
    line += 1
    lines.insert(rest, at: line)
    column = 0
    if lines.count > Self.maximumLines {
      lines.removeFirst()
      line = max(0, line - 1)
    }
  }

  mutating func deleteBackwards() {
    if column > 0 {
      column -= 1
      lines[line].remove(at: column)
    } else if line > 0 {
      line -= 1
      column = lines[line].count
      lines[line] += lines.remove(at: line + 1)
    }
  }

  mutating func deleteForwards() {
    let before = (line, column)
    moveRight()
    if before != (line, column) { deleteBackwards() }
  }

  mutating func moveLeft() {
    if column > 0 {
      column -= 1
    } else if line > 0 {
      line -= 1
      column = lines[line].count
    }
  }

  mutating func moveRight() {
    if column < lines[line].count {
      column += 1
    } else if line < lines.count - 1 {
      line += 1
      column = 0
    }
  }

  mutating func moveUp() {
    line = max(0, line - 1)
    column = min(column, lines[line].count)
  }

  mutating func moveDown() {
    line = min(lines.count - 1, line + 1)
    column = min(column, lines[line].count)
  }

  mutating func moveToStart() { column = 0 }
  mutating func moveToEnd() { column = lines[line].count }

  /// Does what an editing key does; false if the keysym is none.
  mutating func edit(_ keysym: UInt32) -> Bool {
    switch keysym {
    case 0xff08: deleteBackwards()
    case 0xff09: insert("    ")
    case 0xff0d, 0xff8d: breakLine()
    case 0xff50, 0xff95: moveToStart()
    case 0xff51, 0xff96: moveLeft()
    case 0xff52, 0xff97: moveUp()
    case 0xff53, 0xff98: moveRight()
    case 0xff54, 0xff99: moveDown()
    case 0xff57, 0xff9c: moveToEnd()
    case 0xffff, 0xff9f: deleteForwards()
    default: return false
    }
    return true
  }

  /// A row of the text field.
  struct Row: Equatable {
    var text: String
    /// The caret's column, in the row that has it.
    var caret: Int?
  }

  /// The text in rows of `columns` characters: the `count` rows that end at or after the caret's.
  func rows(columns: Int, count: Int) -> [Row] {
    var rows: [Row] = []
    var caretRow = 0
    for (number, text) in lines.enumerated() {
      // A caret after a full row stands at the start of the next one.
      let length = number == line ? max(text.count, column + 1) : max(text.count, 1)
      for start in stride(from: 0, to: length, by: columns) {
        let end = min(start + columns, text.count)
        let hasCaret = number == line && (start..<start + columns).contains(column)
        if hasCaret { caretRow = rows.count }
        rows.append(Row(text: start < end ? String(text[start..<end]) : "", caret: hasCaret ? column - start : nil))
      }
    }
    let last = max(caretRow + 1, min(rows.count, count))
    return Array(rows[max(0, last - count)..<last])
  }
}
