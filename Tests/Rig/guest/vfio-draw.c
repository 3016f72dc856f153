// vfio-draw UUID [COMMAND]... - plays a VMM with its guest: opens an mdev of mbochs or mdpy as QEMU does and draws on it.
// Commands are taken from the arguments (one each), then from standard input, a line each; `ready COMMAND` follows each.
// It keeps the device until it is killed.
//   mode W H           switch the display on at that size; it shows buffer 0 (mbochs)
//   off, on            the display, in the mode it has (mbochs)
//   pattern N          test picture N: no two pixels beside each other are equal
//   fill RRGGBB
//   frames K RATE N    N frames (0: until there is a line to read) in K buffers, each drawn, then shown. The picture is
//                      tiles of 32x32 pixels of one colour: frame number (12 bits), tile number (12 bits). Prints
//                      `frames N in S s, late L`
//   show K             buffer K, as it is
//   cursor X Y SIZE N  cursor picture N at X Y; SIZE is 0 for none     hotspot X Y      move X Y     (mbochs_fixed)
//   errno N            every QUERY fails with it                       (mbochs_fixed)
//   fourcc XXXX        what the primary plane's format is said to be; 0: the truth     (mbochs_fixed)
//   modifier HEX       likewise its modifier                                           (mbochs_fixed)
//   reset              VFIO_DEVICE_RESET
//   edid               prints what the device was told of its monitor: `edid up|down BYTES WxH`
//   costs N            prints the mean of N calls: `costs info US query US`; the first one does nothing but enter the kernel
//   sleep SECONDS      quit
// Picture N at x, y is v & 0xffffff, where v = x * 0x9e3779b1 + y * 0x85ebca6b + N * 0xc2b2ae35, v ^= v >> 15. The cursor
// is the same, opaque, where (x ^ y) & 8, and nothing elsewhere.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { vbe_registers = 0x500, vbe_width = 1, vbe_height, vbe_depth, vbe_enable, vbe_virtual_width = 6, vbe_y = 9 };
enum { rig_registers = 0x700, rig_cursor = 0, rig_cursor_base, rig_x, rig_y, rig_hot_x, rig_hot_y, rig_fourcc,
       rig_modifier_low, rig_modifier_high, rig_errno };
enum { tile = 32, page = 4096, cursor_bytes = 512 * 512 * 4 };

static int device;
static int is_region;              // mdpy
static uint32_t *memory;           // what the guest draws in
static uint64_t memory_bytes;
static uint64_t registers;         // file offset of mbochs' BAR 2
static unsigned width, height, row;  // of the picture; row in pixels
static unsigned shown;

static void die(const char *what) {
  printf("failed %s: %s\n", what, strerror(errno));
  exit(1);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

static struct vfio_region_info region(unsigned index) {
  struct vfio_region_info info = {.argsz = sizeof info, .index = index};
  if (ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &info)) die("GET_REGION_INFO");
  return info;
}

static int query(unsigned flags, struct vfio_device_gfx_plane_info *plane) {
  memset(plane, 0, sizeof *plane);
  plane->argsz = sizeof *plane;
  plane->flags = flags;
  plane->drm_plane_type = 1;
  return ioctl(device, VFIO_DEVICE_QUERY_GFX_PLANE, plane);
}

static void open_device(const char *uuid) {
  char path[256], link[256];
  snprintf(path, sizeof path, "/sys/bus/mdev/devices/%s/iommu_group", uuid);
  ssize_t n = readlink(path, link, sizeof link - 1);
  if (n < 0) die(path);
  link[n] = 0;
  snprintf(path, sizeof path, "/dev/vfio/%s", strrchr(link, '/') + 1);
  int container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC), group = open(path, O_RDWR | O_CLOEXEC);
  if (container < 0 || group < 0) die(path);
  if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &container)) die("SET_CONTAINER");
  if (ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU)) die("SET_IOMMU");
  device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, uuid);
  if (device < 0) die("GET_DEVICE_FD");

  struct vfio_device_gfx_plane_info plane;
  is_region = query(VFIO_GFX_PLANE_TYPE_PROBE | VFIO_GFX_PLANE_TYPE_REGION, &plane) == 0;
  struct vfio_region_info bar = region(VFIO_PCI_BAR0_REGION_INDEX);
  memory_bytes = bar.size;
  memory = mmap(NULL, bar.size, PROT_READ | PROT_WRITE, MAP_SHARED, device, bar.offset);
  if (memory == MAP_FAILED) die("mmap of BAR 0");
  if (!is_region) {
    registers = region(VFIO_PCI_BAR2_REGION_INDEX).offset;
    return;
  }
  if (query(VFIO_GFX_PLANE_TYPE_REGION, &plane)) die("QUERY_GFX_PLANE");
  width = plane.width;
  height = plane.height;
  row = plane.stride / 4;
}

