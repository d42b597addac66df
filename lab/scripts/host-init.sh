#!/bin/bash
# PID 1 of a host until tini takes over:  host-init.sh HOST RUN IMAGE
# It runs in fresh PID, mount, UTS, IPC and cgroup namespaces and in the host's network namespace.
set -euo pipefail
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
host=$1 RUN=$2 image=$3
read -r pid _ < /proc/self/stat # as the machine counts: /proc is still its own
disk=$RUN/hosts/$host
if [ ! -e "$disk/root" ]; then
  mkdir "$disk/upper" "$disk/work" "$disk/root"
  new=yes
fi
root=$disk/root
mount -t overlay overlay -o "lowerdir=$image,upperdir=$disk/upper,workdir=$disk/work" "$root"
hostname "$host"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for device in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0; do
  IFS=: read -r name major minor <<< "$device"
  mknod -m 666 "$root/dev/$name" c "$major" "$minor" 2>/dev/null || {
    : > "$root/dev/$name"
    mount --bind "/dev/$name" "$root/dev/$name"
  }
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
mount -t tmpfs tmpfs "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
ln -s fd/0 "$root/dev/stdin"
ln -s fd/1 "$root/dev/stdout"
ln -s fd/2 "$root/dev/stderr"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mkdir -p "$root/run/lock" "$root/run/sshd" "$root/run/openstack"
chmod 1777 "$root/run/lock"
mount --bind "$RUN/openstack" "$root/run/openstack"
if [ -n "${new:-}" ]; then
  cp -rT "$RUN/seed/$host/root" "$root"
  user=$(cat "$root/etc/lab-user")
  [ "$user" = root ] || chroot "$root" useradd --no-create-home --shell /bin/sh "$user"
  # OWNER:GROUP MODE PATH, by the names of the image.
  while read -r owner mode path; do
    chroot "$root" chown "$owner" "$path"
    chmod "$mode" "$root$path"
  done < "$RUN/seed/$host/owners"
fi
mkdir -p "$root/.old"
echo "$pid" > "$RUN/pids/$host"
cd "$root"
pivot_root . .old
exec chroot . /usr/bin/tini -g -- /usr/sbin/lab-boot < /dev/null >> /var/log/boot.log 2>&1
