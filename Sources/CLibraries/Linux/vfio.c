#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/vfio.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "linux_calls.h"

int gvt_pidfd_getfd(int process, int fd) { return (int)syscall(SYS_pidfd_getfd, process, fd, 0); }

int gvt_vfio_call(int fd, unsigned request, void *argument) {
  int answer = ioctl(fd, request, argument);
  if (answer >= 0 && (request == VFIO_GROUP_GET_DEVICE_FD || request == VFIO_DEVICE_GET_GFX_DMABUF))
    fcntl(answer, F_SETFD, FD_CLOEXEC);
  return answer;
}