static void vbe(int number, uint16_t value) {
  if (pwrite(device, &value, 2, registers + vbe_registers + number * 2) != 2) die("VBE register");
}

static void rig(int number, uint32_t value) {
  if (pwrite(device, &value, 4, registers + rig_registers + number * 4) != 4) die("rig register");
}

// Buffers begin on whole lines and on whole pages.
static unsigned lines_of_buffer(void) {
  unsigned lines = height;
  while (lines * row * 4 % page) lines++;
  return lines;
}

static uint32_t *buffer(unsigned number) {
  uint64_t end = (uint64_t)(number + 1) * lines_of_buffer() * row * 4;
  if (end > memory_bytes - (is_region ? 0 : cursor_bytes)) {
    errno = ENOSPC;
    die("a buffer's place");
  }
  return memory + (uint64_t)number * lines_of_buffer() * row;
}

static void show(unsigned number) {
  buffer(number);
  shown = number;
  if (!is_region) vbe(vbe_y, number * lines_of_buffer());
}

static void set_mode(unsigned w, unsigned h) {
  width = row = w;
  height = h;
  shown = 0;
  buffer(0);
  vbe(vbe_enable, 0);
  vbe(vbe_width, w);
  vbe(vbe_height, h);
  vbe(vbe_depth, 32);
  vbe(vbe_virtual_width, w);
  vbe(vbe_y, 0);
  vbe(vbe_enable, 0x41);
}

static uint32_t pattern(unsigned number, unsigned x, unsigned y) {
  uint32_t v = x * 0x9e3779b1u + y * 0x85ebca6bu + number * 0xc2b2ae35u;
  return (v ^ v >> 15) & 0xffffff;
}

static void draw_pattern(unsigned number) {
  uint32_t *pixels = buffer(shown);
  for (unsigned y = 0; y < height; y++)
    for (unsigned x = 0; x < width; x++) pixels[y * row + x] = pattern(number, x, y);
}

static void fill(uint32_t colour) {
  uint32_t *pixels = buffer(shown);
  for (unsigned i = 0; i < height * row; i++) pixels[i] = colour;
}

static void draw_frame(uint32_t *pixels, unsigned number) {
  unsigned tiles = (width + tile - 1) / tile;
  for (unsigned y = 0; y < height; y++)
    for (unsigned x = 0; x < width; x++)
      pixels[y * row + x] = (number & 0xfff) << 12 | ((y / tile * tiles + x / tile) & 0xfff);
}

static int has_input(void) {
  struct pollfd entry = {0, POLLIN, 0};
  return poll(&entry, 1, 0) > 0;
}

static void draw_frames(unsigned buffers, double rate, unsigned count) {
  double start = now();
  unsigned late = 0, n = 1;
  for (; count ? n <= count : !has_input(); n++) {
    unsigned next = (shown + 1) % buffers;
    draw_frame(buffer(next), n);
    double rest = start + n / rate - now();
    if (rest > 0) usleep(rest * 1e6);
    else late++;
    show(next);
  }
  printf("frames %u in %.3f s, late %u\n", n - 1, now() - start, late);
}

static void set_cursor(unsigned x, unsigned y, unsigned size, unsigned number) {
  uint64_t place = memory_bytes - cursor_bytes;
  for (unsigned i = 0; i < size * size; i++) {
    unsigned column = i % size, line = i / size;
    memory[place / 4 + i] = (column ^ line) & 8 ? 0xff000000 | pattern(number, column, line) : 0;
  }
  rig(rig_cursor_base, place);
  rig(rig_x, x);
  rig(rig_y, y);
  rig(rig_cursor, size);
}

