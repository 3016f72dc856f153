#!/bin/sh
# install.sh PROGRAM ROOT PREFIX - the program, its manual pages, its systemd service and completions for three shells.
set -eu
program=$1 root=$2 prefix=$3
cd "$(dirname "$0")/.."
install -D -s -m 755 "$program" "$root$prefix/bin/gvt-vnc"
for page in docs/man/*.[0-9]; do
  install -D -m 644 "$page" "$root$prefix/share/man/man${page##*.}/${page##*/}"
done
# The service names the program by the place it was installed to.
install -d "$root$prefix/lib/systemd/system"
sed "s#/usr/bin/gvt-vnc#$prefix/bin/gvt-vnc#g" packaging/gvt-vnc.service >"$root$prefix/lib/systemd/system/gvt-vnc.service"
completion() { # SHELL PATH
  install -d "$root$prefix/share/$(dirname "$2")"
  "$program" --generate-completion-script "$1" >"$root$prefix/share/$2"
}
completion bash bash-completion/completions/gvt-vnc
completion zsh zsh/site-functions/_gvt-vnc
completion fish fish/vendor_completions.d/gvt-vnc.fish
