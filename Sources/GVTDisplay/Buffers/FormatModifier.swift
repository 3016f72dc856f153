// How a dmabuf's pixels are arranged, as whoever made it says. The door to libdrm.
import CDRM
import GVTCore
import Glibc

/// A DRM format modifier (drm_fourcc.h).
struct FormatModifier: Equatable {
  let rawValue: UInt64

  /// The arrangement, if it is one that we read. "Invalid" means that nobody said: linear, wherever the CPU can map at all.
  var tiling: Tiling? {
    switch rawValue {
    case GVT_DRM_FORMAT_MOD_LINEAR, GVT_DRM_FORMAT_MOD_INVALID: .linear
    case GVT_I915_FORMAT_MOD_X_TILED: .x
    case GVT_I915_FORMAT_MOD_Y_TILED: .y
    case GVT_I915_FORMAT_MOD_Yf_TILED: .yf
    default: nil
    }
  }

  /// Whether somebody says how the pixels are arranged.
  var isStated: Bool { rawValue != GVT_DRM_FORMAT_MOD_INVALID }

  /// The name in drm_fourcc.h without its prefix, such as `Y_TILED_CCS`, or the number if libdrm knows none.
  var name: String {
    let number = "0x" + String(rawValue, radix: 16)
    guard let name = unsafe drmGetFormatModifierName(rawValue) else { return number }
    defer { unsafe free(name) }
    return unsafe "\(String(cString: name)) (\(number))"
  }
}

extension Tiling {
  /// The modifier's name for this tiling of Intel's.
  var modifierName: String {
    let modifier =
      switch self {
      case .linear: GVT_DRM_FORMAT_MOD_LINEAR
      case .x: GVT_I915_FORMAT_MOD_X_TILED
      case .y: GVT_I915_FORMAT_MOD_Y_TILED
      case .yf: GVT_I915_FORMAT_MOD_Yf_TILED
      }
    return FormatModifier(rawValue: modifier).name
  }
}
