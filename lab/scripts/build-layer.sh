#!/bin/bash
# Builds a layer over other layers of the image:  build-layer.sh DIRECTORY LOWER SETUP RECIPE [FILE...]
# LOWER has the directories below it, the uppermost first, as overlayfs takes them. RECIPE is run in the layer, as root,
# with copies of the FILEs, in namespaces that end with it and everything it started. SETUP is `host` or `none`: whose
# network it has, this machine's or one of its own.
set -euo pipefail
if [ "${1:-}" != --inside ]; then
  [ "$3" = host ] || network=--net
  unshare --mount --pid --uts --ipc ${network:-} --fork --kill-child "$0" --inside "$@"
  mv -T "$1.building/upper" "$1"
  rm -rf "$1.building"
  exit
fi
layer=$2 lower=$3 network=$4
shift 4
building=$layer.building
rm -rf "$building"
mkdir -p "$building"/{upper,work,root}
root=$building/root
mount --make-rprivate /
mount -t overlay overlay -o "lowerdir=$lower,upperdir=$building/upper,workdir=$building/work" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
mkdir -m 1777 "$root/run/lock"
mkdir "$root/tmp/recipe"
cp "$@" "$root/tmp/recipe/"
if [ "$network" = host ]; then
  cp -L /etc/resolv.conf "$root/run/resolv.conf"
  mount --bind "$root/run/resolv.conf" "$root/etc/resolv.conf"
fi
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
  DEBIAN_FRONTEND=noninteractive chroot "$root" "/tmp/recipe/$(basename "$1")"
