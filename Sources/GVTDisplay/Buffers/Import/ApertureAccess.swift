// The last resort on Intel: the GPU's aperture, through which the CPU sees what the GPU can.
import CDRM
import GVTCore
import Glibc

/// What i915 is asked, a type so that tests can answer instead. Numbers are as in i915_drm.h.
struct ApertureCalls: Sendable {
  var open: @Sendable (_ node: String) throws(SystemFailure) -> OwnedDescriptor
  /// PRIME_FD_TO_HANDLE.
  var handle: @Sendable (_ node: Int32, _ dmabuf: Int32) throws(SystemFailure) -> UInt32
  /// GET_TILING's `tiling_mode`, which is what a fence makes linear for the CPU.
  var tiling: @Sendable (_ node: Int32, _ handle: UInt32) throws(SystemFailure) -> UInt32
  /// MMAP_OFFSET with I915_MMAP_OFFSET_GTT.
  var offset: @Sendable (_ node: Int32, _ handle: UInt32) throws(SystemFailure) -> Int
  var map:
    @Sendable (_ node: borrowing OwnedDescriptor, _ offset: Int, _ count: Int) throws(SystemFailure) -> PlaneBuffer
  /// GEM_CLOSE.
  var close: @Sendable (_ node: Int32, _ handle: UInt32) -> Void

  static let kernel = ApertureCalls(
    open: { path throws(SystemFailure) in
      OwnedDescriptor(owning: try check("open") { unsafe Glibc.open(path, O_RDWR | O_CLOEXEC) })
    },
    handle: { node, dmabuf throws(SystemFailure) in
      var handle: UInt32 = 0
      try check("ioctl(DRM_IOCTL_PRIME_FD_TO_HANDLE)") { unsafe drmPrimeFDToHandle(node, dmabuf, &handle) }
      return handle
    },
    tiling: { node, handle throws(SystemFailure) in
      var request = drm_i915_gem_get_tiling(handle: handle, tiling_mode: 0, swizzle_mode: 0, phys_swizzle_mode: 0)
      let number = UInt(GVT_DRM_IOCTL_I915_GEM_GET_TILING)
      try check("ioctl(DRM_IOCTL_I915_GEM_GET_TILING)") { unsafe drmIoctl(node, number, &request) }
      return request.tiling_mode
    },
    offset: { node, handle throws(SystemFailure) in
      var request = drm_i915_gem_mmap_offset()
      request.handle = handle
      request.flags = UInt64(I915_MMAP_OFFSET_GTT)
      let number = UInt(GVT_DRM_IOCTL_I915_GEM_MMAP_OFFSET)
      try check("ioctl(DRM_IOCTL_I915_GEM_MMAP_OFFSET)") { unsafe drmIoctl(node, number, &request) }
      return Int(truncatingIfNeeded: request.offset)
    },
    map: { node, offset, count throws(SystemFailure) in
      .deviceMemory(try Mapping(node, offset: offset, count: count, guarded: true))
    },
    close: { node, handle in drmCloseBufferHandle(node, handle) })
}

/// Maps a buffer's place in the aperture, read only. Slow: no cache holds it.
final class ApertureAccess: BufferAccess {
  let method = ImportMethod.i915GTT
  private let node: Result<String, BufferFailure>
  private let calls: ApertureCalls

  /// `node` is i915's; how to find out is ``node(_:driver:device:in:)``.
  init(node: Result<String, BufferFailure>, calls: ApertureCalls = .kernel) {
    self.node = node
    self.calls = calls
  }

  /// The node to read with, if it is driven by i915: no other driver has such an aperture.
  static func node(
    _ reading: BufferReading, driver: String, device: String?, in root: HostRoot
  ) throws(BufferFailure) -> String {
    let node = try RenderNode.path(reading, driver: driver, device: device, in: root)
    guard RenderNode.driver(of: node, in: root) == "i915" else {
      throw .unusableGPU(node: node, reason: "i915-gtt needs a node of Intel's driver i915")
    }
    return node
  }

  func open(_ request: ImportRequest) throws(BufferFailure) -> any OpenedPlane {
    let node = try node.get()
    let layout = try request.layout()
    do {
      let object = try ApertureObject(request.dmabuf, calls, node: node)
      let seen = try object.layout(of: layout)
      // What the object has, in whole pages: the kernel knows its size, the description was checked against it.
      let count = (seen.byteCount + 4095) / 4096 * 4096
      let buffer = try calls.map(object.node, try calls.offset(object.node.raw, object.handle), count)
      return AperturePlane(object, buffer, seen)
    } catch let error as SystemFailure {
      throw .system(doing: "Reading the picture through the aperture of \(node)", error)
    } catch let error as BufferFailure {
      throw error
    } catch {
      preconditionFailure("the calls throw nothing else")
    }
  }

  func stop() {}
}

/// A GEM handle for a dmabuf. A node of its own, because a node that is asked twice for one dmabuf gives one handle, and the
/// first to close it would take it from the other.
private final class ApertureObject {
  let node: OwnedDescriptor
  let handle: UInt32
  private let calls: ApertureCalls

  init(_ dmabuf: SharedDescriptor, _ calls: ApertureCalls, node path: String) throws(SystemFailure) {
    let node = try calls.open(path)
    handle = try calls.handle(node.raw, dmabuf.raw)
    self.node = node
    self.calls = calls
  }

  deinit { calls.close(node.raw, handle) }

  /// What the CPU sees: a fence makes X and Y tiles linear, where the object has a tiling, as KVMGT's have (gvt/dmabuf.c,
  /// vgpu_create_gem).
  func layout(of layout: SurfaceLayout) throws -> SurfaceLayout {
    var seen = layout
    // A GPU without fences does not know the question.
    let mode = (try? calls.tiling(node.raw, handle)) ?? UInt32(I915_TILING_NONE)
    switch (Int32(mode), layout.tiling) {
    case (I915_TILING_NONE, _): break
    case (I915_TILING_X, .x), (I915_TILING_Y, .y): seen.tiling = .linear
    // A fence for other tiles than those that are there tangles them further.
    default: throw BufferFailure.unreadableFormat("\(layout.format.name) with tiling \(layout.tiling.rawValue)")
    }
    return seen
  }
}

/// Holds the handle for as long as the mapping.
private final class AperturePlane: OpenedPlane {
  private let object: ApertureObject
  private let picture: ReadablePicture

  init(_ object: ApertureObject, _ buffer: PlaneBuffer, _ layout: SurfaceLayout) {
    self.object = object
    picture = (buffer, layout)
  }

  func refreshed() throws(BufferFailure) -> ReadablePicture? { picture }
}
