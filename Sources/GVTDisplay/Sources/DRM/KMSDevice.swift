// What a KMS device is asked, and what it answers: the seam between the kernel and the `drm:` source.
import GVTCore

/// A device that sets modes, as its file answers. Nothing in an answer has been checked. No call waits for the hardware, but
/// some wait for whoever changes a mode at the moment.
protocol KMSDevice: AnyObject {
  /// The driver's name, such as `i915`.
  var driver: String { get }
  /// Where the PCI or platform device is in /sys, if that is known.
  var sysfsPath: String? { get }
  /// Readable when ``takeEvents()`` has something to take.
  var eventDescriptor: Int32 { get }

  func resources() throws(SystemFailure) -> KMSResources
  /// As the kernel knows it: no cable is probed.
  func connector(_ id: UInt32) throws(SystemFailure) -> KMSConnector
  func crtc(_ id: UInt32) throws(SystemFailure) -> KMSCRTC
  func plane(_ id: UInt32) throws(SystemFailure) -> KMSPlane
  /// The properties that the plane has, of those that we know.
  func properties(ofPlane id: UInt32) throws(SystemFailure) -> KMSProperties
  /// The framebuffer that has this number now, and its memory.
  func framebuffer(_ id: UInt32) throws(SystemFailure) -> KMSFramebuffer
  /// Has the next vertical blank of a CRTC announced, once.
  func requestVblank(ofCRTC id: UInt32) throws(SystemFailure)
  /// Takes in all events there are, and says how many those were.
  func takeEvents() throws(SystemFailure) -> Int
}

/// What a device has, by the kernel's numbers. A CRTC's index is its place in the list.
struct KMSResources: Equatable {
  var crtcs: [UInt32]
  var connectors: [UInt32]
  var planes: [UInt32]
}

/// A socket for a monitor.
struct KMSConnector: Equatable {
  /// As in /sys/class/drm, such as `HDMI-A-1`.
  var name: String
  var isConnected: Bool
  /// The CRTC that feeds it.
  var crtc: UInt32?
}

/// A CRTC: what makes one picture of planes.
struct KMSCRTC: Equatable {
  /// Nil while it is off.
  var mode: KMSMode?
  /// The first visible pixel of the primary plane's framebuffer, for drivers whose planes do not say.
  var origin: PixelPoint
}

struct KMSMode: Equatable {
  var size: PixelSize
  /// Such as `1920x1080`.
  var name: String
  /// Frames a second.
  var refresh: Int
}

/// What a plane does now.
struct KMSPlane: Equatable {
  /// 0: none.
  var crtc: UInt32
  /// 0: none.
  var framebuffer: UInt32
  /// Bit n: the CRTC of index n.
  var possibleCRTCs: UInt32
}

/// The properties of planes that say where and how a picture is shown (drivers/gpu/drm/drm_plane.c, drm_blend.c).
enum KMSProperty: String, CaseIterable {
  case type
  case crtcX = "CRTC_X"
  case crtcY = "CRTC_Y"
  case crtcWidth = "CRTC_W"
  case crtcHeight = "CRTC_H"
  case sourceX = "SRC_X"
  case sourceY = "SRC_Y"
  case sourceWidth = "SRC_W"
  case sourceHeight = "SRC_H"
  case hotSpotX = "HOTSPOT_X"
  case hotSpotY = "HOTSPOT_Y"
  case zpos
  case rotation
  case alpha
  case blendMode = "pixel blend mode"
}

typealias KMSProperties = [KMSProperty: UInt64]

/// A framebuffer: a picture in a buffer, by a number that the kernel gives to the next one as soon as it is free.
struct KMSFramebuffer {
  /// The buffer, held for as long as this is kept.
  struct Memory {
    var dmabuf: SharedDescriptor
    var handles: GEMHandles
  }

  var description: DMABufDescription
  /// How many planes of memory it has: more than one for most YUV formats and for compression with a plane of its own.
  var memoryPlanes: Int
  /// Nil for whoever may not look at others' framebuffers: neither DRM master nor CAP_SYS_ADMIN.
  var memory: Memory?
}

/// The GEM handles that GETFB2 made in our name. The same one may stand for several planes of memory; each is closed once.
///
/// Whoever keeps a buffer keeps its handle: a buffer that nobody has a handle of is exported anew, as another dmabuf, each
/// time (drivers/gpu/drm/drm_gem.c, drm_gem_object_exported_dma_buf_free).
final class GEMHandles {
  private let handles: Set<UInt32>
  private let close: (UInt32) -> Void

  /// 0 stands for none.
  init(_ handles: [UInt32], close: @escaping (UInt32) -> Void) {
    self.handles = Set(handles).subtracting([0])
    self.close = close
  }

  deinit { for handle in handles { close(handle) } }
}

/// Why a path is no KMS device that can be looked at.
enum KMSOpenFailure: Error, Equatable {
  case system(SystemFailure)
  /// Something else has that name.
  case notDRM
  /// A render node.
  case renderNode
  /// A driver without a display, by its name.
  case noModeSetting(driver: String)
}
