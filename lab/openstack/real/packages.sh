#!/bin/bash
# The layer of the image that has OpenStack's packages of its Debian. Those for clusters are Debian 12's only.
set -euo pipefail
source /etc/os-release
packages=(
  # What all services share.
  mariadb-server rabbitmq-server memcached keystone uwsgi-plugin-python3 python3-memcache python3-pymysql
  # On the controllers.
  magnum-api magnum-conductor
)
clusters=(
  glance-api placement-api nova-api nova-conductor nova-scheduler neutron-server python3-openvswitch heat-api heat-engine
)
[ "$VERSION_ID" != 12 ] || packages+=("${clusters[@]}")
cat > /etc/apt/apt.conf.d/lab <<'CONF'
APT::Install-Recommends "false";
Acquire::Languages "none";
Dpkg::Options { "--force-confdef"; "--force-confold"; };
CONF
apt-get update
apt-get install -y "${packages[@]}"
apt-get clean
rm -rf /var/lib/apt/lists/*
