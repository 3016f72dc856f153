// kms COMMAND... - drives a display with the kernel's mode setting ioctls and nothing else; for guests of tests.
// Commands run in the order given, on the first connected connector in its preferred mode, with two frame buffers:
//   list                        connectors, their state and modes (needs no connected one)
//   fill RRGGBB                 paint the shown buffer
//   rings                       paint the shown buffer with a pattern in which no two tiles are equal
//   flip SECONDS                page flips with events; a bar code at the top left counts the frames
//   vblank COUNT                wait for so many vertical blanks
//   cursor X Y                  a 64x64 ARGB pointer, an arrow with a half-transparent shadow
//   sprite N X Y W H RRGGBB     overlay plane N (0 is the first above the primary), at X Y of the screen
//   sprite-off N
//   sleep SECONDS
// Prints a line for each. The first failing ioctl ends it with status 1. Leaving restores the console.
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

enum { max_objects = 32, max_modes = 64, bar_code_bits = 16, bar_code_size = 16 };

struct buffer {
  uint32_t handle, id, width, height, pitch;
  uint32_t *pixels;
};

static int card = -1;
static uint32_t crtc, connector;
static struct drm_mode_modeinfo mode;
static struct buffer screens[2];
static int shown;

static void fail(const char *what) {
  printf("kms: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void call(unsigned long request, void *argument, const char *what) {
  int result;
  do result = ioctl(card, request, argument);
  while (result < 0 && (errno == EINTR || errno == EAGAIN));
  if (result < 0) fail(what);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec * 1e-9;
}

static struct buffer make_buffer(uint32_t width, uint32_t height, uint32_t format) {
  struct drm_mode_create_dumb create = {.width = width, .height = height, .bpp = 32};
  call(DRM_IOCTL_MODE_CREATE_DUMB, &create, "create a buffer");
  struct drm_mode_fb_cmd2 add = {.width = width, .height = height, .pixel_format = format};
  add.handles[0] = create.handle;
  add.pitches[0] = create.pitch;
  call(DRM_IOCTL_MODE_ADDFB2, &add, "add a frame buffer");
  struct drm_mode_map_dumb map = {.handle = create.handle};
  call(DRM_IOCTL_MODE_MAP_DUMB, &map, "map a buffer");
  void *pixels = mmap(NULL, create.size, PROT_READ | PROT_WRITE, MAP_SHARED, card, map.offset);
  if (pixels == MAP_FAILED) fail("mmap");
  return (struct buffer){create.handle, add.fb_id, width, height, create.pitch, pixels};
}

static void paint(struct buffer *buffer, uint32_t x, uint32_t y, uint32_t width, uint32_t height, uint32_t colour) {
  for (uint32_t row = y; row < y + height && row < buffer->height; row++)
    for (uint32_t column = x; column < x + width && column < buffer->width; column++)
      buffer->pixels[row * (buffer->pitch / 4) + column] = colour;
}

static void paint_rings(struct buffer *buffer) {
  for (uint32_t y = 0; y < buffer->height; y++)
    for (uint32_t x = 0; x < buffer->width; x++)
      buffer->pixels[y * (buffer->pitch / 4) + x] = (x * 255 / buffer->width) << 16 | (y * 255 / buffer->height) << 8
        | ((x * x + y * y) >> 6 & 255);
}

// White squares are ones, the lowest bit comes first.
static void paint_bar_code(struct buffer *buffer, uint32_t number) {
  for (uint32_t bit = 0; bit < bar_code_bits; bit++)
    paint(buffer, bit * bar_code_size, 0, bar_code_size, bar_code_size, number >> bit & 1 ? 0xffffff : 0);
}

static void show(int which) {
  struct drm_mode_crtc set = {
    .crtc_id = crtc, .fb_id = screens[which].id, .set_connectors_ptr = (uintptr_t)&connector, .count_connectors = 1,
    .mode = mode, .mode_valid = 1};
  call(DRM_IOCTL_MODE_SETCRTC, &set, "set the mode");
  shown = which;
}

static const char *connector_type(uint32_t type) {
  switch (type) {
  case DRM_MODE_CONNECTOR_DisplayPort: return "DP";
  case DRM_MODE_CONNECTOR_HDMIA: return "HDMI";
  case DRM_MODE_CONNECTOR_eDP: return "eDP";
  case DRM_MODE_CONNECTOR_VGA: return "VGA";
  default: return "other";
  }
}

// Finds the first connected connector and keeps its preferred mode; says what there is if `lists`.
static void look_for_connector(int lists) {
  uint32_t crtcs[max_objects], connectors[max_objects], encoders[max_objects];
  struct drm_mode_card_res resources = {
    .crtc_id_ptr = (uintptr_t)crtcs, .connector_id_ptr = (uintptr_t)connectors, .encoder_id_ptr = (uintptr_t)encoders,
    .count_crtcs = max_objects, .count_connectors = max_objects, .count_encoders = max_objects};
  call(DRM_IOCTL_MODE_GETRESOURCES, &resources, "get resources");
  for (uint32_t i = 0; i < resources.count_connectors && i < max_objects; i++) {
    struct drm_mode_modeinfo modes[max_modes];
    // The first call probes and counts, the second fetches.
    struct drm_mode_get_connector probe = {.connector_id = connectors[i]};
    call(DRM_IOCTL_MODE_GETCONNECTOR, &probe, "probe a connector");
    struct drm_mode_get_connector get = {
      .connector_id = connectors[i], .modes_ptr = (uintptr_t)modes,
      .count_modes = probe.count_modes > max_modes ? max_modes : probe.count_modes};
    call(DRM_IOCTL_MODE_GETCONNECTOR, &get, "get a connector");
    int is_connected = get.connection == 1 && get.count_modes > 0;
    if (lists) {
      printf("connector %s-%u %s", connector_type(get.connector_type), get.connector_type_id,
             is_connected ? "connected" : "disconnected");
      for (uint32_t m = 0; is_connected && m < get.count_modes; m++) printf(" %s@%u", modes[m].name, modes[m].vrefresh);
      printf("\n");
    }
    if (!is_connected || connector) continue;
    connector = connectors[i];
    crtc = crtcs[0];
    mode = modes[0];
    for (uint32_t m = get.count_modes; m-- > 0;)
      if (modes[m].type & DRM_MODE_TYPE_PREFERRED) mode = modes[m];
  }
}

static void need_screen(void) {
  if (screens[0].id) return;
  look_for_connector(0);
  if (!connector) {
    printf("kms: nothing is connected\n");
    exit(1);
  }
  for (int i = 0; i < 2; i++) screens[i] = make_buffer(mode.hdisplay, mode.vdisplay, DRM_FORMAT_XRGB8888);
  show(0);
  printf("mode %s@%u\n", mode.name, mode.vrefresh);
}

static void flip(double seconds) {
  double start = now(), last = start, longest = 0;
  uint32_t count = 0;
  for (; now() - start < seconds; count++) {
    int next = !shown;
    paint_bar_code(&screens[next], count);
    struct drm_mode_crtc_page_flip flip = {
      .crtc_id = crtc, .fb_id = screens[next].id, .flags = DRM_MODE_PAGE_FLIP_EVENT};
    call(DRM_IOCTL_MODE_PAGE_FLIP, &flip, "flip");
    struct pollfd wait = {.fd = card, .events = POLLIN};
    if (poll(&wait, 1, 5000) <= 0) {
      printf("kms: flip %u has not completed in 5 s\n", count);
      exit(1);
    }
    char event[256];
    if (read(card, event, sizeof event) <= 0) fail("read an event");
    shown = next;
    double time = now();
    if (time - last > longest) longest = time - last;
    last = time;
  }
  printf("flips %u in %.3f s, %.2f/s, longest %.1f ms\n", count, now() - start, count / (now() - start), longest * 1e3);
}

static void wait_for_vblanks(int count) {
  double start = now();
  for (int i = 0; i < count; i++) {
    union drm_wait_vblank wait = {.request = {.type = _DRM_VBLANK_RELATIVE, .sequence = 1}};
    call(DRM_IOCTL_WAIT_VBLANK, &wait, "wait for a vertical blank");
  }
  printf("vblanks %d in %.3f s, %.2f/s\n", count, now() - start, count / (now() - start));
}

static void place_cursor(int x, int y) {
  static struct buffer cursor;
  uint32_t flags = DRM_MODE_CURSOR_MOVE;
  if (!cursor.id) {
    cursor = make_buffer(64, 64, DRM_FORMAT_ARGB8888);
    for (int row = 0; row < 64; row++)
      for (int column = 0; column < 64; column++) {
        int is_arrow = column <= row && column + row < 48, is_shadow = column - 6 <= row - 6 && column + row < 60;
        uint32_t edge = column == 0 || column == row || column + row == 47;
        cursor.pixels[row * (cursor.pitch / 4) + column] =
          is_arrow ? (edge ? 0xff000000 : 0xffff40ff) : is_shadow ? 0x80000000 : 0;
      }
    flags |= DRM_MODE_CURSOR_BO;
  }
  struct drm_mode_cursor set = {
    .flags = flags, .crtc_id = crtc, .x = x, .y = y, .width = 64, .height = 64, .handle = cursor.handle};
  call(DRM_IOCTL_MODE_CURSOR, &set, "set the cursor");
  printf("cursor %d %d\n", x, y);
}

// The id of overlay plane `number` of the first CRTC.
static uint32_t overlay(int number) {
  struct drm_set_client_cap cap = {.capability = DRM_CLIENT_CAP_UNIVERSAL_PLANES, .value = 1};
  call(DRM_IOCTL_SET_CLIENT_CAP, &cap, "ask for all planes");
  uint32_t planes[max_objects];
  struct drm_mode_get_plane_res resources = {.plane_id_ptr = (uintptr_t)planes, .count_planes = max_objects};
  call(DRM_IOCTL_MODE_GETPLANERESOURCES, &resources, "get planes");
  for (uint32_t i = 0; i < resources.count_planes && i < max_objects; i++) {
    struct drm_mode_get_plane plane = {.plane_id = planes[i]};
    call(DRM_IOCTL_MODE_GETPLANE, &plane, "get a plane");
    uint32_t ids[max_objects];
    uint64_t values[max_objects];
    struct drm_mode_obj_get_properties get = {
      .props_ptr = (uintptr_t)ids, .prop_values_ptr = (uintptr_t)values, .count_props = max_objects,
      .obj_id = planes[i], .obj_type = DRM_MODE_OBJECT_PLANE};
    call(DRM_IOCTL_MODE_OBJ_GETPROPERTIES, &get, "get a plane's properties");
    for (uint32_t p = 0; p < get.count_props && p < max_objects; p++) {
      struct drm_mode_get_property property = {.prop_id = ids[p]};
      call(DRM_IOCTL_MODE_GETPROPERTY, &property, "get a property");
      // Plane types: 0 overlay, 1 primary, 2 cursor.
      if (strcmp(property.name, "type") == 0 && values[p] == 0 && plane.possible_crtcs & 1 && number-- == 0)
        return planes[i];
    }
  }
  printf("kms: there is no such overlay plane\n");
  exit(1);
}

static void place_sprite(int number, int x, int y, uint32_t width, uint32_t height, uint32_t colour) {
  struct drm_mode_set_plane set = {.plane_id = overlay(number), .crtc_id = crtc};
  if (width) {
    struct buffer buffer = make_buffer(width, height, DRM_FORMAT_XRGB8888);
    paint(&buffer, 0, 0, width, height, colour);
    // A frame of another colour shows whether the edges are where they belong.
    paint(&buffer, 1, 1, width - 2, 1, ~colour & 0xffffff);
    set.fb_id = buffer.id;
    set.crtc_x = x, set.crtc_y = y, set.crtc_w = width, set.crtc_h = height;
    set.src_w = width << 16, set.src_h = height << 16;
  }
  call(DRM_IOCTL_MODE_SETPLANE, &set, "set a plane");
  printf("sprite %d %s\n", number, width ? "on" : "off");
}

static int arguments_left;
static char **arguments;

static const char *word(void) {
  if (arguments_left == 0) {
    printf("kms: an argument is missing\n");
    exit(2);
  }
  arguments_left--;
  return *arguments++;
}
static int number(void) { return atoi(word()); }
static uint32_t colour(void) { return strtoul(word(), NULL, 16); }

int main(int count, char **words) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  arguments_left = count - 1;
  arguments = words + 1;
  // A device that was unplugged and plugged again may have another number.
  for (int i = 0; i < 8 && card < 0; i++) {
    char path[32];
    snprintf(path, sizeof path, "/dev/dri/card%d", i);
    card = open(path, O_RDWR | O_CLOEXEC);
  }
  if (card < 0) fail("open /dev/dri/card*");
  while (arguments_left > 0) {
    const char *command = word();
    if (strcmp(command, "list") == 0) { look_for_connector(1); continue; }
    if (strcmp(command, "sleep") == 0) { usleep(atof(word()) * 1e6); continue; }
    need_screen();
    if (strcmp(command, "fill") == 0) paint(&screens[shown], 0, 0, mode.hdisplay, mode.vdisplay, colour());
    else if (strcmp(command, "rings") == 0) paint_rings(&screens[shown]);
    else if (strcmp(command, "flip") == 0) flip(atof(word()));
    else if (strcmp(command, "vblank") == 0) wait_for_vblanks(number());
    else if (strcmp(command, "cursor") == 0) {
      int x = number(), y = number();
      place_cursor(x, y);
    } else if (strcmp(command, "sprite") == 0) {
      int index = number(), x = number(), y = number();
      uint32_t width = number(), height = number();
      place_sprite(index, x, y, width, height, colour());
    } else if (strcmp(command, "sprite-off") == 0) place_sprite(number(), 0, 0, 0, 0, 0);
    else {
      printf("kms: what is %s?\n", command);
      return 2;
    }
  }
  return 0;
}
