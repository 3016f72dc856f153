#!/bin/bash
# qemu11-chroot.sh [DIR] - make (once) a Debian 13 "trixie" chroot in DIR that holds a QEMU with the
# vfio-user client (11.x from trixie-backports), and print how to run it. About a minute, 1.1 GB.
# DIR is .cache/qemu11 in the repository unless given.
# Run as root. Running it again on a finished DIR does nothing but print the start line.
#
# Environment:
#   MIRROR     Debian mirror (default: the first http mirror apt uses here)
#   PACKAGES   further packages to install
set -euo pipefail
[ $# -le 1 ] || { echo "usage: $0 [DIR]" >&2; exit 1; }
DIR=$(realpath -m -- "${1:-$(dirname -- "$0")/../../.cache/qemu11}")
case $DIR in /|/usr*|/etc*|/bin*|/lib*|/boot*|/dev*|/proc*|/sys*|/root|/home|/srv|/var|/tmp)
  echo "qemu11-chroot: refusing to use $DIR" >&2; exit 1 ;;
esac
STAMP=$DIR/.qemu11-chroot.done
howto() {
  echo "qemu11-chroot: $(cat "$STAMP") in $DIR"
  echo "run it (sockets and images as seen from inside, e.g. $DIR/tmp/x.sock is /tmp/x.sock):"
  echo "  chroot $DIR qemu-system-x86_64 -accel tcg ..."
}
if [ -e "$STAMP" ]; then howto; exit 0; fi
[ "$(id -u)" = 0 ] || { echo "qemu11-chroot: must run as root" >&2; exit 1; }
if [ -z "${MIRROR:-}" ]; then
  MIRROR=$(grep -rhoE 'https?://[^ ]+/debian/?( |$)' /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null | head -n 1 | tr -d " ") || true
fi
[ -n "$MIRROR" ] || { echo "qemu11-chroot: no Debian mirror found; set MIRROR" >&2; exit 1; }
command -v debootstrap >/dev/null || { apt-get update -q && apt-get install -y -q --no-install-recommends debootstrap; } >&2
if [ -e "$DIR" ] && [ ! -e "$DIR/.qemu11-chroot.started" ]; then
  [ -z "$(ls -A "$DIR")" ] || { echo "qemu11-chroot: $DIR exists and is not mine" >&2; exit 1; }
fi
rm -rf --one-file-system -- "$DIR"; mkdir -p "$DIR"; touch "$DIR/.qemu11-chroot.started"
debootstrap --variant=minbase --include=ca-certificates trixie "$DIR" "$MIRROR" >&2
echo "deb $MIRROR trixie-backports main" > "$DIR/etc/apt/sources.list.d/backports.list"
chroot "$DIR" apt-get update -q >&2
chroot "$DIR" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends -t trixie-backports \
  qemu-system-x86 qemu-system-gui qemu-system-modules-opengl seabios ovmf ${PACKAGES:-} >&2
chroot "$DIR" qemu-system-x86_64 -device help 2>/dev/null | grep -q vfio-user-pci || { echo "qemu11-chroot: this QEMU has no vfio-user-pci" >&2; exit 1; }
chroot "$DIR" qemu-system-x86_64 --version | head -n 1 > "$STAMP"
howto
