// One zlib stream on the receiving side.
import CZlib

package final class Inflater {
  private let stream: UnsafeMutablePointer<z_stream>

  package init() throws {
    // zlib remembers where its state lies, so it must not move.
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    guard inflateInit_(stream, zlibVersion(), Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw TestFailure("inflateInit")
    }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  /// A Tight rectangle may say that its stream starts anew.
  package func reset() { inflateReset(stream) }

  /// Everything that `input` inflates to.
  package func inflate(_ input: [UInt8], expecting count: Int = 0) throws -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(count)
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    try input.withUnsafeBufferPointer { source in
      stream.pointee.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
      stream.pointee.avail_in = UInt32(source.count)
      repeat {
        let produced = try chunk.withUnsafeMutableBufferPointer { target in
          stream.pointee.next_out = target.baseAddress
          stream.pointee.avail_out = UInt32(target.count)
          let code = CZlib.inflate(stream, Z_SYNC_FLUSH)
          guard code == Z_OK || code == Z_BUF_ERROR || code == Z_STREAM_END else {
            throw TestFailure("the zlib stream is broken (\(code))")
          }
          return target.count - Int(stream.pointee.avail_out)
        }
        output += chunk[..<produced]
        if produced == 0 { break }
      } while stream.pointee.avail_in > 0 || stream.pointee.avail_out == 0
    }
    if count > 0, output.count != count {
      throw TestFailure("a zlib rectangle holds \(output.count) bytes instead of \(count)")
    }
    return output
  }
}
