#!/bin/bash
# Builds the Debian root that all hosts of the lab share:  build-image.sh DIRECTORY SUITE
# The digest of both is the image's name: what is in the image is said here and nowhere else.
set -euo pipefail
image=$1 suite=$2
# Controllers, bastion and tests: one image for all.
packages=(
  openssh-server sudo tini procps psmisc iproute2 iptables iputils-ping sysvinit-utils adduser
  corosync pacemaker pacemaker-cli-utils pcs resource-agents haproxy python3
  # Installed and not active, as on many hosts.
  ufw firewalld
)
# The mirror that this machine itself uses.
mirror=$(sed -nE 's/^(URIs:|deb( \[[^]]*\])?) +(https?:[^ ]+).*/\3/p' \
  /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources} 2>/dev/null | grep -v security | sed -n 1p || true)
[ -n "$mirror" ] || {
  echo 'The sources of apt name no mirror of Debian.'
  exit 1
}

building=$image.building
umount "$building/proc" 2>/dev/null || true
rm -rf "$building"
trap 'umount "$building/proc" 2>/dev/null || true; rm -rf "$building"' EXIT
debootstrap --variant=minbase "$suite" "$building" "$mirror"

# No maintainer script starts a daemon; nothing is written twice; nobody reads manuals here.
printf '#!/bin/sh\nexit 101\n' > "$building/usr/sbin/policy-rc.d"
chmod 755 "$building/usr/sbin/policy-rc.d"
cat > "$building/etc/dpkg/dpkg.cfg.d/lab" <<'END'
force-unsafe-io
path-exclude=/usr/share/man/*
path-exclude=/usr/share/doc/*
path-exclude=/usr/share/locale/*
END
# A proxy or a certificate that this machine needs for its mirror, the image needs too.
cp -a /etc/apt/apt.conf.d/. "$building/etc/apt/apt.conf.d/"
mount -t proc proc "$building/proc"
chroot "$building" apt-get update
DEBIAN_FRONTEND=noninteractive chroot "$building" apt-get install -y --no-install-recommends "${packages[@]}"
chroot "$building" apt-get clean
rm -rf "$building"/var/lib/apt/lists/* "$building"/etc/ssh/ssh_host_*

# As Magnum's packages do.
chroot "$building" adduser --quiet --system --group --home /var/lib/magnum magnum
install -d -o root -g root "$building/var/log/magnum" "$building/etc/iptables"
chroot "$building" chown magnum:magnum /var/log/magnum
umount "$building/proc"
trap - EXIT
mv -T "$building" "$image"
