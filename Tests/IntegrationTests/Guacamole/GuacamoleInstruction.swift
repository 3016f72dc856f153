// The Guacamole protocol's instructions as they travel: LEN.VALUE,LEN.VALUE,…; with LEN in Unicode code points.
import TestSupport

struct GuacamoleInstruction: Equatable {
  var opcode: String
  var arguments: [String]

  init(_ opcode: String, _ arguments: [String] = []) {
    self.opcode = opcode
    self.arguments = arguments
  }

  var encoded: String {
    ([opcode] + arguments).map { "\($0.unicodeScalars.count).\($0)" }.joined(separator: ",") + ";"
  }

  /// The argument at `index` as a number.
  func number(_ index: Int) throws -> Int {
    guard index < arguments.count, let number = Int(arguments[index]) else {
      throw TestFailure("argument \(index) of \(opcode) is no number: \(arguments)")
    }
    return number
  }

  func text(_ index: Int) throws -> String {
    guard index < arguments.count else { throw TestFailure("\(opcode) has only \(arguments.count) arguments") }
    return arguments[index]
  }
}

extension Connection {
  func send(_ instruction: GuacamoleInstruction) throws { try write(Array(instruction.encoded.utf8)) }

  func nextInstruction() throws -> GuacamoleInstruction {
    var elements: [String] = []
    while true {
      let (text, isLast) = try nextElement()
      elements.append(text)
      if isLast { return GuacamoleInstruction(elements[0], Array(elements.dropFirst())) }
    }
  }

  private func nextElement() throws -> (text: String, isLast: Bool) {
    let length = try elementLength()
    var bytes: [UInt8] = []
    var codePoints = 0
    while true {
      // Every code point takes a byte at least; the bytes that continue the last one come before the delimiter.
      guard codePoints == length else {
        let more = try read(length - codePoints)
        codePoints += more.count { !$0.continuesCodePoint }
        bytes += more
        continue
      }
      let byte = try byte()
      if byte.continuesCodePoint {
        bytes.append(byte)
      } else if byte == UInt8(ascii: ",") || byte == UInt8(ascii: ";") {
        return (String(decoding: bytes, as: UTF8.self), byte == UInt8(ascii: ";"))
      } else {
        throw TestFailure("an element of \(length) code points is followed by \(byte)")
      }
    }
  }

  private func elementLength() throws -> Int {
    var length = 0
    while case let byte = try byte(), byte != UInt8(ascii: ".") {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte), length < 1 << 24 else {
        throw TestFailure("not the length of an element: byte \(byte)")
      }
      length = length * 10 + Int(byte - UInt8(ascii: "0"))
    }
    return length
  }
}

extension UInt8 {
  fileprivate var continuesCodePoint: Bool { self & 0xc0 == 0x80 }
}
