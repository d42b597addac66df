# host_up HOST: powers a host on. Sourced, in the lab's namespaces, with RUN and IMAGE set.
# $RUN/seed/HOST/network says: ADDRESS [OPERATOR_ADDRESS GATEWAY], the last two for the bastion.
host_up() {
  local host=$1 address operator gateway size
  read -r address operator gateway < "$RUN/seed/$host/network" || true
  ip netns del "$host" 2>/dev/null || true
  ip -n switch link del "$host" 2>/dev/null || true
  rm -f "$RUN/pids/$host"
  if [ ! -e "$RUN/hosts/$host" ]; then
    # A disk of its own, which can be full without the others' being full. It outlives a loss of power, and so is mounted
    # here, not in the host's namespaces.
    mkdir "$RUN/hosts/$host"
    size=192m
    [ ! -e "$RUN/seed/$host/size" ] || read -r size < "$RUN/seed/$host/size"
    mount -t tmpfs -o "size=$size" tmpfs "$RUN/hosts/$host"
  fi
  ip netns add "$host"
  ip link add eth0 netns "$host" type veth peer name "$host" netns switch
  ip -n switch link set "$host" master management up
  ip -n "$host" link set lo up
  if [ -e "$RUN/seed/$host/bridge" ]; then
    # As Fuel does: the address is on a bridge, to which the VIPs' namespace is connected too.
    ip -n "$host" link add br-mgmt type bridge stp_state 0 forward_delay 0
    ip -n "$host" link set eth0 master br-mgmt up
    ip -n "$host" link set br-mgmt up
    ip -n "$host" addr add "$address" dev br-mgmt
  else
    ip -n "$host" link set eth0 name br-mgmt
    ip -n "$host" addr add "$address" dev br-mgmt
    ip -n "$host" link set br-mgmt up
  fi
  if [ -n "${operator:-}" ]; then
    # The operator's only link. Its other end stays in the namespace the lab was started in.
    ip link del operator 2>/dev/null || true
    ip link add operator type veth peer name eth1 netns "$host"
    ip addr add "$gateway" dev operator
    ip link set operator up
    ip -n "$host" addr add "$operator" dev eth1
    ip -n "$host" link set eth1 up
  fi
  setsid nsenter --net="/run/netns/$host" unshare --pid --mount --uts --ipc --cgroup --fork --kill-child \
    "$(dirname "${BASH_SOURCE[0]}")/host-init.sh" "$host" "$RUN" "$IMAGE" < /dev/null > "$RUN/$host.log" 2>&1 &
}
