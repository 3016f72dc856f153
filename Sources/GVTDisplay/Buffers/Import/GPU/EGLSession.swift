// A GPU's EGL display with one context that is current on the thread that made it.
import CDRM
import CEGL
import GVTCore
import Glibc

/// A DRM node as GBM sees it.
@safe private final class GBMDevice {
  private let functions: GBMFunctions
  /// GBM uses the descriptor for as long as the device is there.
  private let node: OwnedDescriptor
  let pointer: OpaquePointer

  init(node path: String) throws(BufferFailure) {
    functions = try GBMFunctions()
    do {
      let path = path
      node = OwnedDescriptor(owning: try check("open") { unsafe open(path, O_RDWR | O_CLOEXEC) })
    } catch {
      let advice = error.code == EACCES ? "; its group is usually render or video" : ""
      throw .unusableGPU(node: path, reason: "opening it failed: \(error.reason)\(advice)")
    }
    // Mesa takes anything that can be opened, and crashes on what is no DRM device.
    guard let version = unsafe drmGetVersion(node.raw) else {
      throw .unusableGPU(node: path, reason: "it is no DRM device")
    }
    unsafe drmFreeVersion(version)
    // Whoever opens a card first becomes its master, and so would keep a display server from starting.
    drmDropMaster(node.raw)
    guard let device = unsafe functions.createDevice(node.raw) else {
      throw .unusableGPU(node: path, reason: "Mesa has no driver for it")
    }
    unsafe pointer = device
  }

  deinit { unsafe functions.destroyDevice(pointer) }
}

/// Bound to the thread that makes it: everything happens there, its end too.
@safe final class EGLSession {
  let node: String
  let egl: EGLFunctions
  let gl: GLFunctions
  /// Whether a buffer's modifier can be told.
  let takesModifiers: Bool
  /// Whether pixels can be had with blue first, as our frames have them.
  let readsBGRA: Bool
  /// Who draws, for the log.
  let renderer: String
  private let device: GBMDevice
  private let connection: Connection

  /// What has to be taken down, in order, also when a later step of the start fails.
  @safe private final class Connection {
    let egl: EGLFunctions
    let display: EGLDisplay
    private var context: EGLContext?

    init(_ egl: EGLFunctions, _ device: GBMDevice, node: String) throws(BufferFailure) {
      self.egl = egl
      let platform = EGLenum(EGL_PLATFORM_GBM_KHR)
      guard let display = unsafe egl.getPlatformDisplay(platform, UnsafeMutableRawPointer(device.pointer), nil) else {
        // Without a vendor library behind it libEGL knows no platform at all.
        throw .missingLibrary("an EGL driver")
      }
      unsafe self.display = display
      guard unsafe egl.initialize(display, nil, nil) == EGLBoolean(EGL_TRUE) else {
        throw .unusableGPU(
          node: node,
          reason: "eglInitialize says \(GraphicsErrors.egl(egl.getError())) (is libgl1-mesa-dri installed?)")
      }
    }

    var extensions: Set<Substring> {
      guard let text = unsafe egl.queryString(display, EGL_EXTENSIONS) else { return [] }
      return Set(unsafe String(cString: text).split(separator: " "))
    }

    /// OpenGL ES 3 without a surface, current on this thread.
    func makeContext(node: String) throws(BufferFailure) {
      let attributes: [EGLint] = [EGL_CONTEXT_CLIENT_VERSION, 3, EGL_NONE]
      _ = egl.bindAPI(EGLenum(EGL_OPENGL_ES_API))
      unsafe context = egl.createContext(display, nil, nil, attributes)
      guard unsafe context != nil, unsafe egl.makeCurrent(display, nil, nil, context) == EGLBoolean(EGL_TRUE) else {
        throw .unusableGPU(
          node: node, reason: "it gives no OpenGL ES 3 context (\(GraphicsErrors.egl(egl.getError())))")
      }
    }

    deinit {
      _ = unsafe egl.makeCurrent(display, nil, nil, nil)
      if let context = unsafe context { _ = unsafe egl.destroyContext(display, context) }
      _ = unsafe egl.terminate(display)
      _ = egl.releaseThread()
    }
  }

  init(node: String) throws(BufferFailure) {
    self.node = node
    egl = try EGLFunctions()
    device = try GBMDevice(node: node)
    connection = try Connection(egl, device, node: node)
    let extensions = connection.extensions
    let needed = ["EGL_EXT_image_dma_buf_import", "EGL_KHR_surfaceless_context", "EGL_KHR_no_config_context"]
    if let missing = needed.first(where: { !extensions.contains(Substring($0)) }) {
      throw .unusableGPU(node: node, reason: "its driver has no \(missing)")
    }
    takesModifiers = extensions.contains("EGL_EXT_image_dma_buf_import_modifiers")
    try connection.makeContext(node: node)
    gl = try GLFunctions(egl)
    readsBGRA = Self.string(gl, GL_EXTENSIONS).split(separator: " ").contains("GL_EXT_read_format_bgra")
    renderer = Self.string(gl, GL_RENDERER) + ", " + Self.string(gl, GL_VERSION)
  }

  private static func string(_ gl: GLFunctions, _ name: Int32) -> String {
    guard let text = unsafe gl.getString(GLenum(name)) else { return "" }
    return unsafe String(cString: text)
  }

  /// An image of a dmabuf. `attributes` as EGL_EXT_image_dma_buf_import has them.
  func createImage(_ attributes: [EGLint]) -> EGLImageKHR? {
    unsafe egl.createImage(connection.display, nil, EGLenum(EGL_LINUX_DMA_BUF_EXT), nil, attributes)
  }

  func destroy(_ image: EGLImageKHR) { _ = unsafe egl.destroyImage(connection.display, image) }

  /// The first of the errors that wait; none waits afterwards. A lost context never runs out of them.
  func takeError() -> GLenum? {
    let first = gl.getError()
    if first == 0 { return nil }
    for _ in 0..<16 where gl.getError() == 0 { break }
    return first
  }
}
