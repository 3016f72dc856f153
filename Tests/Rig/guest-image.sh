#!/bin/bash
# guest-image.sh [DIR] - make (once) a Linux guest for tests in DIR (.cache/guest in the repository unless given):
#   vmlinuz    Debian's stock kernel
#   initrd.gz  busybox, the kernel's drivers for screens and USB, and an init that ends in a shell on tty1
# Boots to the shell in a few seconds under TCG. Boot options on the kernel's command line, besides its own:
#   modules=a,b   load these first (a screen's driver: bochs, virtio-gpu, i915)
# Needs apt-get, dpkg, cpio, gzip; downloads packages with apt and installs none. Running it again does nothing.
set -euo pipefail
[ $# -le 1 ] || { echo "usage: $0 [DIR]" >&2; exit 1; }
DIR=$(realpath -m -- "${1:-$(dirname -- "$0")/../../.cache/guest}")
STAMP=$DIR/.guest-image.done
if [ -e "$STAMP" ] && [ "$STAMP" -nt "$0" ]; then echo "guest-image: $(cat "$STAMP") in $DIR"; exit 0; fi
for tool in apt-get dpkg cpio gzip; do
  command -v $tool >/dev/null || { echo "guest-image: $tool is missing" >&2; exit 1; }
done
mkdir -p "$DIR"
work=$(mktemp -d "$DIR/work.XXXXXX")
trap 'rm -rf -- "$work"' EXIT
cd "$work"

# The meta package names the newest kernel. apt-get download wants to write as its own user: "." is ours alone.
kernel=$(apt-cache depends linux-image-amd64 | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
[ -n "$kernel" ] || { echo "guest-image: apt knows no linux-image-amd64; run apt-get update" >&2; exit 1; }
apt-get download -q -o APT::Sandbox::User=root "$kernel" busybox-static kmod libkmod2 >&2
for package in *.deb; do dpkg -x "$package" tree; done
version=${kernel#linux-image-}
# Merged /usr or not: packages differ.
modules=$(dirname "$(find tree -type d -path "*lib/modules/$version" -print -quit)")/$version

root=initrd
mkdir -p $root/{bin,dev,proc,sys,tmp,etc,lib/modules/"$version"}
cp tree/bin/busybox $root/bin/busybox
for folder in drivers/gpu/drm drivers/video drivers/virtio drivers/usb/host drivers/usb/common drivers/usb/core \
  drivers/hid drivers/input drivers/i2c drivers/acpi drivers/platform/x86 drivers/vfio drivers/char/agp drivers/dma-buf; do
  [ -d "$modules/kernel/$folder" ] && (cd "$modules" && find "kernel/$folder" -name '*.ko*' \
    ! -path '*/amd/*' ! -path '*/radeon/*' ! -path '*/nouveau/*' -print0 | cpio -0pdm --quiet "$OLDPWD/$root/lib/modules/$version")
done
cp "$modules"/modules.{order,builtin,builtin.modinfo} $root/lib/modules/"$version"/
# kmod is not a package of every machine: the one that was downloaded will do.
LD_LIBRARY_PATH=$(dirname "$(find tree -name 'libkmod.so.2' -print -quit)") ./tree/bin/kmod --version >/dev/null
ln -s "$PWD/tree/bin/kmod" depmod
LD_LIBRARY_PATH=$(dirname "$(find "$PWD/tree" -name 'libkmod.so.2' -print -quit)") ./depmod -b "$PWD/$root" "$version"

cat > $root/init <<'INIT'
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t devtmpfs dev /dev; mount -t proc proc /proc; mount -t sysfs sys /sys
mkdir -p /dev/pts; mount -t devpts pts /dev/pts
for word in $(cat /proc/cmdline); do
  case $word in modules=*) for module in $(echo "${word#modules=}" | tr , ' '); do modprobe "$module"; done ;; esac
done
# A tablet gives QEMU's pointer positions.
modprobe uhci_hcd; modprobe usbhid
echo "guest ready"
# A shell that is left is started again, and reboot and poweroff work from it.
while :; do setsid cttyhack sh </dev/tty1 >/dev/tty1 2>&1; done
INIT
chmod 755 $root/init
(cd $root && find . -print0 | LC_ALL=C sort -z | cpio -0 --quiet -o -H newc | gzip -6) > "$DIR/initrd.gz"
cp "$(find tree -name "vmlinuz-$version" -print -quit)" "$DIR/vmlinuz"
echo "Linux $version" > "$STAMP"
echo "guest-image: $(cat "$STAMP") in $DIR"
