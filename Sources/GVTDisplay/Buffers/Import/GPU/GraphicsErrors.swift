// What EGL's and GL's error numbers are called.
import CEGL

/// Names as in the headers, or the number where it is none that the calls we make can leave.
enum GraphicsErrors {
  static func egl(_ code: EGLint) -> String {
    let names = [
      "EGL_SUCCESS", "EGL_NOT_INITIALIZED", "EGL_BAD_ACCESS", "EGL_BAD_ALLOC", "EGL_BAD_ATTRIBUTE", "EGL_BAD_CONFIG",
      "EGL_BAD_CONTEXT", "EGL_BAD_CURRENT_SURFACE", "EGL_BAD_DISPLAY", "EGL_BAD_MATCH", "EGL_BAD_NATIVE_PIXMAP",
      "EGL_BAD_NATIVE_WINDOW", "EGL_BAD_PARAMETER", "EGL_BAD_SURFACE", "EGL_CONTEXT_LOST",
    ]
    let index = Int(code) - Int(EGL_SUCCESS)
    return names.indices.contains(index) ? names[index] : "EGL error 0x" + String(UInt32(bitPattern: code), radix: 16)
  }

  static func gl(_ code: GLenum) -> String {
    switch code {
    case 0x500: "GL_INVALID_ENUM"
    case 0x501: "GL_INVALID_VALUE"
    case 0x502: "GL_INVALID_OPERATION"
    case 0x505: "GL_OUT_OF_MEMORY"
    case 0x506: "GL_INVALID_FRAMEBUFFER_OPERATION"
    case contextLost: "GL_CONTEXT_LOST"
    default: "GL error 0x" + String(code, radix: 16)
    }
  }

  /// GL_CONTEXT_LOST (KHR_robustness), which a context answers to everything once it is lost.
  static let contextLost: GLenum = 0x507
}
