#!/usr/bin/python3
"""The accounts and endpoints of all services but Magnum."""

from lab_identity import Cloud, passwords

cloud = Cloud()
secret = passwords()
cloud.ensure("role", name="heat_stack_user")
for name, kind, address in (
    ("glance", "image", ":9292"),
    ("placement", "placement", ":8778"),
    ("neutron", "network", ":9696"),
    ("nova", "compute", ":8774/v2.1"),
    ("heat", "orchestration", ":8004/v1/%(tenant_id)s"),
    ("cinderv3", "volumev3", ":8776/v3/%(tenant_id)s"),
    ("octavia", "load-balancer", ":9876"),
):
    cloud.service_user(name, secret["service"])
    cloud.service(name, kind, address)
cloud.domain_admin("heat", "heat_domain_admin", secret["heat_domain"])
