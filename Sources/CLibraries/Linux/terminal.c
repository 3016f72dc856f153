/* A terminal's size. */
#include <sys/ioctl.h>

#include "linux_calls.h"

int gvt_terminal_columns(int fd) {
  struct winsize size;
  return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : -1;
}
