#pragma once
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <rfb/rfb.h>
#include <rfb/rfbregion.h>

/* rfbLog and rfbErr are C-variadic function pointers, which only C can implement. */
typedef void (*gvt_rfb_sink)(int is_error, const char *line);
/* A variable of a header is not emitted for Swift; one of a function is. */
static inline gvt_rfb_sink *gvt_rfb_sink_slot(void) {
  static gvt_rfb_sink sink;
  return &sink;
}
static void gvt_rfb_emit(int is_error, const char *format, va_list arguments) {
  char line[1024];
  vsnprintf(line, sizeof line, format, arguments);
  size_t length = strlen(line);
  while (length && line[length - 1] == '\n') line[--length] = 0;
  gvt_rfb_sink sink = *gvt_rfb_sink_slot();
  if (sink) sink(is_error, line);
}
static void gvt_rfb_log(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  gvt_rfb_emit(0, format, arguments);
  va_end(arguments);
}
static void gvt_rfb_err(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  gvt_rfb_emit(1, format, arguments);
  va_end(arguments);
}
static inline void gvt_rfb_set_log_sink(gvt_rfb_sink sink) {
  *gvt_rfb_sink_slot() = sink;
  rfbLog = gvt_rfb_log;
  rfbErr = gvt_rfb_err;
}
