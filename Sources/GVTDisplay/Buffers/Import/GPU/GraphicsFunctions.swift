// The functions of libEGL, libgbm and OpenGL ES, found at run time. The only place that loads a library.
import CEGL
import Glibc

/// A shared library that stays loaded once it is: Mesa does not survive being unloaded.
@safe struct LoadedLibrary {
  private let name: String
  private let handle: UnsafeMutableRawPointer

  init(_ name: String) throws(BufferFailure) {
    guard let handle = unsafe dlopen(name, RTLD_NOW | RTLD_LOCAL) else { throw .missingLibrary(name) }
    self.name = name
    unsafe self.handle = handle
  }

  /// `Function` is the C type of a pointer to the function, as the library's header has it.
  func function<Function>(_ symbol: String) throws(BufferFailure) -> Function {
    guard let address = unsafe dlsym(handle, symbol) else { throw .missingLibrary("\(symbol) of \(name)") }
    return unsafe unsafeBitCast(address, to: Function.self)
  }
}

/// libgbm.
@safe struct GBMFunctions {
  let createDevice: gvt_gbm_create_device
  let destroyDevice: gvt_gbm_device_destroy

  init() throws(BufferFailure) {
    let library = try LoadedLibrary("libgbm.so.1")
    unsafe createDevice = try library.function("gbm_create_device")
    unsafe destroyDevice = try library.function("gbm_device_destroy")
  }
}

/// libEGL, version 1.4 with extensions: what Debian 12's Mesa has on GBM.
@safe struct EGLFunctions {
  private let getProcAddress: PFNEGLGETPROCADDRESSPROC
  let getError: PFNEGLGETERRORPROC
  let queryString: PFNEGLQUERYSTRINGPROC
  let initialize: PFNEGLINITIALIZEPROC
  let terminate: PFNEGLTERMINATEPROC
  let bindAPI: PFNEGLBINDAPIPROC
  let createContext: PFNEGLCREATECONTEXTPROC
  let destroyContext: PFNEGLDESTROYCONTEXTPROC
  let makeCurrent: PFNEGLMAKECURRENTPROC
  let releaseThread: PFNEGLRELEASETHREADPROC
  let getPlatformDisplay: PFNEGLGETPLATFORMDISPLAYEXTPROC
  let createImage: PFNEGLCREATEIMAGEKHRPROC
  let destroyImage: PFNEGLDESTROYIMAGEKHRPROC

  init() throws(BufferFailure) {
    let library = try LoadedLibrary("libEGL.so.1")
    unsafe getProcAddress = try library.function("eglGetProcAddress")
    getError = try library.function("eglGetError")
    unsafe queryString = try library.function("eglQueryString")
    unsafe initialize = try library.function("eglInitialize")
    unsafe terminate = try library.function("eglTerminate")
    bindAPI = try library.function("eglBindAPI")
    unsafe createContext = try library.function("eglCreateContext")
    unsafe destroyContext = try library.function("eglDestroyContext")
    unsafe makeCurrent = try library.function("eglMakeCurrent")
    releaseThread = try library.function("eglReleaseThread")
    let found = unsafe getProcAddress
    unsafe getPlatformDisplay = try Self.find("eglGetPlatformDisplayEXT", found)
    unsafe createImage = try Self.find("eglCreateImageKHR", found)
    unsafe destroyImage = try Self.find("eglDestroyImageKHR", found)
  }

  /// A function of an extension or of OpenGL ES: libGLESv2 is not needed for these.
  func function<Function>(_ symbol: String) throws(BufferFailure) -> Function {
    unsafe try Self.find(symbol, getProcAddress)
  }

  private static func find<Function>(
    _ symbol: String, _ getProcAddress: PFNEGLGETPROCADDRESSPROC
  ) throws(BufferFailure) -> Function {
    guard let address = unsafe getProcAddress(symbol) else { throw .missingLibrary("\(symbol) of libEGL.so.1") }
    return unsafe unsafeBitCast(address, to: Function.self)
  }
}

/// OpenGL ES 3.0, as much of it as a read back takes.
@safe struct GLFunctions {
  let getError: PFNGLGETERRORPROC
  let getString: PFNGLGETSTRINGPROC
  let genTextures: PFNGLGENTEXTURESPROC
  let deleteTextures: PFNGLDELETETEXTURESPROC
  let bindTexture: PFNGLBINDTEXTUREPROC
  let imageTargetTexture: PFNGLEGLIMAGETARGETTEXTURE2DOESPROC
  let genFramebuffers: PFNGLGENFRAMEBUFFERSPROC
  let deleteFramebuffers: PFNGLDELETEFRAMEBUFFERSPROC
  let bindFramebuffer: PFNGLBINDFRAMEBUFFERPROC
  let framebufferTexture: PFNGLFRAMEBUFFERTEXTURE2DPROC
  let checkFramebufferStatus: PFNGLCHECKFRAMEBUFFERSTATUSPROC
  let genBuffers: PFNGLGENBUFFERSPROC
  let deleteBuffers: PFNGLDELETEBUFFERSPROC
  let bindBuffer: PFNGLBINDBUFFERPROC
  let bufferData: PFNGLBUFFERDATAPROC
  let mapBufferRange: PFNGLMAPBUFFERRANGEPROC
  let unmapBuffer: PFNGLUNMAPBUFFERPROC
  let readPixels: PFNGLREADPIXELSPROC
  let fenceSync: PFNGLFENCESYNCPROC
  let clientWaitSync: PFNGLCLIENTWAITSYNCPROC
  let deleteSync: PFNGLDELETESYNCPROC

  init(_ egl: EGLFunctions) throws(BufferFailure) {
    getError = try egl.function("glGetError")
    unsafe getString = try egl.function("glGetString")
    unsafe genTextures = try egl.function("glGenTextures")
    unsafe deleteTextures = try egl.function("glDeleteTextures")
    bindTexture = try egl.function("glBindTexture")
    unsafe imageTargetTexture = try egl.function("glEGLImageTargetTexture2DOES")
    unsafe genFramebuffers = try egl.function("glGenFramebuffers")
    unsafe deleteFramebuffers = try egl.function("glDeleteFramebuffers")
    bindFramebuffer = try egl.function("glBindFramebuffer")
    framebufferTexture = try egl.function("glFramebufferTexture2D")
    checkFramebufferStatus = try egl.function("glCheckFramebufferStatus")
    unsafe genBuffers = try egl.function("glGenBuffers")
    unsafe deleteBuffers = try egl.function("glDeleteBuffers")
    bindBuffer = try egl.function("glBindBuffer")
    unsafe bufferData = try egl.function("glBufferData")
    unsafe mapBufferRange = try egl.function("glMapBufferRange")
    unmapBuffer = try egl.function("glUnmapBuffer")
    unsafe readPixels = try egl.function("glReadPixels")
    unsafe fenceSync = try egl.function("glFenceSync")
    unsafe clientWaitSync = try egl.function("glClientWaitSync")
    unsafe deleteSync = try egl.function("glDeleteSync")
  }
}
