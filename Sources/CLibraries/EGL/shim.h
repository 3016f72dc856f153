#pragma once
/*
 * Types, constants and the shapes of functions only. Nothing is linked: a host without graphics libraries runs all that
 * does not need them, and GVTDisplay/Buffers/Import/GPU loads them when a buffer does.
 */
#define EGL_NO_X11 1
#define EGL_EGL_PROTOTYPES 0
#define GL_GLES_PROTOTYPES 0
#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <GLES3/gl3.h>
#include <GLES2/gl2ext.h>
#include <gbm.h>

typedef __typeof__(&gbm_create_device) gvt_gbm_create_device;
typedef __typeof__(&gbm_device_destroy) gvt_gbm_device_destroy;
