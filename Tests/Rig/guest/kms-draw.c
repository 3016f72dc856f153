// kms-draw CARD [COMMAND]... - plays a compositor: sets modes on a card node and draws on its planes what tests can foretell.
// Commands are taken from the arguments (one each), then from standard input, a line each; `ready COMMAND` follows each.
// It stays the card's master until it is killed.
//   mode W H           on the first connector, at that size; two buffers, the first is shown
//   off                the screen
//   pattern N          test picture N in the shown buffer: no two pixels beside each other are equal
//   fill RRGGBB
//   frames RATE N      N frames (0: until there is a line to read), each drawn into the buffer that is not shown, then
//                      flipped to. The picture is tiles of 32x32 pixels of one colour: frame number (12 bits), tile number
//                      (12 bits). Prints `frames N in S s`
//   renew N            shows test picture N in a new framebuffer in new memory, then gives up the one that was shown;
//                      prints `framebuffer NUMBER`: one that was given up before, if there is one
//   cursor X Y SIZE N  cursor picture N at X Y; SIZE is 0 for none     move X Y
//   overlay X Y W H N  test picture N on the first overlay plane; W is 0 for none
//   sleep SECONDS
// Picture N at x, y is v & 0xffffff, where v = x * 0x9e3779b1 + y * 0x85ebca6b + N * 0xc2b2ae35, v ^= v >> 15. The cursor
// is the same, opaque, where (x ^ y) & 8, and nothing elsewhere.
#include <drm.h>
#include <drm_fourcc.h>
#include <drm_mode.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { tile = 32, most = 64 };

struct buffer {
  uint32_t handle, id, width, height, row;  // row in pixels
  uint32_t *pixels;
  uint64_t bytes;
};

static int card;
static uint32_t crtc, connector;
static struct drm_mode_modeinfo mode;
static struct buffer screens[2], cursor, overlay;
static int shown;

static void die(const char *what) {
  printf("failed %s: %s\n", what, strerror(errno));
  exit(1);
}

