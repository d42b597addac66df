#!/bin/bash
# The layer of the image that has the data of all services but Magnum: databases, accounts, and a small cloud if the packages
# for clusters are installed. They run on one host of the lab, 10.21.22.253; who needs them finds them behind the VIP,
# 10.21.22.2.
set -euo pipefail
here=$(dirname "$0")
vip=10.21.22.2 host=10.21.22.253

install -d -m 0700 /etc/lab
python3 - > /etc/lab/passwords.json <<'END_PYTHON'
# With characters that mean something in URLs, in oslo.config and in SQL; but / would end oslo.messaging's URL.
import json, secrets
names = ["admin", "service", "heat_domain", "database", "rabbit", "keystone", "trustee"]
print(json.dumps({name: secrets.token_urlsafe(12) + "$%@#:'" for name in names if name not in ("admin", "service", "heat_domain")}
                 | {name: secrets.token_urlsafe(18) for name in ("admin", "service", "heat_domain")}))
END_PYTHON
chmod 0600 /etc/lab/passwords.json
password() { python3 -c "import json,sys; print(json.load(open('/etc/lab/passwords.json'))[sys.argv[1]])" "$1"; }
admin=$(password admin) service=$(password service) heat_domain=$(password heat_domain)

ip link set lo up
ip addr add $vip/32 dev lo
ip addr add $host/32 dev lo
hostname openstack
echo "127.0.0.1 localhost openstack" > /etc/hosts

# --- MariaDB, RabbitMQ, memcached
cat > /etc/mysql/mariadb.conf.d/99-lab.cnf <<'CONF'
[mysqld]
bind-address = 0.0.0.0
skip-name-resolve
max_connections = 500
innodb_buffer_pool_size = 128M
innodb_log_file_size = 16M
innodb_flush_log_at_trx_commit = 0
CONF
rm -rf /var/lib/mysql/*
mariadb-install-db --user=mysql --skip-test-db > /dev/null
cat > /etc/rabbitmq/rabbitmq-env.conf <<'CONF'
# The host's name may change, its data do not.
NODENAME=rabbit@localhost
NODE_PORT=5673
CONF
sed -i 's/^-l .*/-l 0.0.0.0/' /etc/memcached.conf

# --- The services that are uWSGI's: as many processes as two cores bear. With threads Neutron and Nova hang.
shopt -s nullglob
sed -i 's/^processes = .*/processes = 2/; s/^threads = .*/threads = 1/' /etc/{keystone,glance,heat,neutron,nova,placement,magnum}/*uwsgi.ini
install -m 0755 "$here/openstack" /etc/init.d/openstack
install -m 0755 "$here/nova-compute" "$here/guest.py" "$here/stand-ins.py" /usr/local/bin/
install -D -m 0644 "$here/identity.py" /usr/lib/python3/dist-packages/lab_identity.py

# The schema of Debian 11's Magnum cannot be made with Debian 11's SQLAlchemy: it puts one column into two tables.
sed -i "s/sa.sql.table('baymodel', insecure_column)/sa.sql.table('baymodel', sa.sql.column('insecure'))/" \
  /usr/lib/python3/dist-packages/magnum/db/sqlalchemy/alembic/versions/1d045384b966_add_insecure_baymodel_attr.py

# --- Configuration
authtoken() { # USER
  cat <<CONF
[keystone_authtoken]
www_authenticate_uri = http://$vip:5000/v3
memcached_servers = 127.0.0.1:11211
$(credentials "$1")
CONF
}
credentials() { # USER
  cat <<CONF
auth_type = password
auth_url = http://127.0.0.1:5000
user_domain_id = default
project_domain_id = default
project_name = services
username = $1
password = $service
CONF
}
database() { echo "connection = mysql+pymysql://openstack:$service@127.0.0.1/$1"; }
transport="transport_url = rabbit://openstack:$service@127.0.0.1:5673/"

cat > /etc/keystone/keystone.conf <<CONF
[database]
$(database keystone)
[cache]
enabled = true
backend = dogpile.cache.memcached
memcache_servers = 127.0.0.1:11211
[token]
provider = fernet
[identity]
# The fewest that it takes: by default each login costs a quarter of a second of a processor.
password_hash_rounds = 4
CONF

# --- Data
databases=(keystone)
if command -v nova-manage > /dev/null; then
  source "$here/clusters.sh"
  configure_clusters
  databases+=(glance placement neutron nova nova_api nova_cell0 heat)
fi
/etc/init.d/openstack start data
{
  for name in "${databases[@]}"; do
    echo "CREATE DATABASE $name CHARACTER SET utf8mb3; GRANT ALL ON $name.* TO 'openstack'@'%' IDENTIFIED BY '$service';"
  done
  # HAProxy looks in as this user.
  echo "CREATE USER 'cluster_watcher'@'%';"
} | mariadb
rabbitmqctl -q add_user openstack "$service"
rabbitmqctl -q set_permissions openstack '.*' '.*' '.*'

as() { su -s /bin/sh "$1" -c "$2" > "/tmp/$1.log" 2>&1 || { cat "/tmp/$1.log"; return 1; }; }
as keystone 'keystone-manage db_sync'
keystone-manage fernet_setup --keystone-user keystone --keystone-group keystone
keystone-manage credential_setup --keystone-user keystone --keystone-group keystone
OS_BOOTSTRAP_PASSWORD=$admin keystone-manage bootstrap --bootstrap-service-name keystone --bootstrap-region-id RegionOne \
  --bootstrap-public-url http://$vip:5000/v3 --bootstrap-internal-url http://$vip:5000/v3 --bootstrap-admin-url http://$vip:35357/v3
if command -v nova-manage > /dev/null; then
  clusters_data
else
  /etc/init.d/openstack start core
  python3 "$here/shared-accounts.py"
fi
/etc/init.d/openstack stop
# Each host has its own.
rm -f /etc/hosts /etc/hostname
find /var/log -type f -exec truncate -s 0 {} +
