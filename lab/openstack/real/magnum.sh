#!/bin/bash
# The layer of the image that has what Magnum needs and nobody else has made: database and grants, schema, RabbitMQ user,
# Keystone user, service, endpoints, trustee domain and its admin.
set -euo pipefail
here=$(dirname "$0")
ip link set lo up
ip addr add 10.21.22.2/32 dev lo
ip addr add 10.21.22.253/32 dev lo
hostname openstack
echo "127.0.0.1 localhost openstack" > /etc/hosts
/etc/init.d/openstack start core
python3 "$here/magnum-accounts.py"
su -s /bin/sh magnum -c "magnum-db-manage --config-file /run/magnum.conf upgrade"
/etc/init.d/openstack stop
rm -f /etc/hosts /etc/hostname
find /var/log -type f -exec truncate -s 0 {} +
