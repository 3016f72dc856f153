// A VFIO device that answers as a test says: as kernels do, as they should not, and as they do once in a while.
import GVTCore
import Glibc
import Testing

@testable import GVTDisplay

/// The device that a VM has, in words.
final class ScriptedDevice {
  struct Plane: Equatable {
    var code: FourCC = "XR24"
    var modifier: UInt64 = 0
    var width = 64
    var height = 48
    var strideBytes = 256
    var byteSize = 12288
    var position: (UInt32, UInt32) = (0, 0)
    var hotSpot: (UInt32, UInt32) = (0, 0)
    var buffer: UInt32 = 1

    static func == (a: Plane, b: Plane) -> Bool {
      a.buffer == b.buffer && a.width == b.width && a.height == b.height && a.position == b.position
    }
  }

  struct Region {
    var flags: UInt32 = 7
    var byteCount: UInt64 = 1 << 20
    var offset: UInt64 = 4096
    /// Type and subtype.
    var kind: (UInt32, UInt32)?
  }

  var flavour: PlaneFlavour? = .dmabuf
  var probeFailure = EINVAL
  var primary: Plane? = Plane()
  var cursor: Plane?
  /// Errors of the next queries, then all is well; and one that stays.
  var queryFailures: [Int32] = []
  var lastingFailure: Int32?
  /// The size that the kernel claims for its structure.
  var answeredSize: UInt32 = 64
  var getFailure: Int32?
  /// Runs after a buffer was got, before anything is asked again.
  var afterGet: () -> Void = {}
  /// Runs after a query was answered.
  var afterQuery: () -> Void = {}
  var buffers: [UInt32: TemporaryFile] = [:]
  var regionCount: UInt32 = 9
  var regions: [UInt32: Region] = [:]
  var memory: TemporaryFile?
  /// Words of the monitor's region, by offset, and what was written to the whole device.
  var words: [UInt64: UInt32] = [:]
  private(set) var written: [(offset: UInt64, bytes: [UInt8])] = []

  private(set) var queries: [GraphicsPlane.Kind] = []
  private(set) var gets: [UInt32] = []
  fileprivate(set) var openCount = 0

  /// A picture of one colour in a buffer of that number.
  func paint(_ number: UInt32, _ colour: UInt32, count: Int = 12288) throws {
    let pixels = (0..<count / 4).flatMap { _ in (0..<4).map { UInt8(truncatingIfNeeded: colour >> ($0 * 8)) } }
    if let file = buffers[number] { try file.write(pixels) } else { buffers[number] = try TemporaryFile(pixels) }
  }

  fileprivate func call(_ request: VFIORequest, _ bytes: inout [UInt8]) throws(SystemFailure) -> Int32 {
    var structure = StructureBytes(bytes)
    defer { bytes = structure.bytes }
    switch request {
    case .groupDevice: throw SystemFailure("ioctl", ENOTTY)
    case .deviceInfo: structure[8] = regionCount
    case .regionInfo: try describeRegion(&structure)
    case .queryPlane: try query(&structure)
    case .planeDMABuf: return try get(structure[0])
    }
    return 0
  }

  private func query(_ structure: inout StructureBytes) throws(SystemFailure) {
    // Zeros, as a kernel that has no plane does not touch them.
    guard (12..<structure.bytes.count).allSatisfy({ structure.bytes[$0] == 0 }), structure[0] == 64 else {
      throw SystemFailure("ioctl", E2BIG)
    }
    if structure[4] & 1 != 0 {
      guard let flavour, structure[4] == 1 | flavour.rawValue else { throw SystemFailure("ioctl", probeFailure) }
      return
    }
    guard let kind = GraphicsPlane.Kind(rawValue: structure[8]), structure[4] == flavour?.rawValue else {
      throw SystemFailure("ioctl", EINVAL)
    }
    queries.append(kind)
    defer { afterQuery() }
    if let lastingFailure { throw SystemFailure("ioctl", lastingFailure) }
    if !queryFailures.isEmpty { throw SystemFailure("ioctl", queryFailures.removeFirst()) }
    structure[0] = answeredSize
    guard let plane = kind == .primary || flavour == .region ? primary : cursor else { return }
    structure[12] = plane.code.rawValue
    structure[wide: 16] = plane.modifier
    let fields: [(Int, UInt32)] = [
      (24, UInt32(truncatingIfNeeded: plane.width)), (28, UInt32(truncatingIfNeeded: plane.height)),
      (32, UInt32(truncatingIfNeeded: plane.strideBytes)), (36, UInt32(truncatingIfNeeded: plane.byteSize)),
      (40, plane.position.0), (44, plane.position.1), (48, plane.hotSpot.0), (52, plane.hotSpot.1), (56, plane.buffer),
    ]
    for (offset, value) in fields { structure[offset] = value }
  }

  private func get(_ number: UInt32) throws(SystemFailure) -> Int32 {
    gets.append(number)
    defer { afterGet() }
    if let getFailure { throw SystemFailure("ioctl", getFailure) }
    guard let file = buffers[number] else { throw SystemFailure("ioctl", ENOENT) }
    return try file.shared.owned.duplicate().release()
  }

  private func describeRegion(_ structure: inout StructureBytes) throws(SystemFailure) {
    guard let region = regions[structure[8]] else { throw SystemFailure("ioctl", EINVAL) }
    structure[4] = region.flags | (region.kind == nil ? 0 : 8)
    structure[wide: 16] = region.byteCount
    structure[wide: 24] = region.offset
    guard let kind = region.kind else { return }
    // A capability of no interest comes first.
    let whole = 32 + 16 + 16
    guard structure.bytes.count >= whole else { return structure[0] = UInt32(whole) }
    structure[12] = 32
    (structure[32], structure[36]) = (1 | 1 << 16, 48)
    (structure[48], structure[52], structure[56], structure[60]) = (2 | 1 << 16, 0, kind.0, kind.1)
  }

  fileprivate func write(_ bytes: [UInt8], at offset: UInt64) { written.append((offset, bytes)) }
}

/// One descriptor of it.
final class OpenScriptedDevice: GraphicsPlaneDevice {
  private let device: ScriptedDevice

  init(_ device: ScriptedDevice) {
    self.device = device
    device.openCount += 1
  }

  deinit { device.openCount -= 1 }

  func call(_ request: VFIORequest, _ structure: inout [UInt8]) throws(SystemFailure) -> Int32 {
    try device.call(request, &structure)
  }

  func read(at offset: UInt64) throws(SystemFailure) -> UInt32 {
    guard let word = device.words[offset] else { throw SystemFailure("pread", EINVAL) }
    return word
  }

  func write(_ bytes: [UInt8], at offset: UInt64) throws(SystemFailure) { device.write(bytes, at: offset) }

  func map(offset: UInt64, count: Int) throws(SystemFailure) -> Mapping {
    guard let memory = device.memory else { throw SystemFailure("mmap", ENODEV) }
    return try Mapping(memory.shared.owned, offset: Int(offset), count: count, guarded: true)
  }
}
