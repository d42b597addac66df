#!/usr/bin/python3
"""Plays every virtual machine: reads its user data as cloud-init would and gives the signal in it."""

import base64
import gzip
import re
import shlex
import time

import requests
from lab_identity import Cloud

NOVA = "http://127.0.0.1:8774/v2.1"
# With user_data among a server's attributes.
VERSION = {"OpenStack-API-Version": "compute 2.3"}
SIGNAL = re.compile(r"curl [^\n]*-X POST [^\n]*?/signal")
ENCODED = re.compile(r"(?:[A-Za-z0-9+/]{60,}\n?)+[A-Za-z0-9+/]*={0,2}")


def texts(user_data):
    """The user data, and what is encoded within."""
    raw = base64.b64decode(user_data)
    text = (gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw).decode("utf-8", "replace")
    yield text
    for part in ENCODED.findall(text):
        try:
            yield base64.b64decode(part).decode("utf-8", "replace")
        except ValueError:
            pass


def signal(command):
    """Does what the virtual machine's curl would do."""
    words = shlex.split(command.replace("\\", ""))
    headers = dict(words[index + 1].split(": ", 1) for index, word in enumerate(words) if word == "-H")
    url = next(word for word in words if word.startswith("http"))
    body = {"status": "SUCCESS", "reason": "Setup complete", "data": "OK", "id": "00000"}
    return requests.post(url, headers=headers, json=body, timeout=60)


def main():
    done = set()
    cloud = None
    while True:
        try:
            cloud = cloud or Cloud()
            servers = cloud.ask("GET", f"{NOVA}/servers/detail", headers=VERSION)["servers"]
            for server in servers:
                if server["id"] in done or server["status"] != "ACTIVE":
                    continue
                user_data = server.get("OS-EXT-SRV-ATTR:user_data")
                found = (SIGNAL.search(text) for text in texts(user_data)) if user_data else ()
                command = next((match.group(0) for match in found if match), None)
                answer = signal(command) if command else None
                if answer is None or answer.ok:
                    done.add(server["id"])
                print(server["name"], answer.status_code if answer is not None else "has no signal to give", flush=True)
        except (requests.RequestException, RuntimeError, OSError) as error:
            print(error, flush=True)
            # A token ends after an hour.
            cloud = None
        time.sleep(1)


main()
