// One plane as the kernel describes it (struct vfio_device_gfx_plane_info), and one region (struct vfio_region_info).

/// A plane's description. Nothing in it has been checked, and it need not be true.
package struct GraphicsPlane: Equatable, Sendable {
  /// The whole structure; kernels before 7.2 leave the last word alone.
  static let byteCount = 64

  /// Planes as DRM has them (enum drm_plane_type).
  package enum Kind: UInt32, Sendable {
    case primary = 1
    case cursor = 2
  }

  /// What the kernel said of the structure's size: less than was given is an answer that makes no sense.
  package let byteCount: UInt32
  package let code: FourCC
  package let modifier: UInt64
  package let width: UInt32
  package let height: UInt32
  package let strideBytes: UInt32
  package let byteSize: UInt32
  /// Of a cursor. Its sign may be lost: one that hangs over the left edge is reported as if it were inside.
  package let x: UInt32
  package let y: UInt32
  /// 0xffffffff where the guest does not say.
  package let hotX: UInt32
  package let hotY: UInt32
  /// The buffer's number, or the region's.
  package let buffer: UInt32

  init(_ structure: StructureBytes) {
    byteCount = structure[0]
    code = FourCC(rawValue: structure[12])
    modifier = structure[wide: 16]
    width = structure[24]
    height = structure[28]
    strideBytes = structure[32]
    byteSize = structure[36]
    x = structure[40]
    y = structure[44]
    hotX = structure[48]
    hotY = structure[52]
    buffer = structure[56]
  }

  /// The display is off, the plane is disabled, or its mode is one that the device does not export.
  package var isNone: Bool { code.rawValue == 0 || byteSize == 0 }
}

/// A part of a device that can be read, written or mapped.
package struct VFIORegion: Equatable, Sendable {
  static let byteCount = 32
  /// A structure with its capabilities: no kernel makes one that long.
  static let mostBytes = 65536

  /// A capability of type "type" (VFIO_REGION_INFO_CAP_TYPE).
  package struct Kind: Equatable, Sendable {
    package var type: UInt32
    package var subtype: UInt32

    package init(type: UInt32, subtype: UInt32) {
      self.type = type
      self.subtype = subtype
    }

    /// VFIO_REGION_TYPE_GFX, VFIO_REGION_SUBTYPE_GFX_EDID.
    package static let monitor = Kind(type: 1, subtype: 1)
  }

  package let isMappable: Bool
  package let byteCount: UInt64
  /// Where it begins in the device's file.
  package let offset: UInt64
  /// What it is for, if it says so.
  package let kind: Kind?

  package init(_ structure: StructureBytes) {
    // VFIO_REGION_INFO_FLAG_MMAP is bit 2, _CAPS bit 3.
    let flags = structure[4]
    isMappable = flags & 4 != 0
    byteCount = structure[wide: 16]
    offset = structure[wide: 24]
    kind = flags & 8 != 0 ? Self.kind(in: structure, from: Int(structure[12])) : nil
  }

  /// Walks the chain of capabilities: id and version in 16 bits each, the next one's place, then what it is about.
  private static func kind(in structure: StructureBytes, from first: Int) -> Kind? {
    var place = first
    // A chain that bites its tail ends here.
    for _ in 0..<64 {
      guard place >= byteCount, place + 16 <= structure.bytes.count else { return nil }
      if structure[place] & 0xffff == 2 { return Kind(type: structure[place + 8], subtype: structure[place + 12]) }
      place = Int(structure[place + 4])
    }
    return nil
  }
}
