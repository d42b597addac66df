#!/usr/bin/python3
"""Magnum's accounts: MariaDB, RabbitMQ, Keystone."""

import os
import subprocess
from urllib.parse import quote

from lab_identity import Cloud, passwords

secret = passwords()
text = secret["database"].replace("\\", "\\\\").replace("'", "''")
sql = f"CREATE DATABASE magnum CHARACTER SET utf8mb3; GRANT ALL ON magnum.* TO 'magnum'@'%' IDENTIFIED BY '{text}';"
subprocess.run(["mariadb"], input=sql, text=True, check=True)
# As an argument: RabbitMQ 4.0 waits for ever for one on standard input.
subprocess.run(["rabbitmqctl", "-q", "add_user", "--", "magnum", secret["rabbit"]], check=True)
subprocess.run(["rabbitmqctl", "-q", "set_permissions", "magnum", ".*", ".*", ".*"], check=True)

cloud = Cloud()
cloud.service_user("magnum", secret["keystone"])
cloud.service("magnum", "container-infra", ":9511/v1")
cloud.domain_admin("magnum", "magnum_domain_admin", secret["trustee"])

# For the schema only: the controllers' configuration is the workflow's.
connection = f"mysql+pymysql://magnum:{quote(secret['database'], safe='')}@127.0.0.1/magnum"
with open("/run/magnum.conf", "w", encoding="utf-8") as file:
    file.write(f"[database]\nconnection = {connection}\n")
os.chmod("/run/magnum.conf", 0o644)
