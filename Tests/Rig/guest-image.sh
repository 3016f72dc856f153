#!/bin/bash
# guest-image.sh 6.1|6.12|7 [DIR] - make (once) a Linux guest for tests in DIR (.cache/guest-KERNEL unless given):
#   vmlinuz    Debian's stock kernel: bookworm's 6.1, trixie's 6.12, or the 7.x of trixie-backports
#   initrd     busybox, the kernel's drivers for screens, USB and disks, and guest/: init, session and kms
#   font.psf   the font that guest/init puts on the console
# Boots to a shell in a few seconds under TCG. For what may stand on the kernel's command line see guest/init.
# 6.12 and 7 are downloaded inside qemu11-chroot.sh's chroot (QEMU11, or .cache/qemu11), so that needs root.
# Needs apt-get, dpkg, cpio, gcc; downloads packages with apt and installs none. Running it again does nothing.
set -euo pipefail
here=$(dirname -- "$(realpath -- "$0")")
die() { echo "guest-image: $*" >&2; exit 1; }
case ${1:-} in 6.1|6.12|7) ;; *) echo "usage: $0 6.1|6.12|7 [DIR]" >&2; exit 1 ;; esac
kernel=$1
DIR=$(realpath -m -- "${2:-$here/../../.cache/guest-$kernel}")
QEMU11=$(realpath -m -- "${QEMU11:-$here/../../.cache/qemu11}")
STAMP=$DIR/.guest-image.done
# The stamp's second line: what it was made by.
made_by=$(cat "$here/guest-image.sh" "$here"/guest/* | cksum)
if [ -e "$STAMP" ] && [ "$(sed -n 2p "$STAMP")" = "$made_by" ]; then
  echo "guest-image: $(head -n 1 "$STAMP") in $DIR"; exit 0
fi
for tool in apt-get dpkg cpio gcc pkg-config; do command -v $tool >/dev/null || die "$tool is missing"; done
mkdir -p "$DIR"
work=$(mktemp -d "$DIR/work.XXXXXX")
inside=
trap 'rm -rf -- "$work" ${inside:+"$QEMU11$inside"}' EXIT
cd "$work"

# apt-get download wants to write as its own user: the folder is ours alone.
download() { apt-get download -q -o APT::Sandbox::User=root "$@" >&2; }
# The meta package names the newest kernel.
newest() { "$@" apt-cache depends linux-image-amd64${release:+/$release} | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1; }
download_in_chroot() {
  [ -e "$QEMU11/.qemu11-chroot.done" ] || die "kernel $kernel is downloaded in a chroot that is not there; run $here/qemu11-chroot.sh"
  inside=$(chroot "$QEMU11" mktemp -d /tmp/guest-image.XXXXXX)
  release=trixie; [ $kernel = 7 ] && release=trixie-backports
  package=$(newest chroot "$QEMU11")
  local version=${package#linux-image-} packages=$package
  [ $kernel = 7 ] && packages="linux-base-$version linux-binary-$version linux-modules-$version"
  # shellcheck disable=SC2086
  chroot "$QEMU11" sh -c "cd $inside && apt-get download -q -o APT::Sandbox::User=root $packages" >&2 || return
  mv "$QEMU11$inside"/*.deb .
}

release= package=
if [ $kernel = 6.1 ]; then
  package=$(newest env)
  download "$package"
else
  # Package lists that have become old name files that are gone.
  download_in_chroot || { chroot "$QEMU11" apt-get update -q >&2; download_in_chroot; }
fi
version=${package#linux-image-}
case $version in $kernel.*) ;; *) die "wanted a kernel $kernel, and apt's newest is '$version'" ;; esac
download busybox-static kmod libkmod2 console-setup-linux
# Of the kernel only what a screen, a keyboard or a disk may depend on: most of the time goes into unpacking.
mkdir tree
for deb in *.deb; do
  dpkg-deb --fsys-tarfile "$deb" | tar -x -C tree --exclude='*/drivers/net/*' --exclude='*/sound/*' \
    --exclude='*/drivers/scsi/*' --exclude='*/gpu/drm/amd/*' --exclude='*/gpu/drm/nouveau/*' --exclude='*/gpu/drm/radeon/*' \
    --exclude='*/gpu/drm/xe/*' --exclude='*/drivers/infiniband/*' --exclude='*/usr/share/doc/*' --exclude='*/locale/*' &
  wait $! || die "cannot unpack $deb"
done

# kmod is not a package of every machine: the one that was downloaded will do. It wants lib/modules; packages differ.
[ -d tree/lib/modules ] || { mkdir -p tree/lib; ln -s ../usr/lib/modules tree/lib/modules; }
libkmod=$(dirname "$(find "$PWD/tree" -name 'libkmod.so.2' -print -quit)")
for tool in depmod modprobe; do ln -s "$(find "$PWD/tree" -path '*bin/kmod' -print -quit)" $tool; done
LD_LIBRARY_PATH=$libkmod ./depmod -b "$PWD/tree" "$version"

root=initrd
mkdir -p $root/{bin,dev,proc,sys,tmp,etc,lib/modules/"$version"}
cp "$(find tree -path '*bin/busybox' -print -quit)" $root/bin/busybox
cp "$here/guest/init" "$here/guest/session" $root/
# shellcheck disable=SC2046
gcc -std=gnu17 -O2 -Wall -Wextra -static -s $(pkg-config --cflags libdrm) -o $root/bin/kms "$here/guest/kms.c"
gzip -dc "$(find tree -name 'Lat15-VGA16.psf.gz' -print -quit)" >font.psf
cp font.psf $root/font.psf
for module in i915 bochs virtio-gpu xhci_pci uhci_hcd usbhid hid_generic evdev virtio_pci virtio_blk crc32c_generic ext4; do
  LD_LIBRARY_PATH=$libkmod ./modprobe -d "$PWD/tree" -S "$version" --show-depends $module 2>/dev/null || true
done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | sort -u >modules
while read -r file; do
  to=$root/lib/modules/$version/${file#*/lib/modules/"$version"/}
  mkdir -p "$(dirname "$to")"
  # Unpacked here, where it is quick.
  case $file in *.xz) xz -dc "$file" >"${to%.xz}" ;; *) cp "$file" "$to" ;; esac
done <modules
cp tree/lib/modules/"$version"/modules.{order,builtin,builtin.modinfo} $root/lib/modules/"$version"/
LD_LIBRARY_PATH=$libkmod ./depmod -b "$PWD/$root" "$version"
grep -q '/i915\.ko' $root/lib/modules/"$version"/modules.dep || die "there is no i915 in $version"

# Not compressed: a guest under TCG takes seconds to unpack what the host copies at once.
(cd $root && find . -print0 | LC_ALL=C sort -z | cpio -0 --quiet -o -H newc) >"$DIR/initrd"
cp "$(find tree \( -name "vmlinuz-$version" -o -path "*/$version/vmlinuz" \) -type f -print -quit)" "$DIR/vmlinuz"
mv font.psf "$DIR/font.psf"
printf 'Linux %s\n%s\n' "$version" "$made_by" >"$STAMP"
echo "guest-image: $(head -n 1 "$STAMP") in $DIR"
