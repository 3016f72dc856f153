#pragma once
#include <stdint.h>
#include <drm_fourcc.h>
#include <i915_drm.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

/* Function-like macro constants do not import into Swift: they are re-exported as typed constants. */
#define GVT_C64(name) static const uint64_t GVT_##name = (uint64_t)(name)
GVT_C64(DRM_FORMAT_MOD_LINEAR);
GVT_C64(DRM_FORMAT_MOD_INVALID);
GVT_C64(I915_FORMAT_MOD_X_TILED);
GVT_C64(I915_FORMAT_MOD_Y_TILED);
GVT_C64(I915_FORMAT_MOD_Yf_TILED);
GVT_C64(DRM_IOCTL_I915_GEM_MMAP_OFFSET);
GVT_C64(DRM_IOCTL_I915_GEM_GET_TILING);
