#!/bin/bash
# run-linux.sh [OPTION]... - boot Debian on a vGPU of ours and serve its screen; Ctrl-C ends both.
#   --kernel 6.1|6.12|7      which of Debian's kernels (6.12)
#   --desktop                Xorg, openbox and terminals instead of a shell on the console
#   --spec OPTIONS           more of vgpu:'s options, such as platform=bdw&connector=hdmi (size=1280x800)
#   --listen ADDRESS         where viewers connect (127.0.0.1:5901)
# Uses this machine's QEMU if that has the vfio-user client, and otherwise fetches one that has (qemu11-chroot.sh: as
# root, a minute, 1.1 GB in .cache). There is no KVM in it: the guest is emulated, anywhere.
set -euo pipefail
cd "$(dirname -- "$0")/../.."
usage() { sed -n '2,/^set/s/^# \?//p' "$0"; exit 64; }
kernel=6.12 desktop= spec='size=1280x800' listen=127.0.0.1:5901
while [ $# -gt 0 ]; do
  case $1 in
    --kernel) kernel=${2:?}; shift ;;
    --desktop) desktop=yes ;;
    --spec) spec=${2:?}; shift ;;
    --listen) listen=${2:?}; shift ;;
    *) usage ;;
  esac
  shift
done
program=${GVT_VNC:-.build/release/gvt-vnc}

root= qemu=(qemu-system-x86_64)
if ! qemu-system-x86_64 -device help 2>/dev/null | grep -q vfio-user-pci; then
  [ "$(id -u)" = 0 ] || { echo "run-linux: this machine's QEMU has no vfio-user-pci; as root I fetch one that has" >&2; exit 77; }
  Tests/Rig/qemu11-chroot.sh >&2
  root=$PWD/.cache/qemu11; qemu=(chroot "$root" qemu-system-x86_64)
fi
[ $kernel = 6.1 ] || Tests/Rig/qemu11-chroot.sh >&2
Tests/Rig/guest-image.sh "$kernel" >&2
[ -z $desktop ] || Tests/Rig/desktop-image.sh >&2

# The folder as QEMU sees it, and as we do.
inside=/tmp/run-linux.$$
outside=$root$inside
server= machine=
finish() {
  trap - EXIT INT TERM
  for process in $machine $server; do kill "$process" 2>/dev/null && wait "$process" 2>/dev/null || true; done
  rm -rf -- "$outside"
}
trap finish EXIT
trap 'exit 0' INT TERM
mkdir -m 700 "$outside"
put() { ln "$1" "$outside/$2" 2>/dev/null || cp --sparse=always "$1" "$outside/$2"; }
put ".cache/guest-$kernel/vmlinuz" vmlinuz
put ".cache/guest-$kernel/initrd" initrd
words="modules=i915" disk=()
if [ -n "$desktop" ]; then
  put .cache/desktop.img desktop.img
  words+=" desktop=vda"
  disk=(-drive "if=none,id=disk,format=raw,snapshot=on,file=$inside/desktop.img" -device virtio-blk-pci,drive=disk,addr=05.0)
fi

"$program" serve "vgpu:$outside/vgpu?$spec&qmp=$outside/qmp" --name "run-linux-$$" --listen "$listen" &
server=$!
for _ in {1..100}; do [ -S "$outside/vgpu" ] && break; kill -0 $server 2>/dev/null || exit 1; sleep 0.1; done
"${qemu[@]}" -accel tcg -cpu Nehalem -machine q35,memory-backend=m -m 1G -object memory-backend-memfd,id=m,size=1G,share=on \
  -nodefaults -display none -vga none -qmp "unix:$inside/qmp,server=on,wait=off" \
  -device "{\"driver\":\"vfio-user-pci\",\"addr\":\"02.0\",\"socket\":{\"type\":\"unix\",\"path\":\"$inside/vgpu\"}}" \
  -device qemu-xhci,addr=04.0 -device usb-tablet "${disk[@]}" \
  -kernel "$inside/vmlinuz" -initrd "$inside/initrd" -append "console=tty0 panic=1 $words" </dev/null &
machine=$!
echo "run-linux: $(head -n 1 ".cache/guest-$kernel/.guest-image.done") is booting; point a viewer at $listen. Ctrl-C ends it."
wait -n
