#!/bin/bash
# desktop-image.sh [FILE] - make (once) the disk of a small Debian desktop for tests (.cache/desktop.img in the
# repository unless given): Xorg, openbox, xterm and what guest/session needs. It has no kernel and starts nothing: boot
# one of guest-image.sh's guests with desktop=vda. Run as root; uses apt's own mirror. Running it again does nothing.
set -euo pipefail
[ $# -le 1 ] || { echo "usage: $0 [FILE]" >&2; exit 1; }
here=$(dirname -- "$(realpath -- "$0")")
IMAGE=$(realpath -m -- "${1:-$here/../../.cache/desktop.img}")
die() { echo "desktop-image: $*" >&2; exit 1; }
made_by=$(cksum <"$0")
if [ -e "$IMAGE" ] && [ "$(cat "$IMAGE.done" 2>/dev/null)" = "$made_by" ]; then
  echo "desktop-image: $IMAGE is there"; exit 0
fi
[ "$(id -u)" = 0 ] || die "must run as root"
for tool in mmdebstrap mke2fs; do command -v $tool >/dev/null || die "$tool is missing"; done
mkdir -p "$(dirname "$IMAGE")"
work=$(mktemp -d "$IMAGE.XXXXXX")
trap 'rm -rf --one-file-system -- "$work"' EXIT
began=$SECONDS
mirror=$(apt-get indextargets --format '$(SITE) $(RELEASE)' 'Created-By: Packages' | awk '$1 ~ /\/debian\/?$/ { print $1; exit }')
[ -n "$mirror" ] || die "no Debian mirror found in apt's sources"

packages=xserver-xorg-core,xserver-xorg-input-libinput,x11-xserver-utils,x11-utils,xterm,openbox,udev
log=$work/log
# In a mount namespace of its own, which leaves nothing mounted however it ends.
unshare --mount mmdebstrap --mode=root --variant=minbase --include=$packages --aptopt='APT::Install-Recommends "false"' \
  --aptopt='Acquire::Languages "none"' --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='force-unsafe-io' bookworm "$work/root" "$mirror" >"$log" 2>&1 ||
  { tail -n 20 "$log" >&2; die "mmdebstrap failed"; }
rm -rf "$work"/root/var/cache/apt "$work"/root/var/lib/apt/lists
size=$(($(du -sm --one-file-system "$work/root" | cut -f1) * 12 / 10 + 64))
mke2fs -q -t ext4 -O ^has_journal -m 0 -d "$work/root" "$work/image" "${size}M"
mv "$work/image" "$IMAGE"
echo "$made_by" >"$IMAGE.done"
echo "desktop-image: $IMAGE, $size MB, in $((SECONDS - began)) s"
