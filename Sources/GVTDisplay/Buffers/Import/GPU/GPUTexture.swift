// A dmabuf as a GPU's texture, read back into memory of ours.
import CEGL
import GVTCore
import Glibc

/// One import of a dmabuf, good for any number of pictures: what its owner draws later shows in later reads. Belongs to its
/// session's thread, its end too.
@safe final class GPUTexture {
  /// Beyond this a GPU hangs: nothing that we ask takes long.
  private static let patience: GLuint64 = 1_000_000_000

  private let session: EGLSession
  private let request: ImportRequest
  private let image: EGLImageKHR
  private var texture: GLuint = 0
  private var framebuffer: GLuint = 0
  private var packBuffer: GLuint = 0

  /// How the bytes of ``read(into:)`` are laid out: linear, with alpha where the buffer has it.
  let layout: SurfaceLayout

  /// Imports, and reads one pixel: a driver that cannot reach the memory says so only then, and crashes if it is made to
  /// draw with it.
  init(_ request: ImportRequest, _ session: EGLSession) throws(GPUFault) {
    self.session = session
    self.request = request
    let size = request.description.size
    let hasAlpha = request.format?.alpha.isEmpty == false
    let format: PixelFormat =
      session.readsBGRA ? (hasAlpha ? .argb8888 : .xrgb8888) : (hasAlpha ? .abgr8888 : .xbgr8888)
    layout = SurfaceLayout(format: format, size: size, strideBytes: size.width * 4)
    unsafe image = try Self.image(of: request, session)
    try attach()
    try probe()
    try makePackBuffer()
  }

  deinit {
    unsafe session.gl.deleteBuffers(1, &packBuffer)
    unsafe session.gl.deleteFramebuffers(1, &framebuffer)
    unsafe session.gl.deleteTextures(1, &texture)
    unsafe session.destroy(image)
    _ = session.takeError()
  }

  private var readFormat: GLenum { GLenum(session.readsBGRA ? GL_BGRA_EXT : GL_RGBA) }

  /// Copies the picture as it is now into `target`, which is large enough for ``layout``.
  func read(into target: PlaneBuffer) throws(GPUFault) {
    let gl = session.gl
    let count = layout.byteCount
    gl.bindFramebuffer(GLenum(GL_FRAMEBUFFER), framebuffer)
    gl.bindBuffer(GLenum(GL_PIXEL_PACK_BUFFER), packBuffer)
    defer { gl.bindBuffer(GLenum(GL_PIXEL_PACK_BUFFER), 0) }
    gl.readPixels(
      0, 0, GLsizei(layout.size.width), GLsizei(layout.size.height), readFormat, GLenum(GL_UNSIGNED_BYTE), nil)
    try check("glReadPixels")
    try waitForGPU()
    let bits = GLbitfield(GL_MAP_READ_BIT)
    guard let pixels = unsafe gl.mapBufferRange(GLenum(GL_PIXEL_PACK_BUFFER), 0, count, bits) else {
      throw fault("glMapBufferRange says \(GraphicsErrors.gl(session.takeError() ?? 0))")
    }
    unsafe target.withMutableBytes { bytes in
      guard let to = bytes.baseAddress, bytes.count >= count else { return }
      unsafe memcpy(to, pixels, count)
    }
    // GL_FALSE: the copy was lost meanwhile, as when the machine slept.
    if gl.unmapBuffer(GLenum(GL_PIXEL_PACK_BUFFER)) != GLboolean(GL_TRUE) {
      throw fault("glUnmapBuffer lost the picture")
    }
  }

  private func waitForGPU() throws(GPUFault) {
    let gl = session.gl
    let fence = unsafe gl.fenceSync(GLenum(GL_SYNC_GPU_COMMANDS_COMPLETE), 0)
    let answer = unsafe gl.clientWaitSync(fence, GLbitfield(GL_SYNC_FLUSH_COMMANDS_BIT), Self.patience)
    unsafe gl.deleteSync(fence)
    if answer == GLenum(GL_TIMEOUT_EXPIRED) || answer == GLenum(GL_WAIT_FAILED) {
      _ = session.takeError()
      throw GPUFault(failure: .unusableGPU(node: session.node, reason: "it does not answer"), isGPULost: true)
    }
  }

