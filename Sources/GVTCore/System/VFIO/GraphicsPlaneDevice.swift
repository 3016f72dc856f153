// What a host may ask a VM's VFIO device for its picture (linux/vfio.h, "VFIO_DEVICE_QUERY_GFX_PLANE").
import Glibc

/// Requests of linux/vfio.h: `_IO(';', 100 + n)`, in which neither size nor direction are encoded.
package enum VFIORequest: UInt32, Sendable {
  case groupDevice = 0x3b6a
  case deviceInfo = 0x3b6b
  case regionInfo = 0x3b6c
  case queryPlane = 0x3b72
  case planeDMABuf = 0x3b73
}

/// A VFIO device as the kernel shows it: structures in bytes, so that a test can give every answer that a kernel could.
package protocol GraphicsPlaneDevice: AnyObject {
  /// ioctl(2) with a structure that the kernel reads and writes. Its answer is zero or a descriptor.
  func call(_ request: VFIORequest, _ structure: inout [UInt8]) throws(SystemFailure) -> Int32
  /// A 32-bit word of a region, whose place is the region's offset and the word's own.
  func read(at offset: UInt64) throws(SystemFailure) -> UInt32
  func write(_ bytes: [UInt8], at offset: UInt64) throws(SystemFailure)
  /// Maps a part of a region for reading.
  func map(offset: UInt64, count: Int) throws(SystemFailure) -> Mapping
}

/// How a device shows its planes: as dmabufs, or as a region of its own memory.
package enum PlaneFlavour: UInt32, Sendable, CaseIterable {
  // VFIO_GFX_PLANE_TYPE_DMABUF and _REGION.
  case dmabuf = 2
  case region = 4
}

extension GraphicsPlaneDevice {
  /// How many regions the device announces; it may show its picture in one beyond.
  package func regionCount() throws(SystemFailure) -> UInt32 {
    // struct vfio_device_info: argsz, flags, num_regions, num_irqs, cap_offset.
    var structure = StructureBytes(count: 20)
    structure[0] = 20
    _ = try call(.deviceInfo, &structure.bytes)
    return structure[8]
  }

  /// Asks whether the device shows its planes in that way.
  package func probe(_ flavour: PlaneFlavour) throws(SystemFailure) {
    _ = try query(flags: 1 | flavour.rawValue, type: GraphicsPlane.Kind.primary)
  }

  /// What a plane is now; all zeros when there is none.
  package func query(_ flavour: PlaneFlavour, _ kind: GraphicsPlane.Kind) throws(SystemFailure) -> GraphicsPlane {
    try query(flags: flavour.rawValue, type: kind)
  }

  private func query(flags: UInt32, type: GraphicsPlane.Kind) throws(SystemFailure) -> GraphicsPlane {
    // A kernel that has no plane may leave the structure as it is (drivers/gpu/drm/i915/gvt/dmabuf.c): zeros.
    var structure = StructureBytes(count: GraphicsPlane.byteCount)
    structure[0] = UInt32(GraphicsPlane.byteCount)
    structure[4] = flags
    structure[8] = type.rawValue
    _ = try call(.queryPlane, &structure.bytes)
    return GraphicsPlane(structure)
  }

  /// The buffer of that number, which the last query of it has pinned: a descriptor of our own.
  package func dmabuf(_ id: UInt32) throws(SystemFailure) -> OwnedDescriptor {
    var structure = StructureBytes(count: 4)
    structure[0] = id
    let raw = try call(.planeDMABuf, &structure.bytes)
    // Standard input is never a dmabuf: a kernel that answers so has none.
    guard raw > 0 else { throw SystemFailure("ioctl(VFIO_DEVICE_GET_GFX_DMABUF)", EBADF) }
    return OwnedDescriptor(owning: raw)
  }

  /// A region, whether or not it is among those announced.
  package func region(_ index: UInt32) throws(SystemFailure) -> VFIORegion {
    var structure = StructureBytes(count: VFIORegion.byteCount)
    for _ in 0..<2 {
      structure[0] = UInt32(structure.bytes.count)
      structure[8] = index
      _ = try call(.regionInfo, &structure.bytes)
      // A structure that has no room for the capabilities comes back with the size that has.
      let wanted = Int(structure[0])
      guard wanted > structure.bytes.count, wanted <= VFIORegion.mostBytes else { break }
      structure = StructureBytes(count: wanted)
    }
    return VFIORegion(structure)
  }
}

/// A structure of 32-bit words in this machine's byte order, by byte offsets; beyond its end there are zeros.
package struct StructureBytes: Equatable, Sendable {
  package var bytes: [UInt8]

  package init(count: Int) { bytes = Array(repeating: 0, count: count) }
  package init(_ bytes: [UInt8]) { self.bytes = bytes }

  package subscript(offset: Int) -> UInt32 {
    get {
      guard offset + 4 <= bytes.count else { return 0 }
      return (0..<4).reversed().reduce(0) { $0 << 8 | UInt32(bytes[offset + $1]) }
    }
    set {
      guard offset + 4 <= bytes.count else { return }
      for place in 0..<4 { bytes[offset + place] = UInt8(truncatingIfNeeded: newValue >> (8 * UInt32(place))) }
    }
  }

  /// A 64-bit number.
  package subscript(wide offset: Int) -> UInt64 {
    get { UInt64(self[offset]) | UInt64(self[offset + 4]) << 32 }
    set {
      self[offset] = UInt32(truncatingIfNeeded: newValue)
      self[offset + 4] = UInt32(truncatingIfNeeded: newValue >> 32)
    }
  }
}
