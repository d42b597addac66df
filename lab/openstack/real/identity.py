"""Keystone as the scripts that provision the lab ask it."""

import json

import requests

KEYSTONE = "http://127.0.0.1:5000/v3"
VIP = "10.21.22.2"
DEFAULT = "default"


def passwords():
    with open("/etc/lab/passwords.json", encoding="utf-8") as file:
        return json.load(file)


class Cloud:
    """The cloud as its administrator sees it: paths are Keystone's, or whole URLs."""

    def __init__(self):
        domain = {"id": DEFAULT}
        user = {"name": "admin", "domain": domain, "password": passwords()["admin"]}
        response = requests.post(
            f"{KEYSTONE}/auth/tokens",
            json={
                "auth": {
                    "identity": {"methods": ["password"], "password": {"user": user}},
                    "scope": {"project": {"name": "admin", "domain": domain}},
                }
            },
            timeout=60,
        )
        response.raise_for_status()
        self.project = response.json()["token"]["project"]["id"]
        self.headers = {"X-Auth-Token": response.headers["X-Subject-Token"]}

    def ask(self, method, url, **options):
        url = url if url.startswith("http") else KEYSTONE + url
        headers = {**self.headers, **options.pop("headers", {})}
        response = requests.request(method, url, headers=headers, timeout=60, **options)
        if not response.ok:
            raise RuntimeError(f"{method} {url}: {response.status_code} {response.text}")
        return response.json() if response.content and "json" in response.headers.get("Content-Type", "") else None

    def ensure(self, kind, by=("name", "domain_id", "type"), base=KEYSTONE, **fields):
        """The ID of the one with these fields, which is made if it is missing."""
        query = {name: value for name, value in fields.items() if name in by}
        found = self.ask("GET", f"{base}/{kind}s", params=query)[f"{kind}s"]
        if found:
            return found[0]["id"]
        return self.ask("POST", f"{base}/{kind}s", json={kind: fields})[kind]["id"]

    def grant(self, role, user, scope):
        """Gives a user a role in a scope such as projects/ID."""
        self.ask("PUT", f"/{scope}/users/{user}/roles/{self.ensure('role', name=role)}")

    def service_user(self, name, password):
        """A user of a service in the project services."""
        project = self.ensure("project", name="services", domain_id=DEFAULT)
        user = self.ensure("user", name=name, domain_id=DEFAULT, password=password)
        self.grant("admin", user, f"projects/{project}")

    def domain_admin(self, domain, name, password):
        """A domain for the users that a service makes, and who makes them."""
        domain = self.ensure("domain", name=domain)
        user = self.ensure("user", name=name, domain_id=domain, password=password)
        self.grant("admin", user, f"domains/{domain}")

    def service(self, name, kind, address):
        """A service and its endpoints behind the VIP."""
        service = self.ensure("service", name=name, type=kind)
        for interface in ("public", "internal", "admin"):
            self.ensure(
                "endpoint",
                by=("service_id", "interface"),
                service_id=service,
                interface=interface,
                region_id="RegionOne",
                url=f"http://{VIP}{address}",
            )
