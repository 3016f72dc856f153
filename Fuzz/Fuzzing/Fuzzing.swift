// What every fuzz target needs: libFuzzer's driver, and bytes as numbers.
import CLibFuzzer
import Glibc

nonisolated(unsafe) private var exercise: ([UInt8]) -> Void = { _ in }

/// Runs `body` with one input after another, as the command line says (`-help=1`). It must not trap, hang or hoard.
package func fuzz(_ body: @escaping ([UInt8]) -> Void) -> Never {
  exercise = body
  var count = CommandLine.argc
  var arguments = Optional(CommandLine.unsafeArgv)
  exit(LLVMFuzzerRunDriver(&count, &arguments, runOne))
}

/// By this name libFuzzer's own `main` would look for the body; SwiftPM puts the program's in its place.
@c(LLVMFuzzerTestOneInput)
public func runOne(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  exercise(Array(UnsafeBufferPointer(start: start, count: count)))
  return 0
}

/// An input, byte by byte; zeros after the last.
package struct Input {
  private var rest: ArraySlice<UInt8>

  package init(_ bytes: [UInt8]) { rest = bytes[...] }

  package var isEmpty: Bool { rest.isEmpty }

  package mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

  /// All that is left.
  package mutating func remainder() -> [UInt8] {
    defer { rest = [] }
    return Array(rest)
  }

  /// Small numbers, powers of two and their neighbours, and any number at all.
  package mutating func number() -> UInt64 {
    let kind = byte()
    switch kind & 3 {
    case 0: return UInt64(byte())
    case 1: return UInt64(byte()) << 8 | UInt64(byte())
    case 2: return (UInt64(1) << UInt64(kind >> 2)) &+ UInt64(bitPattern: Int64(Int8(bitPattern: byte())))
    default: return (0..<8).reduce(0) { sum, _ in sum << 8 | UInt64(byte()) }
    }
  }

  /// One of `choices`.
  package mutating func pick<Choice>(_ choices: [Choice]) -> Choice { choices[Int(byte()) % choices.count] }
}
