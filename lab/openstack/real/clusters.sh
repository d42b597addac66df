# The services that clusters are made of, and a small cloud. Sourced by shared.sh.

configure_clusters() {
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
}

clusters_data() {
  other_schemas &
  nova_schema &
  as neutron 'neutron-db-manage --config-file /etc/neutron/neutron.conf --config-file /etc/neutron/plugins/ml2/ml2_conf.ini upgrade head'
  wait -n
  wait -n
  /etc/init.d/openstack start full
  python3 "$here/shared-accounts.py"
  python3 "$here/cloud.py"
}

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
