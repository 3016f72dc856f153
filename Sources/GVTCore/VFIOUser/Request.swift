// What the bodies of requests say. Nothing here is believed yet beyond that the bytes are there.
import Glibc

/// Body of VFIO_USER_DMA_MAP, 32 bytes.
package struct MapRequest: Equatable, Sendable {
  package static let byteCount = 32
  package static let readable: UInt32 = 1
  package static let writable: UInt32 = 2
  /// libvfio-user's VFIO_USER_F_DMA_REGION_MMAP and _FILE_IO: how the descriptor is to be used, which must be there.
  package static let needsDescriptor: UInt32 = 0xc

  package let flags: UInt32
  package let fileOffset: UInt64
  package let address: UInt64
  package let size: UInt64

  package init(_ body: Body) throws(Refusal) {
    try body.require(Self.byteCount)
    flags = body.number(at: 4)
    fileOffset = body.number(at: 8)
    address = body.number(at: 16)
    size = body.number(at: 24)
  }
}

/// Body of VFIO_USER_DMA_UNMAP, 24 bytes.
package struct UnmapRequest: Equatable, Sendable {
  package static let byteCount = 24
  /// VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP.
  package static let dirtyBitmap: UInt32 = 1
  /// VFIO_DMA_UNMAP_FLAG_ALL.
  package static let all: UInt32 = 2

  package let flags: UInt32
  package let address: UInt64
  package let size: UInt64

  package init(_ body: Body) throws(Refusal) {
    try body.require(Self.byteCount)
    flags = body.number(at: 4)
    address = body.number(at: 8)
    size = body.number(at: 16)
  }
}

/// First part of VFIO_USER_REGION_READ and _WRITE, 16 bytes.
package struct RegionRequest: Equatable, Sendable {
  package static let byteCount = 16

  package let offset: UInt64
  package let index: UInt32
  package let count: UInt32

  package init(_ body: Body) throws(Refusal) {
    try body.require(Self.byteCount)
    self.init(body, at: 0)
  }

  /// One of the writes of VFIO_USER_REGION_WRITE_MULTI; the caller has checked that it is there.
  package init(_ body: Body, at place: Int) {
    offset = body.number(at: place)
    index = body.number(at: place + 8)
    count = body.number(at: place + 12)
  }
}

/// Body of VFIO_USER_DEVICE_SET_IRQS (`struct vfio_irq_set`), 20 bytes and what follows.
package struct InterruptRequest: Equatable, Sendable {
  package static let byteCount = 20

  /// What the request comes with.
  package enum Payload: UInt32, Sendable {
    case none = 1
    case flags = 2
    case events = 4
  }

  package enum Action: UInt32, Sendable {
    case mask = 8
    case unmask = 16
    case trigger = 32
  }

  package let payload: Payload
  package let action: Action
  package let index: UInt32
  package let start: UInt32
  package let count: UInt32

  package init(_ body: Body) throws(Refusal) {
    try body.require(Self.byteCount)
    let flags = body.number(UInt32.self, at: 4)
    guard let payload = Payload(rawValue: flags & 7), let action = Action(rawValue: flags & ~7) else {
      throw Refusal(EINVAL, "interrupts with flags that exclude each other")
    }
    self.payload = payload
    self.action = action
    index = body.number(at: 8)
    start = body.number(at: 12)
    count = body.number(at: 16)
  }
}

/// First part of VFIO_USER_DEVICE_FEATURE, 8 bytes.
package struct FeatureRequest: Equatable, Sendable {
  package static let byteCount = 8
  /// VFIO_DEVICE_FEATURE_GET, _SET, _PROBE.
  package static let get: UInt32 = 1 << 16
  package static let set: UInt32 = 1 << 17
  package static let probe: UInt32 = 1 << 18

  package let argsz: UInt32
  package let flags: UInt32

  package init(_ body: Body) throws(Refusal) {
    try body.require(Self.byteCount)
    argsz = body.number(at: 0)
    flags = body.number(at: 4)
  }

  package var index: UInt32 { flags & 0xffff }
  package var operations: UInt32 { flags & ~0xffff }
}

/// A message's body: the bytes between its header and its end.
package struct Body: Sendable {
  package let bytes: [UInt8]
  private let end: Int

  /// `bytes` begins with the header; `end` is where the message ends in it.
  package init(of bytes: [UInt8], end: Int) {
    precondition(end >= MessageHeader.byteCount && end <= bytes.count, "a body lies in its message")
    self.bytes = bytes
    self.end = end
  }

  package var count: Int { end - MessageHeader.byteCount }

  /// Where a part of the body is in ``bytes``.
  package func place(_ offset: Int) -> Int { MessageHeader.byteCount + offset }

  package func require(_ least: Int) throws(Refusal) {
    guard count >= least else { throw Refusal(EINVAL, "a message that is shorter than its command needs") }
  }

  /// The number at `offset` of the body, which is within.
  package func number<Word: FixedWidthInteger>(_ type: Word.Type = Word.self, at offset: Int) -> Word {
    precondition(offset + Word.bitWidth / 8 <= count, "a body's length is checked before it is read")
    return bytes.number(at: MessageHeader.byteCount + offset)
  }
}
