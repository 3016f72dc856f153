#!/bin/bash
# host-in-a-vm.sh - run one command inside a throw-away VM that plays the part
# of a *virtualization host* with a real Debian kernel: VFIO + mdev, the
# kernel's own sample display devices (mbochs: dmabuf flavour, mdpy: region
# flavour of VFIO_DEVICE_QUERY_GFX_PLANE), udmabuf, vkms, memfd, pidfd ...
#
# No KVM, no VFIO, no GPU and no kernel modules are needed on the machine that
# runs this script: the VM is pure software (QEMU TCG).  Needs: Debian 12
# amd64, root (only when a package is missing), ~2 GB of disk for the cache.
#
#   host-in-a-vm.sh --cache DIR [options] -- COMMAND [ARG...]
#   host-in-a-vm.sh --cache DIR [options] --shell      # interactive, serial console
#   host-in-a-vm.sh --cache DIR --prepare              # only fetch and build
#
# The command's stdout is this script's stdout, its stderr is this script's
# stderr, its exit status is this script's exit status.  Exceptions:
#   124  the time limit (--timeout) ran out
#   125  the rig itself failed, or the guest kernel died (console tail on stderr)
#   126/127 as in sh (not executable / not found)
#
# Options
#   --cache DIR        where packages, unpacked kernel, built modules and the base
#                      image are kept.  Idempotent: what is there is reused.
#   --keep             without --cache a temporary folder is used and deleted at
#                      the end; --keep leaves it there and prints its name.
#   --prog FILE        copy a program into the VM as /bin/<name>, with every
#                      shared library ldd reports (at the same absolute paths).
#                      COMMAND itself is treated so when it is a host file that
#                      contains a '/'.
#   --file SRC[:DEST]  copy a file or a folder to DEST (default: same absolute
#                      path).  ELF files in it get their shared libraries too.
#   --lib-path DIR     additional library folder for ldd (repeatable).
#                      The Swift runtime next to the `swift` on PATH is searched by default.
#   --env NAME=VALUE   environment of the command (repeatable)
#   --modules "A B"    modules to load before the command.  Default:
#                      "vfio vfio_iommu_type1 mdev mbochs mdpy"
#                      Others built here: mbochs_fixed mdpy_fixed (see below),
#                      udmabuf, vkms, rigpu (rigpu/rigpu.c).  Others from Debian's package, shipped with
#                      their dependencies when named: any, e.g. vgem bochs kvmgt.
#   --modparam "M a=b" parameters for a module (repeatable)
#   --mdev TYPE[=UUID] create an mdev instance before the command (repeatable):
#                      mbochs-small|medium|large, mdpy-vga|xga|hd.  The UUID
#                      defaults to 00000000-0000-0000-0000-00000000000N, N=1,2...
#   --out DIR          after the command, everything it left in /out in the VM is
#                      copied to DIR here
#   --device STR       one more QEMU device for the VM (repeatable), such as virtio-gpu-pci
#   --forward HP:GP    user-mode network; host 127.0.0.1:HP -> guest port GP (tcp, repeatable)
#   --mem MB           guest memory (1024)       --cpus N  guest CPUs (1)
#   --timeout SEC      limit for the whole VM run (120)
#   --console FILE     where to write the kernel console (default: CACHE/console.log)
#   --append STR       more kernel parameters
#   --qemu PROG        another QEMU (default qemu-system-x86_64)
#   --verbose          kernel console to stderr while it runs
#
# Stock and "fixed" modules
#   mbochs, mdpy       Debian's sources as they are.  mbochs: the first QUERY of each
#                      new mode fails with ENOMEM, its dmabufs cannot be mapped, and
#                      getting the same dmabuf_id twice panics the kernel.  mdpy:
#                      read()/write() on the device ignore the offset (mmap is right).
#   mbochs_fixed, mdpy_fixed   the same with that mended: use these for most tests.
#                      Load either the stock or the fixed one of a pair, never both.
#   mbochs_fixed parameters (also writable in /sys/module/mbochs_fixed/parameters):
#     gvt=1    answer as Intel GVT-g does: QUERY of a plane that is not ready
#              succeeds and leaves the caller's struct untouched; unknown id EINVAL
#     nommap=1 mmap of a dmabuf fails with ENODEV, as with GVT-g
#   mbochs_fixed "rig registers", 32 bit each, BAR 2 offset 0x700 + 4*n, for the part
#   of the guest; all zero after reset except the hot spot (0xffffffff):
#     0 cursor size in pixels (0 = no cursor plane; ARGB8888, square)
#     1 cursor address in video memory (page aligned)   2 x  3 y  4 x_hot  5 y_hot
#     6 fourcc of the primary plane (0 = XR24)          7 8 its modifier, low and high
#     9 errno with which every QUERY fails (0 = none)
set -euo pipefail

