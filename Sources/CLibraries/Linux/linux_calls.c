#define _GNU_SOURCE
#include "linux_calls.h"

#include <fcntl.h>
#include <linux/dma-buf.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

int gvt_memfd_create(const char *name) { return memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING); }

int gvt_seal_shrink(int fd) { return fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK); }

int gvt_is_sealed_against_shrinking(int fd) {
  int seals = fcntl(fd, F_GET_SEALS);
  return seals >= 0 && (seals & F_SEAL_SHRINK) ? 1 : 0;
}

ssize_t gvt_send_with_descriptor(int socket, const void *bytes, size_t count, int fd) {
  struct iovec io = {(void *)bytes, count};
  union {
    char bytes[CMSG_SPACE(sizeof(int))];
    struct cmsghdr align;
  } control;
  memset(&control, 0, sizeof control);
  struct msghdr message = {
      .msg_iov = &io, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(header), &fd, sizeof fd);
  return sendmsg(socket, &message, MSG_NOSIGNAL);
}

void gvt_set_thread_name(const char *name) { pthread_setname_np(pthread_self(), name); }

int gvt_wait_readable(int fd, int64_t nanoseconds) {
  struct pollfd watched = {.fd = fd, .events = POLLIN};
  struct timespec limit = {nanoseconds / 1000000000, nanoseconds % 1000000000};
  return ppoll(&watched, 1, nanoseconds < 0 ? NULL : &limit, NULL);
}

int gvt_wait_three(int first, int second, int third, int first_for_writing, int64_t nanoseconds) {
  struct pollfd watched[3] = {{.fd = first, .events = first_for_writing ? POLLOUT : POLLIN},
                              {.fd = second, .events = POLLIN},
                              {.fd = third, .events = POLLIN}};
  struct timespec limit = {nanoseconds / 1000000000, nanoseconds % 1000000000};
  int count = ppoll(watched, 3, nanoseconds < 0 ? NULL : &limit, NULL);
  if (count < 0) return -1;
  int ready = 0;
  for (int i = 0; i < 3; i++)
    if (watched[i].revents) ready |= 1 << i;
  return ready;
}

int gvt_eventfd_signal(int fd) {
  struct pollfd watched = {.fd = fd, .events = POLLOUT};
  if (poll(&watched, 1, 0) != 1 || !(watched.revents & POLLOUT)) return 0;
  uint64_t one = 1;
  return write(fd, &one, sizeof one) == sizeof one;
}

int gvt_dmabuf_sync_read(int fd, int begin) {
  struct dma_buf_sync sync = {.flags = DMA_BUF_SYNC_READ | (begin ? DMA_BUF_SYNC_START : DMA_BUF_SYNC_END)};
  return ioctl(fd, DMA_BUF_IOCTL_SYNC, &sync);
}

int gvt_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int gvt_peer_credentials(int socket, uid_t *user, gid_t *group, pid_t *pid) {
  struct ucred credentials;
  socklen_t length = sizeof credentials;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) return -1;
  *user = credentials.uid;
  *group = credentials.gid;
  *pid = credentials.pid;
  return 0;
}

ssize_t gvt_receive_with_descriptor(int socket, void *bytes, size_t count, int *fd) {
  struct iovec io = {bytes, count};
  union {
    char bytes[CMSG_SPACE(sizeof(int))];
    struct cmsghdr align;
  } control;
  struct msghdr message = {
      .msg_iov = &io, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
  *fd = -1;
  ssize_t received = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  if (received < 0) return received;
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
      header->cmsg_len == CMSG_LEN(sizeof(int)))
    memcpy(fd, CMSG_DATA(header), sizeof *fd);
  return received;
}

enum { most_descriptors = 16 };

ssize_t gvt_receive_with_descriptors(int socket, void *bytes, size_t count, int *fds, int capacity, int *received) {
  struct iovec io = {bytes, count};
  union {
    char bytes[CMSG_SPACE(most_descriptors * sizeof(int))];
    struct cmsghdr align;
  } control;
  struct msghdr message = {
      .msg_iov = &io, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
  *received = 0;
  ssize_t got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (got < 0) return got;
  for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    size_t arrived = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < arrived; i++) {
      int fd;
      memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
      if (*received < capacity)
        fds[(*received)++] = fd;
      else
        close(fd);
    }
  }
  return got;
}

int gvt_peer_is_in_group(int socket, gid_t group) {
  gid_t groups[1024];
  socklen_t length = sizeof groups;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups, &length) != 0) return 0;
  for (size_t i = 0; i < length / sizeof groups[0]; i++)
    if (groups[i] == group) return 1;
  return 0;
}
