#!/usr/bin/python3
"""What clusters are made of: images, flavors, a key pair, networks."""

import json
import subprocess

from lab_identity import Cloud

GLANCE, NEUTRON, NOVA = "http://127.0.0.1:9292/v2", "http://127.0.0.1:9696/v2.0", "http://127.0.0.1:8774/v2.1"
# A public key is all that Nova wants; nobody has the private one.
PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHi0oVBxpWaylImIwhd/7k4K8uBGmejZ4O6LB0pz5mPz"

cloud = Cloud()

for name, distribution in (
    ("fedora-atomic", "fedora-atomic"),
    ("fedora-coreos", "fedora-coreos"),
    ("ubuntu_xenial", "ubuntu"),
    ("without-distribution", None),
):
    image = {"name": name, "disk_format": "raw", "container_format": "bare", "visibility": "public"}
    if distribution:
        image["os_distro"] = distribution
    made = cloud.ask("POST", f"{GLANCE}/images", json=image)["id"]
    cloud.ask(
        "PUT",
        f"{GLANCE}/images/{made}/file",
        headers={"Content-Type": "application/octet-stream"},
        data=bytes(1024),
    )

for name, ram, disk, cpus in (("m1.small", 2048, 20, 1), ("m1.medium", 4096, 40, 2), ("m1.large", 8192, 80, 4)):
    cloud.ask("POST", f"{NOVA}/flavors", json={"flavor": {"name": name, "ram": ram, "disk": disk, "vcpus": cpus}})
cloud.ask("POST", f"{NOVA}/os-keypairs", json={"keypair": {"name": "fuel", "public_key": PUBLIC_KEY}})
unlimited = {name: -1 for name in ("instances", "cores", "ram", "server_groups", "server_group_members")}
cloud.ask("PUT", f"{NOVA}/os-quota-sets/{cloud.project}", json={"quota_set": unlimited})

unlimited = {
    name: -1
    for name in ("port", "network", "subnet", "router", "floatingip", "security_group", "security_group_rule")
}
cloud.ask("PUT", f"{NEUTRON}/quotas/{cloud.project}", json={"quota": unlimited})
external = {
    "router:external": True,
    "provider:network_type": "flat",
    "provider:physical_network": "external",
}
public = cloud.ensure("network", base=NEUTRON, name="public", **external)
private = cloud.ensure("network", base=NEUTRON, name="private")
subnet = {"ip_version": 4, "enable_dhcp": False}
cloud.ensure("subnet", base=NEUTRON, name="public-subnet", network_id=public, cidr="172.24.4.0/22", **subnet)
inside = cloud.ensure("subnet", base=NEUTRON, name="private-subnet", network_id=private, cidr="10.30.0.0/22", **subnet)
router = cloud.ensure("router", base=NEUTRON, name="router", external_gateway_info={"network_id": public})
cloud.ask("PUT", f"{NEUTRON}/routers/{router}/add_router_interface", json={"subnet_id": inside})

# No agent runs. One that is in the database lets ports be bound to the host of the fake compute driver.
configuration = {
    "bridge_mappings": {"external": "br-ex"},
    "tunnel_types": ["vxlan"],
    "tunneling_ip": "127.0.0.1",
    "datapath_type": "system",
    "ovs_capabilities": {"datapath_types": ["system"], "iface_types": ["vxlan"]},
    "integration_bridge": "br-int",
    "vhostuser_socket_dir": "/var/run/openvswitch",
    "ovs_hybrid_plug": False,
}
agent = f"""
INSERT INTO neutron.agents (id, agent_type, `binary`, topic, host, admin_state_up, created_at, started_at,
  heartbeat_timestamp, configurations, `load`)
VALUES (UUID(), 'Open vSwitch agent', 'neutron-openvswitch-agent', 'N/A', 'openstack', 1, NOW(), NOW(),
  '2037-01-01', '{json.dumps(configuration)}', 0);
"""
subprocess.run(["mariadb"], input=agent, text=True, check=True)
