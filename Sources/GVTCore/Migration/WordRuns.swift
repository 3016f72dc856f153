// Many words in few bytes: registers are mostly zero, and the GGTT is mostly one scratch page or pages in a row.

/// Words as runs. A run is a header, whose upper bit says which kind it is and whose other bits count its words, and then
/// either those words, or the first word and what each is more than the one before.
enum WordRuns {
  private static let progression: UInt32 = 1 << 31
  /// Shorter progressions take more bytes than their words.
  private static let shortest = 3

  static func write(_ words: [UInt64], to writer: inout SnapshotWriter) {
    var index = 0
    var firstLiteral = 0
    while index < words.count {
      let end = endOfProgression(words, from: index)
      if end - index < shortest {
        index += 1
        continue
      }
      writeLiterals(words[firstLiteral..<index], to: &writer)
      writer.put(progression | UInt32(end - index))
      writer.put(words[index])
      writer.put(words[index + 1] &- words[index])
      index = end
      firstLiteral = end
    }
    writeLiterals(words[firstLiteral..<words.count], to: &writer)
  }

  private static func endOfProgression(_ words: [UInt64], from start: Int) -> Int {
    guard start + 1 < words.count else { return words.count }
    let step = words[start + 1] &- words[start]
    var end = start + 2
    while end < words.count, words[end] &- words[end - 1] == step { end += 1 }
    return end
  }

  private static func writeLiterals(_ words: ArraySlice<UInt64>, to writer: inout SnapshotWriter) {
    guard !words.isEmpty else { return }
    writer.put(count: words.count)
    for word in words { writer.put(word) }
  }

  /// Exactly `count` words, none of them above `limit`.
  static func read(
    count: Int, upTo limit: UInt64 = .max, from reader: inout SnapshotReader
  ) throws(SnapshotFailure) -> [UInt64] {
    var words: [UInt64] = []
    words.reserveCapacity(count)
    while words.count < count {
      let header = try reader.uint32()
      let length = Int(header & ~progression)
      guard length > 0, length <= count - words.count else { throw reader.invalid("a run has \(length) words") }
      if header & progression == 0 {
        for _ in 0..<length { words.append(try checked(reader.uint64(), upTo: limit, reader)) }
      } else {
        var word = try reader.uint64()
        let step = try reader.uint64()
        if step == 0 {
          words.append(contentsOf: repeatElement(try checked(word, upTo: limit, reader), count: length))
          continue
        }
        for _ in 0..<length {
          words.append(try checked(word, upTo: limit, reader))
          word &+= step
        }
      }
    }
    return words
  }

  private static func checked(
    _ word: UInt64, upTo limit: UInt64, _ reader: SnapshotReader
  ) throws(SnapshotFailure) -> UInt64 {
    guard word <= limit else { throw reader.invalid("a word is larger than \(limit)") }
    return word
  }
}
