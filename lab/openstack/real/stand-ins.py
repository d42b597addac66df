#!/usr/bin/python3
"""Stands in for Cinder and Octavia, of which Heat makes nothing here: that they are there, and what there is of each."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from json import dumps
from threading import Thread
from urllib.parse import urlsplit

LISTS = {
    "types": {"volume_types": [{"id": "8d5f1a1e-4f0c-4a38-9a6d-1f6a3a0f9d52", "name": "lvm", "is_public": True}]},
    "loadbalancers": {"loadbalancers": []},
}
CINDER, OCTAVIA = 8776, 9876


class Handler(BaseHTTPRequestHandler):
    """Answers every GET, by the last part of its path."""

    def do_GET(self):
        body = dumps(LISTS.get(urlsplit(self.path).path.rsplit("/", 1)[-1], {"versions": []})).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


for port in (CINDER, OCTAVIA):
    Thread(target=ThreadingHTTPServer(("", port), Handler).serve_forever).start()
