#include <string.h>

#include "linux_calls.h"

#if defined(__x86_64__)
#include <smmintrin.h>

/*
 * MOVNTDQA fetches whole lines of write-combined memory, which ordinary loads fetch piece by piece and wait for each
 * time (Intel SDM vol. 1, 12.10.3). On cached memory it is an ordinary load.
 */
__attribute__((target("sse4.1"))) static void copy_streaming(unsigned char *to, const unsigned char *from, size_t count) {
  size_t head = -(uintptr_t)from & 15;
  if (head > count) head = count;
  memcpy(to, from, head);
  to += head, from += head, count -= head;
  for (; count >= 64; to += 64, from += 64, count -= 64) {
    __m128i *line = (__m128i *)(uintptr_t)from;
    __m128i a = _mm_stream_load_si128(line), b = _mm_stream_load_si128(line + 1);
    __m128i c = _mm_stream_load_si128(line + 2), d = _mm_stream_load_si128(line + 3);
    _mm_storeu_si128((__m128i *)to, a);
    _mm_storeu_si128((__m128i *)to + 1, b);
    _mm_storeu_si128((__m128i *)to + 2, c);
    _mm_storeu_si128((__m128i *)to + 3, d);
  }
  for (; count >= 16; to += 16, from += 16, count -= 16)
    _mm_storeu_si128((__m128i *)to, _mm_stream_load_si128((__m128i *)(uintptr_t)from));
  memcpy(to, from, count);
}

void gvt_copy_from_device(void *to, const void *from, size_t count) {
  if (__builtin_cpu_supports("sse4.1"))
    copy_streaming(to, from, count);
  else
    memcpy(to, from, count);
}
#else
void gvt_copy_from_device(void *to, const void *from, size_t count) { memcpy(to, from, count); }
#endif