static void print_edid(void) {
  for (unsigned index = 9; index < 16; index++) {
    // mbochs takes no more room than it needs: the first answer says how much that is.
    union { struct vfio_region_info info; char bytes[288]; } answer = {.info = {.argsz = sizeof answer.info, .index = index}};
    if (ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &answer) || answer.info.argsz > sizeof answer) continue;
    if (ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &answer) || !answer.info.cap_offset) continue;
    struct vfio_region_info_cap_type *type = (void *)(answer.bytes + answer.info.cap_offset);
    if (type->header.id != VFIO_REGION_INFO_CAP_TYPE || type->type != VFIO_REGION_TYPE_GFX) continue;
    struct vfio_region_gfx_edid edid;
    unsigned char blob[1024] = {0};
    for (unsigned at = 0; at < sizeof edid; at += 4)
      if (pread(device, (char *)&edid + at, 4, answer.info.offset + at) != 4) die("EDID region");
    for (unsigned at = 0; at + 4 <= sizeof blob && at < edid.edid_size; at += 4)
      if (pread(device, blob + at, 4, answer.info.offset + edid.edid_offset + at) != 4) die("EDID");
    unsigned w = blob[56] | (blob[58] & 0xf0) << 4, h = blob[59] | (blob[61] & 0xf0) << 4;
    printf("edid %s %u %ux%u\n", edid.link_state == VFIO_DEVICE_GFX_LINK_STATE_UP ? "up" : "down", edid.edid_size, w, h);
    return;
  }
  errno = ENOENT;
  die("EDID region");
}

static void measure(unsigned count) {
  struct vfio_device_info info = {.argsz = sizeof info};
  struct vfio_device_gfx_plane_info plane;
  unsigned flags = is_region ? VFIO_GFX_PLANE_TYPE_REGION : VFIO_GFX_PLANE_TYPE_DMABUF;
  double best[2] = {1e9, 1e9};
  // In turns, so that other load hits both alike; the best of ten.
  for (int turn = 0; turn < 10; turn++) {
    double start = now();
    for (unsigned i = 0; i < count; i++) ioctl(device, VFIO_DEVICE_GET_INFO, &info);
    double middle = now();
    for (unsigned i = 0; i < count; i++) query(flags, &plane);
    double times[2] = {middle - start, now() - middle};
    for (int i = 0; i < 2; i++)
      if (times[i] < best[i]) best[i] = times[i];
  }
  printf("costs info %.2f query %.2f\n", best[0] / count * 1e6, best[1] / count * 1e6);
}

static void obey(const char *line) {
  unsigned a, b, c, d;
  unsigned long long wide;
  double rate;
  char word[32] = "";
  if (sscanf(line, "mode %u %u", &a, &b) == 2) set_mode(a, b);
  else if (!strcmp(line, "off")) vbe(vbe_enable, 0);
  else if (!strcmp(line, "on")) vbe(vbe_enable, 0x41);
  else if (sscanf(line, "pattern %u", &a) == 1) draw_pattern(a);
  else if (sscanf(line, "fill %x", &a) == 1) fill(a);
  else if (sscanf(line, "frames %u %lf %u", &a, &rate, &b) == 3) draw_frames(a, rate, b);
  else if (sscanf(line, "show %u", &a) == 1) show(a);
  else if (sscanf(line, "cursor %u %u %u %u", &a, &b, &c, &d) == 4) set_cursor(a, b, c, d);
  else if (sscanf(line, "hotspot %u %u", &a, &b) == 2) rig(rig_hot_x, a), rig(rig_hot_y, b);
  else if (sscanf(line, "move %u %u", &a, &b) == 2) rig(rig_x, a), rig(rig_y, b);
  else if (sscanf(line, "errno %u", &a) == 1) rig(rig_errno, a);
  else if (sscanf(line, "fourcc %4[^\n]", word) == 1) memcpy(&a, word, 4), rig(rig_fourcc, strcmp(word, "0") ? a : 0);
  else if (sscanf(line, "modifier %llx", &wide) == 1) rig(rig_modifier_low, wide), rig(rig_modifier_high, wide >> 32);
  else if (!strcmp(line, "reset")) { if (ioctl(device, VFIO_DEVICE_RESET)) die("RESET"); }
  else if (!strcmp(line, "edid")) print_edid();
  else if (sscanf(line, "costs %u", &a) == 1) measure(a);
  else if (!strcmp(line, "quit")) exit(0);
  else if (sscanf(line, "sleep %lf", &rate) == 1) usleep(rate * 1e6);
  else {
    printf("failed %s: no such command\n", line);
    exit(64);
  }
  printf("ready %s\n", line);
}

int main(int argc, char **argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: vfio-draw UUID [COMMAND]...\n");
    return 64;
  }
  setvbuf(stdout, NULL, _IOLBF, 0);
  setvbuf(stdin, NULL, _IONBF, 0);
  open_device(argv[1]);
  printf("ready open %s\n", is_region ? "region" : "dmabuf");
  for (int i = 2; i < argc; i++) obey(argv[i]);
  char line[256];
  while (fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\n")] = 0;
    if (line[0]) obey(line);
  }
  for (;;) pause();
}