static void call(unsigned long request, void *argument, const char *what) {
  int result;
  do result = ioctl(card, request, argument);
  while (result < 0 && (errno == EINTR || errno == EAGAIN));
  if (result < 0) die(what);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

static struct buffer make_buffer(uint32_t width, uint32_t height, uint32_t format) {
  struct drm_mode_create_dumb create = {.width = width, .height = height, .bpp = 32};
  call(DRM_IOCTL_MODE_CREATE_DUMB, &create, "CREATE_DUMB");
  struct drm_mode_fb_cmd2 add = {.width = width, .height = height, .pixel_format = format};
  add.handles[0] = create.handle;
  add.pitches[0] = create.pitch;
  call(DRM_IOCTL_MODE_ADDFB2, &add, "ADDFB2");
  struct drm_mode_map_dumb map = {.handle = create.handle};
  call(DRM_IOCTL_MODE_MAP_DUMB, &map, "MAP_DUMB");
  void *pixels = mmap(NULL, create.size, PROT_READ | PROT_WRITE, MAP_SHARED, card, map.offset);
  if (pixels == MAP_FAILED) die("mmap");
  return (struct buffer){create.handle, add.fb_id, width, height, create.pitch / 4, pixels, create.size};
}

static void drop(struct buffer *buffer) {
  if (!buffer->id) return;
  munmap(buffer->pixels, buffer->bytes);
  call(DRM_IOCTL_MODE_RMFB, &buffer->id, "RMFB");
  struct drm_mode_destroy_dumb destroy = {.handle = buffer->handle};
  call(DRM_IOCTL_MODE_DESTROY_DUMB, &destroy, "DESTROY_DUMB");
  *buffer = (struct buffer){0};
}

static uint32_t pattern(unsigned number, unsigned x, unsigned y) {
  uint32_t v = x * 0x9e3779b1u + y * 0x85ebca6bu + number * 0xc2b2ae35u;
  return (v ^ v >> 15) & 0xffffff;
}

static void draw_pattern(struct buffer *buffer, unsigned number) {
  for (unsigned y = 0; y < buffer->height; y++)
    for (unsigned x = 0; x < buffer->width; x++) buffer->pixels[y * buffer->row + x] = pattern(number, x, y);
}

static void draw_frame(struct buffer *buffer, unsigned number) {
  unsigned tiles = (buffer->width + tile - 1) / tile;
  for (unsigned y = 0; y < buffer->height; y++)
    for (unsigned x = 0; x < buffer->width; x++)
      buffer->pixels[y * buffer->row + x] = (number & 0xfff) << 12 | ((y / tile * tiles + x / tile) & 0xfff);
}

static void open_card(const char *path) {
  card = open(path, O_RDWR | O_CLOEXEC);
  if (card < 0) die(path);
  struct drm_set_client_cap cap = {.capability = DRM_CLIENT_CAP_UNIVERSAL_PLANES, .value = 1};
  call(DRM_IOCTL_SET_CLIENT_CAP, &cap, "SET_CLIENT_CAP");
  uint32_t crtcs[most], connectors[most];
  struct drm_mode_card_res resources = {
    .crtc_id_ptr = (uintptr_t)crtcs, .connector_id_ptr = (uintptr_t)connectors, .count_crtcs = most,
    .count_connectors = most};
  call(DRM_IOCTL_MODE_GETRESOURCES, &resources, "GETRESOURCES");
  crtc = crtcs[0];
  connector = connectors[0];
}

static void show(const struct buffer *buffer) {
  struct drm_mode_crtc set = {
    .crtc_id = crtc, .fb_id = buffer->id, .set_connectors_ptr = (uintptr_t)&connector, .count_connectors = 1,
    .mode = mode, .mode_valid = 1};
  call(DRM_IOCTL_MODE_SETCRTC, &set, "SETCRTC");
}

static void set_mode(unsigned w, unsigned h) {
  struct drm_mode_modeinfo modes[most];
  // The first call probes and counts, the second fetches.
  struct drm_mode_get_connector probe = {.connector_id = connector};
  call(DRM_IOCTL_MODE_GETCONNECTOR, &probe, "GETCONNECTOR");
  struct drm_mode_get_connector get = {
    .connector_id = connector, .modes_ptr = (uintptr_t)modes, .count_modes = probe.count_modes < most ? probe.count_modes : most};
  call(DRM_IOCTL_MODE_GETCONNECTOR, &get, "GETCONNECTOR");
  unsigned i = 0;
  while (i < get.count_modes && (modes[i].hdisplay != w || modes[i].vdisplay != h)) i++;
  if (i == get.count_modes) {
    errno = ENOENT;
    die("a mode of that size");
  }
  mode = modes[i];
  struct buffer old[2] = {screens[0], screens[1]};
  for (int k = 0; k < 2; k++) screens[k] = make_buffer(w, h, DRM_FORMAT_XRGB8888);
  show(&screens[shown = 0]);
  for (int k = 0; k < 2; k++) drop(&old[k]);
}

static void turn_off(void) {
  struct drm_mode_crtc set = {.crtc_id = crtc};
  call(DRM_IOCTL_MODE_SETCRTC, &set, "SETCRTC");
}

static int has_input(void) {
  struct pollfd entry = {0, POLLIN, 0};
  return poll(&entry, 1, 0) > 0;
}

static void flip_to(int next) {
  struct drm_mode_crtc_page_flip flip = {.crtc_id = crtc, .fb_id = screens[next].id, .flags = DRM_MODE_PAGE_FLIP_EVENT};
  call(DRM_IOCTL_MODE_PAGE_FLIP, &flip, "PAGE_FLIP");
  struct pollfd wait = {.fd = card, .events = POLLIN};
  char event[256];
  if (poll(&wait, 1, 5000) <= 0 || read(card, event, sizeof event) <= 0) die("the end of a flip");
  shown = next;
}

static void draw_frames(double rate, unsigned count) {
  double start = now();
  unsigned n = 1;
  for (; count ? n <= count : !has_input(); n++) {
    draw_frame(&screens[!shown], n);
    double rest = start + n / rate - now();
    if (rest > 0) usleep(rest * 1e6);
    flip_to(!shown);
  }
  printf("frames %u in %.3f s\n", n - 1, now() - start);
}

static void renew(unsigned number) {
  struct buffer new = make_buffer(mode.hdisplay, mode.vdisplay, DRM_FORMAT_XRGB8888);
  draw_pattern(&new, number);
  show(&new);
  drop(&screens[shown]);
  screens[shown] = new;
  printf("framebuffer %u\n", new.id);
}

static void set_cursor(int x, int y, unsigned size, unsigned number) {
  struct buffer old = cursor;
  cursor = (struct buffer){0};
  if (size) cursor = make_buffer(size, size, DRM_FORMAT_ARGB8888);
  for (unsigned i = 0; i < size * size; i++) {
    unsigned column = i % size, line = i / size;
    cursor.pixels[line * cursor.row + column] = (column ^ line) & 8 ? 0xff000000 | pattern(number, column, line) : 0;
  }
  struct drm_mode_cursor set = {
    .flags = DRM_MODE_CURSOR_BO | DRM_MODE_CURSOR_MOVE, .crtc_id = crtc, .x = x, .y = y, .width = size, .height = size,
    .handle = cursor.handle};
  call(DRM_IOCTL_MODE_CURSOR, &set, "CURSOR");
  drop(&old);
}

static void move_cursor(int x, int y) {
  struct drm_mode_cursor set = {.flags = DRM_MODE_CURSOR_MOVE, .crtc_id = crtc, .x = x, .y = y};
  call(DRM_IOCTL_MODE_CURSOR, &set, "CURSOR");
}

// Plane types: 0 overlay, 1 primary, 2 cursor.
static uint32_t overlay_plane(void) {
  uint32_t planes[most];
  struct drm_mode_get_plane_res resources = {.plane_id_ptr = (uintptr_t)planes, .count_planes = most};
  call(DRM_IOCTL_MODE_GETPLANERESOURCES, &resources, "GETPLANERESOURCES");
  for (uint32_t i = 0; i < resources.count_planes && i < most; i++) {
    uint32_t ids[most];
    uint64_t values[most];
    struct drm_mode_obj_get_properties get = {
      .props_ptr = (uintptr_t)ids, .prop_values_ptr = (uintptr_t)values, .count_props = most, .obj_id = planes[i],
      .obj_type = DRM_MODE_OBJECT_PLANE};
    call(DRM_IOCTL_MODE_OBJ_GETPROPERTIES, &get, "OBJ_GETPROPERTIES");
    for (uint32_t p = 0; p < get.count_props && p < most; p++) {
      struct drm_mode_get_property property = {.prop_id = ids[p]};
      call(DRM_IOCTL_MODE_GETPROPERTY, &property, "GETPROPERTY");
      if (!strcmp(property.name, "type") && values[p] == 0) return planes[i];
    }
  }
  errno = ENOENT;
  die("an overlay plane");
  return 0;
}

static void set_overlay(int x, int y, unsigned w, unsigned h, unsigned number) {
  struct drm_mode_set_plane set = {.plane_id = overlay_plane(), .crtc_id = crtc};
  struct buffer old = overlay;
  overlay = (struct buffer){0};
  if (w) {
    overlay = make_buffer(w, h, DRM_FORMAT_XRGB8888);
    draw_pattern(&overlay, number);
    set.fb_id = overlay.id;
    set.crtc_x = x, set.crtc_y = y, set.crtc_w = w, set.crtc_h = h;
    set.src_w = w << 16, set.src_h = h << 16;
  }
  call(DRM_IOCTL_MODE_SETPLANE, &set, "SETPLANE");
  drop(&old);
}

static void obey(const char *line) {
  unsigned a, b, c;
  int x, y;
  double rate;
  if (sscanf(line, "mode %u %u", &a, &b) == 2) set_mode(a, b);
  else if (!strcmp(line, "off")) turn_off();
  else if (sscanf(line, "pattern %u", &a) == 1) draw_pattern(&screens[shown], a);
  else if (sscanf(line, "fill %x", &a) == 1) {
    for (unsigned i = 0; i < screens[shown].bytes / 4; i++) screens[shown].pixels[i] = a;
  } else if (sscanf(line, "frames %lf %u", &rate, &a) == 2) draw_frames(rate, a);
  else if (sscanf(line, "renew %u", &a) == 1) renew(a);
  else if (sscanf(line, "cursor %d %d %u %u", &x, &y, &a, &b) == 4) set_cursor(x, y, a, b);
  else if (sscanf(line, "move %d %d", &x, &y) == 2) move_cursor(x, y);
  else if (sscanf(line, "overlay %d %d %u %u %u", &x, &y, &a, &b, &c) == 5) set_overlay(x, y, a, b, c);
  else if (sscanf(line, "sleep %lf", &rate) == 1) usleep(rate * 1e6);
  else {
    printf("failed %s: no such command\n", line);
    exit(64);
  }
  printf("ready %s\n", line);
}

int main(int argc, char **argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: kms-draw CARD [COMMAND]...\n");
    return 64;
  }
  setvbuf(stdout, NULL, _IOLBF, 0);
  setvbuf(stdin, NULL, _IONBF, 0);
  open_card(argv[1]);
  printf("ready open\n");
  for (int i = 2; i < argc; i++) obey(argv[i]);
  char line[256];
  while (fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\n")] = 0;
    if (line[0]) obey(line);
  }
  for (;;) pause();
}
