// host-agent PORT - runs commands in a VM for a test outside: one connection, one command.
// Both ways go frames: a kind (one byte), a length (four, the highest first), and so many bytes.
//   from outside   r LINE    run a line of shell, in a session of its own; 'l' instead: see below
//                  i BYTES   for its standard input     e   end of its standard input
//                  s NUMBER  a signal for all its processes (one byte)
//   to outside     h         at once, when a connection is accepted: a port that is forwarded accepts before we listen
//                  p ID      the command's process id (four bytes)
//                  o BYTES   its standard output        w BYTES  its standard error
//                  x STATUS  it has ended (four bytes): exit status, or 128 + signal
// A connection that closes early takes its command with it. One that says 'l' is the life line: when it closes, the
// agent ends, and with it the VM. Without one it ends after two minutes.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { max_payload = 1 << 16, patience_ms = 120000 };

static int peer;
static pid_t command = -1;
static int input = -1;
static unsigned char payload[max_payload + 1];

static void die(const char *what) {
  perror(what);
  exit(1);
}

// The other side is gone: so is the command.
static void leave(void) {
  if (command > 0) kill(-command, SIGKILL);
  exit(0);
}

static void write_all(int fd, const void *bytes, size_t count) {
  const char *next = bytes;
  while (count > 0) {
    ssize_t n = write(fd, next, count);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) leave();
    next += n;
    count -= n;
  }
}

static void read_all(void *bytes, size_t count) {
  char *next = bytes;
  while (count > 0) {
    ssize_t n = read(peer, next, count);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) leave();
    next += n;
    count -= n;
  }
}

static void tell(char kind, const void *bytes, uint32_t count) {
  uint32_t length = htonl(count);
  char frame[5] = {kind};
  memcpy(frame + 1, &length, 4);
  write_all(peer, frame, 5);
  write_all(peer, bytes, count);
}

static void tell_number(char kind, uint32_t number) {
  number = htonl(number);
  tell(kind, &number, 4);
}

static char next_frame(uint32_t *count) {
  unsigned char header[5];
  read_all(header, 5);
  memcpy(count, header + 1, 4);
  *count = ntohl(*count);
  if (*count > max_payload) leave();
  read_all(payload, *count);
  payload[*count] = 0;
  return header[0];
}

static void start(int out[2], int err[2]) {
  int in[2];
  if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC)) die("pipe");
  command = fork();
  if (command < 0) die("fork");
  if (command == 0) {
    setsid();
    dup2(in[0], 0);
    dup2(out[1], 1);
    dup2(err[1], 2);
    signal(SIGPIPE, SIG_DFL);
    execl("/bin/sh", "sh", "-c", (char *)payload, NULL);
    _exit(127);
  }
  close(in[0]);
  close(out[1]);
  close(err[1]);
  input = in[1];
  tell_number('p', command);
}

// Gives what can be read at once; 0 at the end.
static int pass_on(int fd, char kind) {
  static char bytes[max_payload];
  ssize_t n = read(fd, bytes, sizeof bytes);
  if (n > 0) tell(kind, bytes, n);
  return n > 0 || (n < 0 && errno == EINTR);
}

static void obey(void) {
  uint32_t count;
  switch (next_frame(&count)) {
  case 'i':
    // A command that has closed its input is its own affair.
    for (uint32_t done = 0; input >= 0 && done < count;) {
      ssize_t n = write(input, payload + done, count - done);
      if (n <= 0 && errno != EINTR) break;
      if (n > 0) done += n;
    }
    break;
  case 'e':
    if (input >= 0) close(input);
    input = -1;
    break;
  case 's':
    kill(-command, payload[0]);
    break;
  default:
    leave();
  }
}

// Until the command has ended and what it printed has gone out. What it left behind may keep the pipes open.
static void follow(int out, int err) {
  struct pollfd fds[3] = {{peer, POLLIN, 0}, {out, POLLIN, 0}, {err, POLLIN, 0}};
  int status, has_ended = 0;
  for (;;) {
    int ready = poll(fds, 3, has_ended ? 0 : 20);
    if (ready < 0 && errno != EINTR) die("poll");
    if (ready > 0 && fds[0].revents) obey();
    if (ready > 0 && fds[1].revents && !pass_on(out, 'o')) fds[1].fd = -1;
    if (ready > 0 && fds[2].revents && !pass_on(err, 'w')) fds[2].fd = -1;
    if (has_ended && ready == 0) break;
    if (!has_ended) has_ended = waitpid(command, &status, WNOHANG) == command;
  }
  tell_number('x', WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static void serve(void) {
  uint32_t count;
  int on = 1, out[2], err[2];
  setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGCHLD, SIG_DFL);
  tell('h', "", 0);
  switch (next_frame(&count)) {
  case 'l':
    kill(getppid(), SIGUSR1);
    while (read(peer, payload, max_payload) > 0) {
    }
    kill(getppid(), SIGTERM);
    break;
  case 'r':
    start(out, err);
    follow(out[0], err[0]);
    break;
  }
}

static volatile sig_atomic_t has_life_line;
static void note_life_line(int number) { has_life_line = number; }

int main(int argc, char **argv) {
  struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(argc > 1 ? atoi(argv[1]) : 0)};
  int on = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  signal(SIGCHLD, SIG_IGN);
  signal(SIGUSR1, note_life_line);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (struct sockaddr *)&name, sizeof name) || listen(listener, 64)) die("listen");
  printf("agent ready\n");
  fflush(stdout);
  for (;;) {
    struct pollfd entry = {listener, POLLIN, 0};
    if (poll(&entry, 1, patience_ms) == 0 && !has_life_line) break;
    peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (peer < 0) continue;
    if (fork() == 0) {
      close(listener);
      serve();
      exit(0);
    }
    close(peer);
  }
  return 0;
}
