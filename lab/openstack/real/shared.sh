#!/bin/bash
# The layer of the image that has the data of all services but Magnum: databases, accounts, and a small cloud. They run on
# one host of the lab, 10.21.22.253; who needs them finds them behind the VIP, 10.21.22.2.
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
sed -i 's/^processes = .*/processes = 2/; s/^threads = .*/threads = 1/' /etc/{keystone,glance,heat,neutron,nova,placement}/*uwsgi.ini
install -m 0755 "$here/openstack" /etc/init.d/openstack
install -m 0755 "$here/nova-compute" "$here/guest.py" "$here/stand-ins.py" /usr/local/bin/
install -D -m 0644 "$here/identity.py" /usr/local/lib/python3.11/dist-packages/lab_identity.py

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
CONF
cat > /etc/glance/glance-api.conf <<CONF
[DEFAULT]
enabled_backends = file:file
[database]
$(database glance)
[glance_store]
default_backend = file
[file]
filesystem_store_datadir = /var/lib/glance/images/
[paste_deploy]
flavor = keystone
$(authtoken glance)
CONF
cat > /etc/placement/placement.conf <<CONF
[api]
auth_strategy = keystone
[placement_database]
$(database placement)
$(authtoken placement)
CONF
cat > /etc/neutron/neutron.conf <<CONF
[DEFAULT]
core_plugin = ml2
service_plugins = router
auth_strategy = keystone
$transport
rpc_workers = 0
rpc_state_report_workers = 0
notify_nova_on_port_status_changes = false
notify_nova_on_port_data_changes = false
# No agent runs: one is in the database, and never counts as down.
agent_down_time = 2000000000
dhcp_agent_notification = false
[database]
$(database neutron)
[oslo_concurrency]
lock_path = /var/lock/neutron
$(authtoken neutron)
CONF
cat > /etc/neutron/plugins/ml2/ml2_conf.ini <<'CONF'
[ml2]
type_drivers = flat,vxlan
tenant_network_types = vxlan
mechanism_drivers = openvswitch
extension_drivers = port_security
[ml2_type_flat]
flat_networks = external
[ml2_type_vxlan]
vni_ranges = 1:1000
CONF
cat > /etc/nova/nova.conf <<CONF
[DEFAULT]
my_ip = $host
host = openstack
enabled_apis = osapi_compute
compute_driver = fake.FakeDriver
$transport
state_path = /var/lib/nova
vif_plugging_is_fatal = false
vif_plugging_timeout = 0
[api]
auth_strategy = keystone
[api_database]
$(database nova_api)
[database]
$(database nova)
[conductor]
workers = 1
[scheduler]
workers = 1
discover_hosts_in_cells_interval = 10
[filter_scheduler]
enabled_filters = ComputeFilter,ComputeCapabilitiesFilter
[glance]
endpoint_override = http://127.0.0.1:9292
[placement]
endpoint_override = http://127.0.0.1:8778
$(credentials placement)
[neutron]
endpoint_override = http://127.0.0.1:9696
$(credentials neutron)
[oslo_concurrency]
lock_path = /var/lock/nova
$(authtoken nova)
CONF
cat > /etc/heat/heat.conf <<CONF
[DEFAULT]
$transport
num_engine_workers = 2
stack_user_domain_name = heat
stack_domain_admin = heat_domain_admin
stack_domain_admin_password = $heat_domain
heat_metadata_server_url = http://$vip:8000
heat_waitcondition_server_url = http://$vip:8000/v1/waitcondition
auth_encryption_key = $(openssl rand -hex 16)
region_name_for_services = RegionOne
max_resources_per_stack = -1
environment_dir = /etc/heat/environment.d
[database]
$(database heat)
[clients_keystone]
auth_uri = http://$vip:5000
[trustee]
auth_type = password
auth_url = http://127.0.0.1:5000
user_domain_id = default
username = heat
password = $service
$(authtoken heat)
CONF
# Neither Cinder nor Octavia runs.
{
  echo 'resource_registry:'
  for type in Cinder::{Volume,VolumeAttachment} {Octavia,Neutron::LBaaS}::{LoadBalancer,Listener,Pool,PoolMember,HealthMonitor}; do
    echo "  \"OS::$type\": \"OS::Heat::None\""
  done
} > /etc/heat/environment.d/lab.yaml
# The swarm-mode templates of Magnum 15 give a part of theirs four parameters too few.
python3 - <<'END_PYTHON'
import yaml
path = "/usr/lib/python3/dist-packages/magnum/drivers/common/templates/lb_api.yaml"
text = open(path).read()
defaults = {"allowed_cidrs": "[]", "octavia_provider": "amphora", "octavia_lb_algorithm": "ROUND_ROBIN",
            "octavia_lb_healthcheck": "true"}
for name, default in defaults.items():
    text = text.replace(f"\n  {name}:\n", f"\n  {name}:\n    default: {default}\n", 1)
yaml.safe_load(text)
open(path, "w").write(text)
END_PYTHON

# --- Data
/etc/init.d/openstack start data
{
  for name in keystone glance placement neutron nova nova_api nova_cell0 heat; do
    echo "CREATE DATABASE $name CHARACTER SET utf8mb3; GRANT ALL ON $name.* TO 'openstack'@'%' IDENTIFIED BY '$service';"
  done
  # HAProxy looks in as this user.
  echo "CREATE USER 'cluster_watcher'@'%';"
} | mariadb
rabbitmqctl -q add_user openstack "$service"
rabbitmqctl -q set_permissions openstack '.*' '.*' '.*'

as() { su -s /bin/sh "$1" -c "$2" > "/tmp/$1.log" 2>&1 || { cat "/tmp/$1.log"; return 1; }; }
other_schemas() {
  as glance 'glance-manage db_sync'
  as placement 'placement-manage db sync'
  as heat 'heat-manage db_sync'
}
nova_schema() {
  as nova 'nova-manage api_db sync'
  as nova 'nova-manage cell_v2 map_cell0'
  as nova 'nova-manage db sync'
  as nova 'nova-manage cell_v2 create_cell --name=cell1'
}
as keystone 'keystone-manage db_sync'
keystone-manage fernet_setup --keystone-user keystone --keystone-group keystone
keystone-manage credential_setup --keystone-user keystone --keystone-group keystone
OS_BOOTSTRAP_PASSWORD=$admin keystone-manage bootstrap --bootstrap-service-name keystone --bootstrap-region-id RegionOne \
  --bootstrap-public-url http://$vip:5000/v3 --bootstrap-internal-url http://$vip:5000/v3 --bootstrap-admin-url http://$vip:35357/v3
other_schemas &
nova_schema &
as neutron 'neutron-db-manage --config-file /etc/neutron/neutron.conf --config-file /etc/neutron/plugins/ml2/ml2_conf.ini upgrade head'
wait -n
wait -n

/etc/init.d/openstack start full
python3 "$here/shared-accounts.py"
python3 "$here/cloud.py"
/etc/init.d/openstack stop
# Each host has its own.
rm -f /etc/hosts /etc/hostname
find /var/log -type f -exec truncate -s 0 {} +
