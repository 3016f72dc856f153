import GVTCore
// A file that a test writes, truncates and replaces.
import GVTDisplay
import Glibc

/// A file in the temporary folder, removed when the test is done with it.
final class TemporaryFile {
  let path: String
  private(set) var shared: SharedDescriptor

  init(_ bytes: [UInt8] = []) throws {
    var name = Array("/tmp/gvt-vnc-test-XXXXXX".utf8CString)
    let raw = try check("mkstemp") { unsafe mkstemp(&name) }
    path = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    shared = SharedDescriptor(OwnedDescriptor(owning: raw))
    try write(bytes)
  }

  func write(_ bytes: [UInt8], at offset: Int = 0) throws {
    try check("pwrite") { unsafe pwrite(shared.raw, bytes, bytes.count, offset) }
  }

  func truncate(to size: Int) throws { try check("ftruncate") { ftruncate(shared.raw, size) } }

  /// Puts another file under the same name.
  func replace(by bytes: [UInt8]) throws {
    let other = try TemporaryFile(bytes)
    try check("rename") { unsafe rename(other.path, path) }
    shared = other.shared
  }

  func remove() { unsafe unlink(path) }

  deinit { remove() }
}

/// Numbers that look random and are the same in every run (splitmix64).
struct Randomness: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: Int) { state = UInt64(seed) }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
    return z ^ z >> 31
  }

  mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in .random(in: 0...255, using: &self) } }
}

extension PlaneBuffer {
  /// Our own memory with these bytes.
  static func holding(_ bytes: [UInt8]) -> PlaneBuffer {
    let buffer = PlaneBuffer.bytes(count: bytes.count)
    unsafe buffer.withMutableBytes { unsafe $0.copyBytes(from: bytes) }
    return buffer
  }

  /// Pixels of four bytes.
  static func holding(pixels: [UInt32]) -> PlaneBuffer {
    holding(pixels.flatMap { pixel in (0..<4).map { UInt8(truncatingIfNeeded: pixel >> ($0 * 8)) } })
  }

  func set(pixel: UInt32, at index: Int) {
    unsafe withMutableBytes { unsafe $0.storeBytes(of: pixel, toByteOffset: index * 4, as: UInt32.self) }
  }
}
