#include <errno.h>
#include <linux/udmabuf.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "linux_calls.h"

int gvt_udmabuf_create(int device, const struct gvt_udmabuf_part *parts, uint32_t count) {
  struct udmabuf_create_list *list = malloc(sizeof *list + count * sizeof list->list[0]);
  if (!list) {
    errno = ENOMEM;
    return -1;
  }
  list->flags = UDMABUF_FLAGS_CLOEXEC;
  list->count = count;
  for (uint32_t i = 0; i < count; i++)
    list->list[i] =
        (struct udmabuf_create_item){.memfd = parts[i].memfd, .offset = parts[i].offset, .size = parts[i].size};
  int dmabuf = ioctl(device, UDMABUF_CREATE_LIST, list);
  int error = errno;
  free(list);
  errno = error;
  return dmabuf;
}
