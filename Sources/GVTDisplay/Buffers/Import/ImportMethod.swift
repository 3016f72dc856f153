// The ways to a dmabuf's bytes.

/// How the bytes of a dmabuf are reached, in the order in which they are tried.
package enum ImportMethod: String, CaseIterable, Codable, Sendable {
  /// The CPU maps it, between two DMA_BUF_IOCTL_SYNC.
  case mmap
  /// The GPU reads it: EGL_EXT_image_dma_buf_import, then back into memory.
  case egl
  /// The GPU's aperture: PRIME_FD_TO_HANDLE and I915_GEM_MMAP_OFFSET with a GTT mapping, read only.
  case i915GTT = "i915-gtt"
}
