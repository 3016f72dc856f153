#pragma once
/* Linux interfaces that Swift's Glibc module does not show, or shows only as macros. */
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/types.h>

/* memfd_create(2) with MFD_CLOEXEC | MFD_ALLOW_SEALING. */
int gvt_memfd_create(const char *name);
/* fcntl(F_ADD_SEALS): shrink, so that a mapping of the file can never fault. */
int gvt_seal_shrink(int fd);
/* 1 if the file is sealed against shrinking, 0 if not or not sealable. */
int gvt_is_sealed_against_shrinking(int fd);
/* sendmsg(2) with one descriptor as SCM_RIGHTS. Bytes sent, or -1. */
ssize_t gvt_send_with_descriptor(int socket, const void *bytes, size_t count, int fd);
/* recvmsg(2); *fd is the one descriptor that came along, close-on-exec, or -1. Bytes received, or -1. */
ssize_t gvt_receive_with_descriptor(int socket, void *bytes, size_t count, int *fd);
/*
 * recvmsg(2) without waiting. Up to `capacity` descriptors that came along, close-on-exec, are put into `fds` and
 * counted in `received`; more than that are closed. Bytes received, or -1.
 */
ssize_t gvt_receive_with_descriptors(int socket, void *bytes, size_t count, int *fds, int capacity, int *received);
/* 1 if the peer of a UNIX socket had `group` among its supplementary groups when it connected (SO_PEERGROUPS). */
int gvt_peer_is_in_group(int socket, gid_t group);
/* pthread_setname_np for the calling thread. */
void gvt_set_thread_name(const char *name);
/* ppoll(2) for reading, at most `nanoseconds` (for ever if negative): 1 if readable, 0 if not, -1. */
int gvt_wait_readable(int fd, int64_t nanoseconds);
/*
 * ppoll(2) of three descriptors for reading, the first one for writing instead if asked; negative ones are left out.
 * Waits as gvt_wait_readable does. A bit for each that is ready, lowest first; 0 if none is, or -1.
 */
int gvt_wait_three(int first, int second, int third, int first_for_writing, int64_t nanoseconds);
/* Adds 1 to an eventfd unless that would have to wait: 1 if it did, 0 if not. */
int gvt_eventfd_signal(int fd);
/* memcpy(3) from memory that no cache holds, by loads that fetch whole lines where the processor has them (SSE4.1). */
void gvt_copy_from_device(void *to, const void *from, size_t count);
/* DMA_BUF_IOCTL_SYNC for CPU reads; begin != 0 starts, 0 ends. */
int gvt_dmabuf_sync_read(int fd, int begin);
/* pidfd_open(2); -1 when the kernel has none. */
int gvt_pidfd_open(pid_t pid);
/* The effective user and group of the peer of a UNIX socket; 0 or -1. */
int gvt_peer_credentials(int socket, uid_t *user, gid_t *group, pid_t *pid);

/*
 * Faults in memory that another process can take away (a file that is truncated while it is mapped) arrive as SIGBUS.
 * A guarded range gets zero pages instead, and its fault count goes up; the reader checks the count after it has read.
 * A slot number, or -1 when all slots are taken.
 */
int gvt_guard_add(void *start, size_t length);
void gvt_guard_remove(int slot);
unsigned gvt_guard_faults(int slot);

/* A part of a memfd for UDMABUF_CREATE_LIST; offset and size in whole pages. */
struct gvt_udmabuf_part {
  int memfd;
  uint64_t offset;
  uint64_t size;
};
/* A dmabuf of the parts in order, from an open /dev/udmabuf: a descriptor, close-on-exec, or -1. */
int gvt_udmabuf_create(int device, const struct gvt_udmabuf_part *parts, uint32_t count);

/* pidfd_getfd(2): another process's descriptor as one of ours, close-on-exec, or -1. */
int gvt_pidfd_getfd(int process, int fd);
/*
 * ioctl(2) of VFIO (linux/vfio.h), whose numbers tell neither size nor direction: `argument` is the request's structure, which the
 * caller has made as long as it says. The answer is closed on exec where it is a descriptor.
 */
int gvt_vfio_call(int fd, unsigned request, void *argument);

/* The columns of the terminal at `fd` (TIOCGWINSZ); 0 if it does not know, -1 if it is none. */
int gvt_terminal_columns(int fd);