RIGPU=$(cd "$(dirname "$0")" && pwd)/rigpu/rigpu.c
RIG_FORMAT=4                 # bump when what is fetched or unpacked changes shape
CACHE= KEEP=0 MEM=1024 CPUS=1 TIMEOUT=120 OUT= APPEND= VERBOSE=0 SHELL_MODE=0
PREPARE=0 CONSOLE= QEMU=qemu-system-x86_64
MODULES="vfio vfio_iommu_type1 mdev mbochs mdpy"
PROGS=() FILES=() LIBPATHS=() ENVS=() MODPARAMS=() MDEVS=() FORWARDS=() DEVICES=() CMD=()

die()  { echo "host-in-a-vm: $*" >&2; exit 125; }
note() { echo "host-in-a-vm: $*" >&2; }
usage() { sed -n '2,/^set -euo/p' "$0" | sed '$d; s/^# \{0,1\}//'; }

while [ $# -gt 0 ]; do
  case $1 in
    --cache) CACHE=$2; shift 2;;      --keep) KEEP=1; shift;;
    --prog) PROGS+=("$2"); shift 2;;  --file) FILES+=("$2"); shift 2;;
    --lib-path) LIBPATHS+=("$2"); shift 2;;
    --env) ENVS+=("$2"); shift 2;;    --modules) MODULES=$2; shift 2;;
    --modparam) MODPARAMS+=("$2"); shift 2;;
    --device) DEVICES+=("$2"); shift 2;;
    --mdev) MDEVS+=("$2"); shift 2;;  --out) OUT=$2; shift 2;;
    --forward) FORWARDS+=("$2"); shift 2;; --mem) MEM=$2; shift 2;;
    --cpus) CPUS=$2; shift 2;;        --timeout) TIMEOUT=$2; shift 2;;
    --console) CONSOLE=$2; shift 2;;  --append) APPEND=$2; shift 2;;
    --qemu) QEMU=$2; shift 2;;        --verbose) VERBOSE=1; shift;;
    --shell) SHELL_MODE=1; shift;;    --prepare) PREPARE=1; shift;;
    -h|--help) usage; exit 0;;
    --) shift; CMD=("$@"); break;;
    *) die "unknown option $1 (try --help)";;
  esac