  private func attach() throws(GPUFault) {
    let gl = session.gl
    unsafe gl.genTextures(1, &texture)
    gl.bindTexture(GLenum(GL_TEXTURE_2D), texture)
    unsafe gl.imageTargetTexture(GLenum(GL_TEXTURE_2D), image)
    try check("glEGLImageTargetTexture2DOES")
    unsafe gl.genFramebuffers(1, &framebuffer)
    gl.bindFramebuffer(GLenum(GL_FRAMEBUFFER), framebuffer)
    gl.framebufferTexture(GLenum(GL_FRAMEBUFFER), GLenum(GL_COLOR_ATTACHMENT0), GLenum(GL_TEXTURE_2D), texture, 0)
    guard gl.checkFramebufferStatus(GLenum(GL_FRAMEBUFFER)) == GLenum(GL_FRAMEBUFFER_COMPLETE) else {
      throw fault("its driver does not read such pixels back (the framebuffer is incomplete)")
    }
    try check("glFramebufferTexture2D")
  }

  private func probe() throws(GPUFault) {
    var pixel: UInt32 = 0
    unsafe session.gl.readPixels(0, 0, 1, 1, readFormat, GLenum(GL_UNSIGNED_BYTE), &pixel)
    if let code = session.takeError() {
      throw fault("its driver cannot reach the buffer's memory (glReadPixels says \(GraphicsErrors.gl(code)))", code)
    }
  }

  private func makePackBuffer() throws(GPUFault) {
    let gl = session.gl
    unsafe gl.genBuffers(1, &packBuffer)
    gl.bindBuffer(GLenum(GL_PIXEL_PACK_BUFFER), packBuffer)
    gl.bufferData(GLenum(GL_PIXEL_PACK_BUFFER), layout.byteCount, nil, GLenum(GL_STREAM_READ))
    gl.bindBuffer(GLenum(GL_PIXEL_PACK_BUFFER), 0)
    try check("glBufferData")
  }

  private func check(_ call: String) throws(GPUFault) {
    if let code = session.takeError() { throw fault("\(call) says \(GraphicsErrors.gl(code))", code) }
  }

  private func fault(_ reason: String, _ code: GLenum = 0) -> GPUFault {
    GPUFault(
      failure: .refusedByGPU(picture: request.name, node: session.node, reason: reason),
      isGPULost: code == GraphicsErrors.contextLost)
  }

  /// With the modifier where one is stated. A linear buffer is also tried without: what a driver supposes then is linear,
  /// and some take no modifier at all.
  private static func image(of request: ImportRequest, _ session: EGLSession) throws(GPUFault) -> EGLImageKHR {
    func fault(_ reason: String) -> GPUFault {
      GPUFault(
        failure: .refusedByGPU(picture: request.name, node: session.node, reason: reason), isGPULost: false)
    }
    let modifier = request.statedModifier
    let isLinear = modifier == nil || request.modifier?.tiling == .linear
    if let modifier, session.takesModifiers {
      let image = unsafe session.createImage(try attributes(of: request, modifier: modifier))
      if let image = unsafe image { return unsafe image }
    } else if !isLinear {
      throw fault("its driver takes no modifiers")
    }
    let code = session.egl.getError()
    if isLinear {
      let image = unsafe session.createImage(try attributes(of: request, modifier: nil))
      if let image = unsafe image { return unsafe image }
    }
    let last = isLinear ? session.egl.getError() : code
    var failure = fault("eglCreateImageKHR says \(GraphicsErrors.egl(last))")
    failure.isGPULost = last == EGL_CONTEXT_LOST
    throw failure
  }

  private static func attributes(of request: ImportRequest, modifier: UInt64?) throws(GPUFault) -> [EGLint] {
    let description = request.description
    guard let offset = EGLint(exactly: description.byteOffset) else {
      throw GPUFault(failure: .impossibleLayout, isGPULost: false)
    }
    var attributes: [EGLint] = [
      EGL_WIDTH, EGLint(description.size.width), EGL_HEIGHT, EGLint(description.size.height),
      EGL_LINUX_DRM_FOURCC_EXT, EGLint(bitPattern: description.code.rawValue),
      EGL_DMA_BUF_PLANE0_FD_EXT, request.dmabuf.raw, EGL_DMA_BUF_PLANE0_OFFSET_EXT, offset,
      EGL_DMA_BUF_PLANE0_PITCH_EXT, EGLint(description.strideBytes),
    ]
    if let modifier {
      attributes += [
        EGL_DMA_BUF_PLANE0_MODIFIER_LO_EXT, EGLint(truncatingIfNeeded: modifier),
        EGL_DMA_BUF_PLANE0_MODIFIER_HI_EXT, EGLint(truncatingIfNeeded: modifier >> 32),
      ]
    }
    return attributes + [EGL_IMAGE_PRESERVED_KHR, EGL_TRUE, EGL_NONE]
  }
}

/// What went wrong on the GPU's thread.
struct GPUFault: Error {
  var failure: BufferFailure
  /// Nothing more can be had of this session: it is to be made anew.
  var isGPULost: Bool
}
