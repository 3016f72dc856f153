// The file format: what is written is read, and anything else is refused with a sentence.
import GVTCore
import Testing
import VGPUTesting

@Suite struct SnapshotTests {
  private func bytes() throws -> [UInt8] {
    var snapshot = Snapshot()
    try Bench().gpu.state().store(in: &snapshot)
    return snapshot.bytes
  }

  private let configuration: VirtualGPUConfiguration

  init() throws { configuration = VirtualGPUConfiguration(type: try InstanceType(named: "i915-GVTg_V5_4")) }

  private func failure(_ bytes: [UInt8]) -> SnapshotFailure? {
    do throws(SnapshotFailure) {
      _ = try VirtualGPU.State(Snapshot(bytes), for: configuration)
      return nil
    } catch {
      return error
    }
  }

  @Test func `a checksum is zlib's`() {
    #expect(Checksum.crc32(Array("123456789".utf8)[...]) == 0xcbf4_3926)
  }

  @Test func `what is written is read`() throws {
    let bytes = try bytes()
    #expect(try Snapshot(bytes).bytes == bytes)
    #expect(failure(bytes) == nil)
  }

  @Test func `a file that ends early, at any byte, is refused`() throws {
    let bytes = try bytes()
    let taken = bytes.indices.filter { failure(Array(bytes.prefix($0))) == nil }
    #expect(taken == [])
    #expect(failure(bytes + [0]) == .checksum)
  }

  @Test func `a flipped bit anywhere is refused`() throws {
    let bytes = try bytes()
    let taken = bytes.indices.filter { position in
      var damaged = bytes
      damaged[position] ^= UInt8(1 << (position % 8))
      return failure(damaged) == nil
    }
    #expect(taken == [])
  }

  @Test(arguments: [
    ([UInt8]("hello, world".utf8), "this is not a snapshot of a vGPU"),
    (
      [UInt8]("GVTvGPU\0".utf8) + [9, 0, 0, 0, 0, 0, 0, 0], "the snapshot has format 9, and this version reads format 1"
    ),
  ])
  func `what is no snapshot is refused in one sentence`(bytes: [UInt8], sentence: String) throws {
    #expect(failure(bytes)?.description == sentence)
  }

  @Test func `a file of any size is refused before it is looked at`() {
    let sentence = "the snapshot has 17825792 bytes, more than the 16777216 that one can have"
    #expect(failure([UInt8](repeating: 0, count: 17 << 20))?.description == sentence)
  }

  /// A part of some later version.
  private struct Stranger: SnapshotState {
    static let section = SnapshotSection.power
    static let version: UInt16 = 7
    init() {}
    init(from reader: inout SnapshotReader) {}
    func write(to writer: inout SnapshotWriter) { writer.put("anything") }
  }

  @Test func `a section of another version is refused in one sentence`() throws {
    var snapshot = try Snapshot(bytes())
    snapshot.store(Stranger())
    #expect(
      failure(snapshot.bytes)?.description
        == "the snapshot's section \"power\" has version 7, and this version reads 1")
  }

  @Test func `a section that nobody knows is refused in one sentence`() throws {
    let name = Array("power".utf8)
    var bytes = try bytes()
    let place = try #require(bytes.indices.first { bytes[$0...].starts(with: name) })
    bytes.replaceSubrange(place..<place + name.count, with: Array("laser".utf8))
    #expect(
      failure(seal(bytes))?.description == "the snapshot has a section \"laser\", which this version does not know")
  }

  @Test func `a missing section is refused in one sentence`() throws {
    #expect(failure(Snapshot().bytes)?.description == "the snapshot has no section \"configuration\"")
  }

  /// Counts of four billion and random bytes behind a good checksum.
  @Test func `nonsense behind a good checksum neither traps nor fills memory`() throws {
    var random = SplitMix(state: 1)
    let bytes = try bytes()
    for round in 0..<28 {
      var damaged = bytes
      for _ in 0...round % 7 {
        let place = Int.random(in: 8..<bytes.count - 8, using: &random)
        let value = [0xff, 0x80, 0, 1, UInt8.random(in: 0...255, using: &random)].randomElement(using: &random) ?? 0
        for index in 0..<Int.random(in: 1...4, using: &random) { damaged[place + index] = value }
      }
      _ = failure(seal(damaged))
    }
  }
}