done
[ $PREPARE = 1 ] || [ $SHELL_MODE = 1 ] || [ ${#CMD[@]} -gt 0 ] || { usage >&2; exit 125; }

TMPCACHE=0
if command -v swift >/dev/null 2>&1; then
  swift_root=$(dirname "$(dirname "$(readlink -f "$(command -v swift)")")")
  [ -d "$swift_root/lib/swift/linux" ] && LIBPATHS+=("$swift_root/lib/swift/linux")
fi
if [ -z "$CACHE" ]; then CACHE=$(mktemp -d /tmp/host-in-a-vm.XXXXXX); TMPCACHE=1; fi
mkdir -p "$CACHE"; CACHE=$(cd "$CACHE" && pwd)
RUN=$(mktemp -d "$CACHE/run.XXXXXX")
PIDS=()
cleanup() {
  local p
  for p in ${PIDS[@]+"${PIDS[@]}"}; do kill "$p" 2>/dev/null || true; done
  rm -rf "$RUN"
  if [ $TMPCACHE = 1 ]; then
    if [ $KEEP = 1 ]; then note "cache kept in $CACHE"; else rm -rf "$CACHE"; fi
  fi
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# ---------------------------------------------------------------- preparation
need() {                       # need COMMAND PACKAGE: install PACKAGE if COMMAND is absent
  command -v "$1" >/dev/null 2>&1 && return
  WANT+=("$2")
}
prepare() {
  local WANT=() abi
  need gcc-12 gcc-12; need make make; need xz xz-utils; need ar binutils
  need depmod kmod;   need cpio cpio; need "$QEMU" qemu-system-x86
  [ -e /usr/lib/x86_64-linux-gnu/libelf.so.1 ] || WANT+=(libelf1)
  if [ ${#WANT[@]} -gt 0 ]; then
    note "installing ${WANT[*]}"
    [ "$(id -u)" = 0 ] || die "needs these packages: ${WANT[*]}"
    { apt-get update && DEBIAN_FRONTEND=noninteractive \
      apt-get install -y --no-install-recommends "${WANT[@]}"; } >"$CACHE/apt.log" 2>&1 \
      || die "apt-get failed, see $CACHE/apt.log"
  fi
  if ! done_already fetch "$RIG_FORMAT"; then fetch; mark fetch "$RIG_FORMAT"; fi
  abi=$(cat "$CACHE/abi")
  # built again when this script's recipe for it changed
  local want; want=$({ declare -f build_modules patch_or_die mbochs_planes; cat "$RIGPU"; } | cksum)
  if ! done_already build "$want"; then build_modules "$abi"; rm -f "$CACHE/stamp.base"; mark build "$want"; fi
  want=$(declare -f base_image ship_modules pack | cksum)
  if ! done_already base "$want"; then base_image "$abi"; mark base "$want"; fi
}
done_already() { [ "$(cat "$CACHE/stamp.$1" 2>/dev/null)" = "$2" ]; }
mark() { echo "$2" >"$CACHE/stamp.$1"; }

fetch() {
  local abi d
  rm -f "$CACHE"/stamp.*
  apt-cache show linux-headers-amd64 >/dev/null 2>&1 || apt-get update >"$CACHE/apt.log" 2>&1 \
    || die "apt-get update failed, see $CACHE/apt.log"

  abi=$(apt-cache depends linux-headers-amd64 | sed -n 's/.*Depends: linux-headers-//p' | head -1)
  [ -n "$abi" ] || die "apt knows no linux-headers-amd64"
  note "kernel $abi: fetching packages"
  mkdir -p "$CACHE/debs"
  ( cd "$CACHE/debs" && apt-get -o APT::Sandbox::User=root download \
      "linux-image-$abi" "linux-headers-$abi" "linux-headers-${abi%-amd64}-common" \
      linux-kbuild-6.1 linux-source-6.1 busybox-static ) >"$CACHE/fetch.log" 2>&1 \
      || die "apt-get download failed, see $CACHE/fetch.log"

  rm -rf "$CACHE/root" "$CACHE/src" "$CACHE/build" "$CACHE/base"
  mkdir -p "$CACHE/root" "$CACHE/src"
  for d in "$CACHE"/debs/{linux-image,linux-headers,linux-kbuild,busybox-static}*.deb; do
    dpkg-deb -x "$d" "$CACHE/root"
  done
  # The headers name each other by absolute path; make them relocatable.
  sed -i "s#^include /usr/src/#include $CACHE/root/usr/src/#" "$CACHE/root/usr/src/linux-headers-$abi/Makefile"
  ln -sfn "../../usr/src/linux-headers-$abi" "$CACHE/root/lib/modules/$abi/build.rig"

  note "unpacking the sample drivers from linux-source"
  local top=linux-source-6.1
  dpkg-deb --fsys-tarfile "$CACHE"/debs/linux-source-6.1*.deb \
    | tar -xO "./usr/src/$top.tar.xz" \
    | xz -dc -T0 \
    | tar -x -C "$CACHE/src" --strip-components=1 "$top/samples/vfio-mdev" \
        "$top/drivers/dma-buf/udmabuf.c" "$top/drivers/gpu/drm/vkms"
  echo "$abi" >"$CACHE/abi"
}

patch_or_die() {                # FILE PERL-EXPRESSION WHAT: edit, and insist that it changed something
  cp "$1" "$1.before"
  perl -0777 -pi -e "$2" "$1"
  cmp -s "$1" "$1.before" && die "source changed upstream, patch does not apply: $3"
  rm "$1.before"
}

# The plane part of mbochs, written anew: sane reference counts, a mappable
# dmabuf, and the behaviours of Intel GVT-g that stock mbochs does not have.
mbochs_planes() { cat <<'PLANES'
static bool gvt;
module_param(gvt, bool, 0644);
MODULE_PARM_DESC(gvt, "answer like i915 GVT-g: a plane that is not ready leaves the struct as it came, unknown id is EINVAL");
static bool nommap;
module_param(nommap, bool, 0644);
MODULE_PARM_DESC(nommap, "mmap of a dmabuf fails with ENODEV, as with i915 GVT-g");

enum { RIG_CURSOR, RIG_CURSOR_BASE, RIG_X, RIG_Y, RIG_XHOT, RIG_YHOT, RIG_FOURCC, RIG_MOD_LO, RIG_MOD_HI, RIG_ERRNO };

static void mbochs_free(struct mbochs_dmabuf *d)
{
	pgoff_t pg;

	for (pg = 0; pg < d->pagecount; pg++)
		put_page(d->pages[pg]);
	kfree(d->pages);
	kfree(d);
}

static void mbochs_release_dmabuf(struct dma_buf *buf)
{
	struct mbochs_dmabuf *d = buf->priv;
	struct mdev_state *mdev_state = d->mdev_state;

	mbochs_free(d);
	put_device(&mdev_state->vdev.device);
}

static int mbochs_no_mmap(struct dma_buf *buf, struct vm_area_struct *vma)
{
	return -ENODEV;
}

static const struct dma_buf_ops mbochs_ops = {
	.map_dma_buf = mbochs_map_dmabuf, .unmap_dma_buf = mbochs_unmap_dmabuf,
	.release = mbochs_release_dmabuf, .mmap = mbochs_mmap_dmabuf,
};
static const struct dma_buf_ops mbochs_ops_nommap = {
	.map_dma_buf = mbochs_map_dmabuf, .unmap_dma_buf = mbochs_unmap_dmabuf,
	.release = mbochs_release_dmabuf, .mmap = mbochs_no_mmap,
};

static int mbochs_cursor(struct mdev_state *m, struct mbochs_mode *mode)
{
	memset(mode, 0, sizeof(*mode));
	if (!m->rig[RIG_CURSOR] || m->rig[RIG_CURSOR] > 512)
		return -ENODEV;
	mode->drm_format = DRM_FORMAT_ARGB8888;
	mode->bytepp = 4;
	mode->width = mode->height = m->rig[RIG_CURSOR];
	mode->stride = mode->width * 4;
	mode->size = (u64)mode->stride * mode->height;
	mode->offset = m->rig[RIG_CURSOR_BASE];
	return mode->offset + mode->size > m->memsize ? -EINVAL : 0;
}

static int mbochs_query_gfx_plane(struct mdev_state *mdev_state,
				  struct vfio_device_gfx_plane_info *plane)
{
	struct mbochs_dmabuf *dmabuf;
	struct mbochs_mode mode;
	bool primary = plane->drm_plane_type == DRM_PLANE_TYPE_PRIMARY;
	u32 *rig = mdev_state->rig;
	int ret;

	if (plane->flags & VFIO_GFX_PLANE_TYPE_PROBE)
		return plane->flags == (VFIO_GFX_PLANE_TYPE_PROBE | VFIO_GFX_PLANE_TYPE_DMABUF) ? 0 : -EINVAL;
	if (plane->flags != VFIO_GFX_PLANE_TYPE_DMABUF)
		return -EINVAL;

	mutex_lock(&mdev_state->ops_lock);
	if (rig[RIG_ERRNO]) {
		ret = -(int)rig[RIG_ERRNO];
		goto out;
	}
	ret = -EINVAL;
	if (primary) {
		ret = mbochs_check_framebuffer(mdev_state, &mode);
		if (ret == 0 && rig[RIG_FOURCC])
			mode.drm_format = rig[RIG_FOURCC];
		mode.__pad = rig[RIG_MOD_LO];
	} else if (plane->drm_plane_type == DRM_PLANE_TYPE_CURSOR) {
		ret = mbochs_cursor(mdev_state, &mode);
	} else if (gvt) {
		goto out;
	}
	if (ret < 0) {
		if (!gvt) {
			plane->drm_format = plane->width = plane->height = plane->stride = 0;
			plane->size = plane->dmabuf_id = 0;
			plane->x_pos = plane->y_pos = plane->x_hot = plane->y_hot = 0;
			plane->drm_format_mod = 0;
		}
		ret = 0;
		goto out;
	}
	ret = -ENOMEM;
	dmabuf = mbochs_dmabuf_find_by_mode(mdev_state, &mode);
	if (!dmabuf)
		dmabuf = mbochs_dmabuf_alloc(mdev_state, &mode);
	if (!dmabuf)
		goto out;
	plane->drm_format     = mode.drm_format;
	plane->drm_format_mod = primary ? rig[RIG_MOD_LO] | (u64)rig[RIG_MOD_HI] << 32 : 0;
	plane->width	      = mode.width;
	plane->height	      = mode.height;
	plane->stride	      = mode.stride;
	plane->size	      = mode.size;
	plane->x_pos	      = primary ? 0 : rig[RIG_X];
	plane->y_pos	      = primary ? 0 : rig[RIG_Y];
	plane->x_hot	      = primary ? 0 : rig[RIG_XHOT];
	plane->y_hot	      = primary ? 0 : rig[RIG_YHOT];
	plane->dmabuf_id      = dmabuf->id;
	ret = 0;
out:
	mutex_unlock(&mdev_state->ops_lock);
	return ret;
}

/* As GVT-g does: every call makes a new, independent dmabuf of what was described under that id. */
static int mbochs_get_gfx_dmabuf(struct mdev_state *mdev_state, u32 id)
{
	DEFINE_DMA_BUF_EXPORT_INFO(exp_info);
	struct mbochs_dmabuf *d, *e = NULL;
	struct dma_buf *buf;
	pgoff_t pg;
	int ret = gvt ? -EINVAL : -ENOENT;

	mutex_lock(&mdev_state->ops_lock);
	d = mbochs_dmabuf_find_by_id(mdev_state, id);
	if (!d)
		goto out;
	ret = -EINVAL;
	if (!IS_ALIGNED(d->mode.offset, PAGE_SIZE))
		goto out;
	ret = -ENOMEM;
	e = kmemdup(d, sizeof(*d), GFP_KERNEL);
	if (!e)
		goto out;
	e->pages = kmemdup(d->pages, d->pagecount * sizeof(struct page *), GFP_KERNEL);
	if (!e->pages) {
		kfree(e);
		e = NULL;
		goto out;
	}
	for (pg = 0; pg < e->pagecount; pg++)
		get_page(e->pages[pg]);
out:
	mutex_unlock(&mdev_state->ops_lock);
	if (!e)
		return ret;
	exp_info.ops = nommap ? &mbochs_ops_nommap : &mbochs_ops;
	exp_info.size = e->pagecount << PAGE_SHIFT;
	exp_info.flags = O_RDWR;
	exp_info.priv = e;
	get_device(&mdev_state->vdev.device);
	buf = dma_buf_export(&exp_info);
	if (IS_ERR(buf)) {
		mbochs_free(e);
		put_device(&mdev_state->vdev.device);
		return PTR_ERR(buf);
	}
	ret = dma_buf_fd(buf, O_CLOEXEC);
	if (ret < 0)
		dma_buf_put(buf);
	return ret;
}
PLANES
}

build_modules() {
  local abi=$1 b=$CACHE/build s=$CACHE/src
  note "building modules"
  rm -rf "$b" "$CACHE/root/lib/modules/$abi/extra"
  mkdir -p "$b/samples" "$b/fixed" "$b/udmabuf" "$b/vkms"
  # 1. the samples as they are
  cp "$s"/samples/vfio-mdev/{mbochs.c,mdpy.c,mdpy-defs.h} "$b/samples/"
  echo 'obj-m := mbochs.o mdpy.o' >"$b/samples/Makefile"
  # 2. the samples with their bugs mended, mbochs also with "rig registers"
  cp "$s/samples/vfio-mdev/mbochs.c" "$b/fixed/mbochs_fixed.c"
  cp "$s/samples/vfio-mdev/mdpy.c"   "$b/fixed/mdpy_fixed.c"
  cp "$s/samples/vfio-mdev/mdpy-defs.h" "$b/fixed/"
  mbochs_planes >"$b/fixed/planes.inc"
  patch_or_die "$b/fixed/mbochs_fixed.c" \
    's/static int mbochs_query_gfx_plane\(.*?\n\}\n\nstatic int mbochs_get_gfx_dmabuf\(.*?\n\}\n/#include "planes.inc"\n/s' \
    "mbochs: plane functions"
  patch_or_die "$b/fixed/mbochs_fixed.c" \
    's/static int mbochs_dmabuf_export\(.*?\n\}\n//s' "mbochs: old export function"
  patch_or_die "$b/fixed/mbochs_fixed.c" \
    's/static void mbochs_release_dmabuf\(.*?\n\}\n//s; s/static struct dma_buf_ops mbochs_dmabuf_ops = .*?\};\n//s' "mbochs: old release function"
  patch_or_die "$b/fixed/mbochs_fixed.c" 's/(\tu16 vbe\[VBE_DISPI_INDEX_COUNT\];)/$1\n\tu32 rig[16];/' "mbochs: rig registers"
  patch_or_die "$b/fixed/mbochs_fixed.c" \
    's/\tcase 0x600 \.\.\. 0x607: \/\* qemu extended regs \*\/\n/\tcase 0x700 ... 0x73f: \/* rig registers *\/\n\t\tif (count != 4 || offset % 4)\n\t\t\tgoto unhandled;\n\t\tmdev_state->rig[(offset - 0x700) \/ 4] = *(u32 *)buf;\n\t\tbreak;\n$&/' "mbochs: write rig registers"
  patch_or_die "$b/fixed/mbochs_fixed.c" \
    's/(mdev_state->vbe\[VBE_DISPI_INDEX_ID\] = VBE_DISPI_ID5;)/memset(mdev_state->rig, 0, sizeof(mdev_state->rig));\n\tmdev_state->rig[4] = mdev_state->rig[5] = 0xffffffff;\n\t$1/' "mbochs: reset rig registers"
  patch_or_die "$b/fixed/mbochs_fixed.c" \
    's/dev_info->flags = VFIO_DEVICE_FLAGS_PCI;/dev_info->flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET;/' "mbochs: say that reset works"
  # what the list entries pin is given back when the device is closed
  patch_or_die "$b/fixed/mbochs_fixed.c" \
    's/(list_for_each_entry_safe\(dmabuf, tmp, &mdev_state->dmabufs, next\) \{\n\t\tlist_del\(&dmabuf->next\);\n).*?\n\t\}\n(\tmbochs_put_pages)/$1\t\tmbochs_free(dmabuf);\n\t}\n$2/s' \
    "mbochs: page references at close"
  patch_or_die "$b/fixed/mdpy_fixed.c" \
    's/memcpy\(mdev_state->memblk, buf, count\)/memcpy(mdev_state->memblk + pos, buf, count)/; s/memcpy\(buf, mdev_state->memblk, count\)/memcpy(buf, mdev_state->memblk + pos, count)/' \
    "mdpy: read and write ignore the offset"
  echo 'obj-m := mbochs_fixed.o mdpy_fixed.o' >"$b/fixed/Makefile"
  # 3. udmabuf is not configured in Debian 6.1 (it is, built in, from 6.12 on).
  #    Two symbols it needs are not exported to modules; leave hugetlb out and
  #    read the seals from the shmem inode.
  cp "$s/drivers/dma-buf/udmabuf.c" "$b/udmabuf/udmabuf.c"
  patch_or_die "$b/udmabuf/udmabuf.c" \
    's/memfd_fcntl\(memfd, F_GET_SEALS, 0\)/SHMEM_I(file_inode(memfd))->seals/; s/(static int list_limit)/#undef is_file_hugepages\n#define is_file_hugepages(f) (0)\n\n$1/; s/\z/MODULE_IMPORT_NS(DMA_BUF);\n/' \
    "udmabuf: as a module"
  echo 'obj-m := udmabuf.o' >"$b/udmabuf/Makefile"
  # 4. vkms is not configured in Debian kernels (6.1, 6.12, 7.2).
  cp "$s"/drivers/gpu/drm/vkms/*.[ch] "$b/vkms/"
  sed 's/obj-$(CONFIG_DRM_VKMS)/obj-m/' "$s/drivers/gpu/drm/vkms/Makefile" >"$b/vkms/Makefile"

  # 5. ours: a "GPU" that imports what others export
  mkdir -p "$b/rigpu"; cp "$RIGPU" "$b/rigpu/"
  echo 'obj-m := rigpu.o' >"$b/rigpu/Makefile"

  local k=$CACHE/root/usr/src/linux-headers-$abi m
  mkdir -p "$CACHE/root/lib/modules/$abi/extra"
  for m in samples fixed udmabuf vkms rigpu; do
    make -C "$k" M="$b/$m" -j"$(nproc)" modules >"$b/$m.log" 2>&1 || { tail -20 "$b/$m.log" >&2; die "building $m failed"; }
    cp "$b/$m"/*.ko "$CACHE/root/lib/modules/$abi/extra/"
  done
  for m in "$CACHE/root/lib/modules/$abi/extra"/*.ko; do strip --strip-debug "$m"; done
  depmod -b "$CACHE/root" "$abi" 2>/dev/null
}

# cpio archive of a folder; several archives one after the other make one initramfs
pack() { ( cd "$1" && find . -print0 | cpio --null --quiet -o -H newc -R 0:0 ); }

base_image() {
  local abi=$1 r=$CACHE/base m f
  rm -rf "$r"; mkdir -p "$r"/{bin,sbin,dev,proc,sys,tmp,run,root,etc,out,lib,lib64,usr,rig} "$r/lib/modules/$abi"
  cp "$CACHE/root/bin/busybox" "$r/bin/busybox"
  for f in $("$r/bin/busybox" --list); do [ $f = busybox ] || ln -s busybox "$r/bin/$f"; done
  echo 'root:x:0:0:root:/root:/bin/sh' >"$r/etc/passwd"; echo 'root:x:0:' >"$r/etc/group"
  echo '127.0.0.1 localhost' >"$r/etc/hosts"
  cat >"$r/init" <<'INIT'
#!/bin/sh
export PATH=/bin:/sbin:/usr/bin:/usr/sbin:/usr/local/bin HOME=/root TERM=linux
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm; mount -t devpts pts /dev/pts; mount -t tmpfs shm /dev/shm
mount -t debugfs dbg /sys/kernel/debug 2>/dev/null
ip link set lo up 2>/dev/null
. /rig/config
say() { echo "rig: $*" >/dev/console; }
fail() { say "FAILED: $*"; echo "rig: $*" >&2; [ -n "$PORTS" ] && echo "125" >/dev/vport/rc; poweroff -f; sleep 60; }
modprobe virtio_pci; modprobe virtio_console
mkdir -p /dev/vport
for i in $(seq 50); do          # the host announces the ports one by one, after the driver is up
  for p in /sys/class/virtio-ports/*; do
    n=$(cat $p/name 2>/dev/null)
    [ -n "$n" ] && [ ! -e /dev/vport/$n ] && ln -s "/dev/${p##*/}" "/dev/vport/$n"
  done
  { [ -e /dev/vport/files ] || [ -n "$RIG_SHELL" ]; } && break
  sleep 0.1
done
PORTS=; [ -e /dev/vport/rc ] && PORTS=1
if [ -n "$RIG_NET" ]; then
  modprobe virtio_net
  for i in 1 2 3 4 5 6 7 8 9 10; do [ -e /sys/class/net/eth0 ] && break; sleep 0.2; done
  ip addr add 10.0.2.15/24 dev eth0; ip link set eth0 up; ip route add default via 10.0.2.2
fi
for m in $RIG_MODULES; do
  eval "p=\${RIG_PARAM_$m:-}"
  modprobe "$m" $p || fail "cannot load module $m"
done
for t in $RIG_MDEVS; do
  u=${t#*=}; t=${t%%=*}; d=${t%%-*}
  [ -d "/sys/devices/virtual/mdev/$d" ] || d=$(for x in /sys/class/mdev_bus/*; do [ -d $x/mdev_supported_types/$t ] && basename $x; done)
  echo "$u" >"/sys/class/mdev_bus/$d/mdev_supported_types/$t/create" || fail "cannot create mdev $t"
done
say "ready after $(cut -d' ' -f1 /proc/uptime)s"
cd /root
if [ -n "$RIG_SHELL" ]; then
  setsid -c sh -c 'exec sh -l </dev/ttyS0 >/dev/ttyS0 2>&1'
  poweroff -f; sleep 60
fi
sh /rig/command </dev/null >/dev/vport/out 2>/dev/vport/err
rc=$?
say "command exited with $rc after $(cut -d' ' -f1 /proc/uptime)s"
if [ -n "$RIG_OUT" ]; then ( cd /out && tar -c . ) >/dev/vport/files; fi
echo $rc >/dev/vport/rc
sync; poweroff -f; sleep 60
INIT
  chmod +x "$r/init"
  ship_modules "$r" $ABI_MODULES
  pack "$r" >"$CACHE/base.cpio"
}
ABI_MODULES="virtio_pci virtio_console virtio_net vfio vfio_iommu_type1 mdev mbochs mdpy mbochs_fixed mdpy_fixed udmabuf vkms rigpu"

ship_modules() {               # DESTDIR MODULE...: copy modules with all they depend on
  local dest=$1 abi m f; shift
  abi=$(cat "$CACHE/abi")
  for m in "$@"; do
    modprobe -d "$CACHE/root" -S "$abi" --ignore-install --show-depends "$m" 2>/dev/null \
      || die "no module $m for kernel $abi"
  done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | sort -u | while read -r f; do
    mkdir -p "$dest$(dirname "${f#"$CACHE/root"}")"
    cp "$f" "$dest${f#"$CACHE/root"}"
  done
  mkdir -p "$dest/lib/modules/$abi"
  cp "$CACHE/root/lib/modules/$abi"/modules.{order,builtin,builtin.modinfo} "$dest/lib/modules/$abi/" 2>/dev/null || true
  depmod -b "$dest" "$abi"
}

# ---------------------------------------------------------------- this run's layer
is_elf() { [ "$(head -c4 "$1" 2>/dev/null | tail -c3)" = ELF ]; }
add_libs() {                    # DESTDIR ELF: copy what ldd finds, links resolved, same absolute paths
  local dest=$1 lib list missing
  list=$(LD_LIBRARY_PATH=$(IFS=:; echo "${LIBPATHS[*]}") ldd "$2" 2>/dev/null) || return 0   # static
  missing=$(sed -n 's/^\s*\(.*\) => not found/\1/p' <<<"$list" | tr '\n' ' ')
  [ -z "$missing" ] || note "warning: $2 misses $missing"
  sed -n 's/.*=> \(\/[^ ]*\).*/\1/p; s/^\s*\(\/[^ ]*ld-linux[^ ]*\).*/\1/p' <<<"$list" | sort -u | while read -r lib; do
    lib=$(realpath -s "$lib")
    [ -e "$dest$lib" ] && continue
    mkdir -p "$dest$(dirname "$lib")"; cp -L "$lib" "$dest$lib"
  done
}
add_file() {                    # DESTDIR SRC DEST
  local f
  [ -e "$2" ] || die "no such file: $2"
  mkdir -p "$1$(dirname "$3")"
  if [ -d "$2" ]; then mkdir -p "$1$3"; cp -a "$2/." "$1$3/"; else cp -L "$2" "$1$3"; fi
  find -L "$2" -type f \( -perm -u+x -o -name '*.so*' \) | while read -r f; do
    if is_elf "$f"; then add_libs "$1" "$f"; fi
  done
}
q() { local s; for s; do printf "'%s' " "${s//\'/\'\\\'\'}"; done; }

layer() {
  local r=$RUN/layer f s d n=0 t extra=() m libs
  mkdir -p "$r/rig" "$r/bin"
  for f in ${PROGS[@]+"${PROGS[@]}"}; do add_file "$r" "$f" "/bin/$(basename "$f")"; done
  for f in ${FILES[@]+"${FILES[@]}"}; do
    s=${f%%:*}; d=${f#*:}; [ "$d" != "$f" ] || d=$(realpath -s "$s")
    add_file "$r" "$s" "$d"
  done
  if [ ${#CMD[@]} -gt 0 ] && [[ ${CMD[0]} == */* ]] && [ -f "${CMD[0]}" ]; then
    add_file "$r" "${CMD[0]}" "/bin/$(basename "${CMD[0]}")"
    CMD[0]=/bin/$(basename "${CMD[0]}")
  fi
  for m in $MODULES; do [[ " $ABI_MODULES " == *" $m "* ]] || extra+=("$m"); done
  if [ ${#extra[@]} -gt 0 ]; then
    mkdir -p "$r/lib/modules"; ship_modules "$r" $ABI_MODULES "${extra[@]}"
  fi
  libs=$(IFS=:; echo "${LIBPATHS[*]}")
  {
    echo "RIG_MODULES=$(q "$MODULES")"
    t=; for m in ${MDEVS[@]+"${MDEVS[@]}"}; do
      n=$((n+1)); [[ $m == *=* ]] || m="$m=$(printf '00000000-0000-0000-0000-%012d' $n)"
      t="$t $m"
    done
    echo "RIG_MDEVS=$(q "$t")"
    for m in ${MODPARAMS[@]+"${MODPARAMS[@]}"}; do echo "RIG_PARAM_${m%% *}=$(q "${m#* }")"; done
    echo "RIG_NET=${FORWARDS[0]:-}"; echo "RIG_OUT=${OUT:+1}"
    [ $SHELL_MODE = 0 ] || echo RIG_SHELL=1
  } >"$r/rig/config"
  {
    # The usual folders are in the loader's default path; only these are not.
    echo "export LD_LIBRARY_PATH=$(q "$libs")"
    for m in ${ENVS[@]+"${ENVS[@]}"}; do echo "export ${m%%=*}=$(q "${m#*=}")"; done
    [ ${#CMD[@]} = 0 ] || q "${CMD[@]}"
    echo
  } >"$r/rig/command"
  pack "$r" >"$RUN/layer.cpio"
  cat "$CACHE/base.cpio" "$RUN/layer.cpio" >"$RUN/initrd"
}

# ---------------------------------------------------------------- the VM
boot() {
  local abi args rc qpid
  abi=$(cat "$CACHE/abi")
  : "${CONSOLE:=$CACHE/console.log}"
  args=( -M q35,accel=tcg -cpu max -smp "$CPUS" -m "$MEM" -nodefaults -no-user-config -display none -no-reboot
    -kernel "$CACHE/root/boot/vmlinuz-$abi" -initrd "$RUN/initrd"
    -append "console=ttyS0 panic=-1 oops=panic mitigations=off nokaslr tsc=reliable no_timer_check random.trust_cpu=on quiet loglevel=4 $APPEND"
    -device virtio-serial-pci,max_ports=8 )
  local device
  for device in ${DEVICES[@]+"${DEVICES[@]}"}; do args+=( -device "$device" ); done
  port() { args+=( -chardev "$2" -device "virtserialport,chardev=$1,name=$1" ); }
  if [ ${#FORWARDS[@]} -gt 0 ]; then
    local net=user,id=n0 f
    for f in "${FORWARDS[@]}"; do net+=",hostfwd=tcp:127.0.0.1:${f%%:*}-:${f#*:}"; done
    args+=( -netdev "$net" -device virtio-net-pci,netdev=n0,romfile= )
  fi
  if [ $SHELL_MODE = 1 ]; then
    "$QEMU" "${args[@]}" -serial stdio; return
  fi
  mkfifo "$RUN/out" "$RUN/err"
  cat "$RUN/out" & PIDS+=($!); local c1=$!
  cat "$RUN/err" >&2 & PIDS+=($!); local c2=$!
  port out "file,id=out,path=$RUN/out"
  port err "file,id=err,path=$RUN/err"
  port rc  "file,id=rc,path=$RUN/rc"
  port files "file,id=files,path=$RUN/files"
  if [ $VERBOSE = 1 ]; then
    mkfifo "$RUN/con"; tee "$CONSOLE" <"$RUN/con" >&2 & PIDS+=($!)
    args+=( -serial "file:$RUN/con" )
  else
    args+=( -serial "file:$CONSOLE" )
  fi
  rc=0
  timeout -k 5 "$TIMEOUT" "$QEMU" "${args[@]}" </dev/null >"$RUN/qemu.log" 2>&1 & qpid=$!
  PIDS+=($qpid)
  wait $qpid || rc=$?
  wait $c1 $c2 2>/dev/null || true
  PIDS=()
  if [ $rc = 124 ] || [ $rc = 137 ]; then note "time limit of $TIMEOUT s reached; console: $CONSOLE"; return 124; fi
  if [ -n "$OUT" ] && [ -s "$RUN/files" ]; then mkdir -p "$OUT"; tar -x -C "$OUT" -f "$RUN/files"; fi
  if ! [ -s "$RUN/rc" ]; then
    note "the guest died without reporting; console ($CONSOLE) ends with:"
    tail -n 40 "$CONSOLE" >&2; cat "$RUN/qemu.log" >&2
    return 125
  fi
  return "$(cat "$RUN/rc")"
}

exec 9>"$CACHE/lock"; flock 9      # one preparation at a time per cache
prepare
flock -u 9; exec 9>&-
[ $PREPARE = 0 ] || { note "ready: $CACHE ($(cat "$CACHE/abi"))"; exit 0; }
layer
status=0; boot || status=$?
exit $status
