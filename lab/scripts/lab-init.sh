#!/bin/bash
# PID 1 of the lab:  lab-init.sh RUN IMAGE NODE HOST...    IMAGE: one directory or, as overlayfs takes them, several
# It owns the switch, the network namespaces and the hosts; when it dies, the kernel ends everything in it. Its own
# network namespace, the one it was started in, is the operator's: from there only the bastion can be reached.
set -euo pipefail
RUN=$1 IMAGE=$2 node=$3
shift 3
source "$(dirname "$0")/host-up.sh"
read -r pid _ < /proc/self/stat # as the machine counts: /proc is still its own
mount --make-rprivate /
mkdir -p "$RUN/hosts" "$RUN/pids" /run/netns
echo "$IMAGE" > "$RUN/image"
mount -t tmpfs tmpfs /run/netns
mount -t tmpfs -o size=2g tmpfs "$RUN/hosts"
ip netns add switch
ip -n switch link add management type bridge stp_state 0 forward_delay 0
ip -n switch link set management up
# OpenStack's stand-in, to which the services of the controllers connect as they boot.
if [ "$node" != none ]; then
  cd "$(dirname "$0")/../.."
  "$node" --import tsx lab/openstack/stand-in.ts "$RUN/openstack" "$RUN/kept.json" &
  for _ in $(seq 200); do
    [ ! -S "$RUN/openstack/openstack.sock" ] || break
    sleep 0.05
  done
fi
for host in "$@"; do host_up "$host"; done
echo "$pid" > "$RUN/lab.pid.new"
mv "$RUN/lab.pid.new" "$RUN/lab.pid"
trap 'exit 0' TERM
sleep infinity &
wait $!
