// Which part of its framebuffer a plane shows, and where on the screen: a plane's properties, checked.
import GVTCore

/// What a plane's properties say, in numbers that fit its framebuffer.
struct KMSPlaneState: Equatable {
  /// Where its upper left corner is on the screen; nil if its driver does not say.
  var position: PixelPoint?
  /// The part of the framebuffer that is shown.
  var source: PixelRect
  /// Planes of higher numbers hide those of lower ones.
  var zpos: Int
  /// Where a cursor points, within the plane.
  var hotSpot: PixelPoint?
  /// False if the format's alpha counts.
  var isOpaque: Bool
  /// Why it cannot be shown, as the rest of a sentence that begins with its name.
  var problem: String?

  /// DRM_MODE_ROTATE_0 (drm_mode.h).
  private static let upright: UInt64 = 1
  private static let wholeAlpha: UInt64 = 0xffff
  /// DRM_MODE_BLEND_COVERAGE and DRM_MODE_BLEND_PIXEL_NONE (include/drm/drm_blend.h).
  private static let (blendCoverage, blendNone): (UInt64, UInt64) = (1, 2)
  /// Beyond this no plane and no screen reaches; sums of such numbers overflow nothing.
  private static let farthest = 1 << 20

  /// `framebuffer` is its size; `crtc` the CRTC, whose `mode` it is.
  init(
    _ kind: PlaneReport.Kind, _ properties: KMSProperties, framebuffer: PixelSize, on crtc: KMSCRTC, mode: PixelSize
  ) {
    zpos = properties[.zpos].map { Int(clamping: $0) } ?? kind.usualZpos
    if let x = properties[.hotSpotX], let y = properties[.hotSpotY] {
      hotSpot = PixelPoint(x: Self.signed(x), y: Self.signed(y))
    }
    isOpaque = properties[.blendMode] == Self.blendNone
    guard let width = properties[.sourceWidth], let height = properties[.sourceHeight],
      let shownWidth = properties[.crtcWidth], let shownHeight = properties[.crtcHeight],
      let x = properties[.crtcX], let y = properties[.crtcY]
    else {
      // A driver from before atomic mode setting: its primary plane fills the screen, its cursor is all of its buffer.
      source = framebuffer.bounds
      if kind == .primary {
        position = .zero
        source = PixelRect(x: crtc.origin.x, y: crtc.origin.y, width: mode.width, height: mode.height)
          .intersection(framebuffer.bounds)
      } else if kind == .overlay {
        problem = "is somewhere on the screen: the driver does not say where"
      }
      return
    }
    position = PixelPoint(x: Self.signed(x), y: Self.signed(y))
    source = PixelRect(
      x: Self.whole(properties[.sourceX] ?? 0), y: Self.whole(properties[.sourceY] ?? 0), width: Self.whole(width),
      height: Self.whole(height))
    let shown = PixelSize(width: Self.signed(shownWidth), height: Self.signed(shownHeight))
    problem = Self.problem(properties, source: source, shown: shown, framebuffer: framebuffer)
  }

  private static func problem(
    _ properties: KMSProperties, source: PixelRect, shown: PixelSize, framebuffer: PixelSize
  ) -> String? {
    if source.isEmpty || !framebuffer.bounds.contains(source) {
      return "shows \(source) of a framebuffer of \(framebuffer) pixels, which cannot be"
    }
    if source.size != shown { return "is scaled from \(source.size) to \(shown), which is not done here" }
    if let rotation = properties[.rotation], rotation != upright {
      return "is rotated or mirrored, which is not done here"
    }
    if let alpha = properties[.alpha], alpha < wholeAlpha { return "is half transparent, which is not done here" }
    if properties[.blendMode] == blendCoverage { return "is blended by coverage, which is not done here" }
    return nil
  }

  /// 16.16 fixed point.
  private static func whole(_ value: UInt64) -> Int { min(Int(clamping: value) >> 16, farthest) }

  private static func signed(_ value: UInt64) -> Int {
    min(max(Int(truncatingIfNeeded: Int64(bitPattern: value)), -farthest), farthest)
  }
}

extension PlaneReport.Kind {
  /// DRM_PLANE_TYPE_* (drm_mode.h).
  init(planeType: UInt64?) {
    switch planeType {
    case 1: self = .primary
    case 2: self = .cursor
    default: self = .overlay
    }
  }

  /// The order of planes whose driver has no `zpos`.
  fileprivate var usualZpos: Int {
    switch self {
    case .primary: 0
    case .overlay: 1
    case .cursor: 255
    }
  }
}
