"""The services of OpenStack on a controller of the lab.

Each is a process of its own with its own configuration, listeners and log. What it answers comes from the stand-in
outside the controllers, through a Unix domain socket, which network namespaces do not keep apart.
"""

import argparse
import json
import os
import signal
import socket
import sys
import threading
import time

STAND_IN = os.environ.get("LAB_OPENSTACK_SOCKET", "/run/openstack/openstack.sock")
HOST = os.environ.get("LAB_OPENSTACK_HOST") or socket.gethostname()

# So long all of Magnum's modules take to load.
LOADING_SECONDS = float(os.environ.get("LAB_OPENSTACK_LOADING_SECONDS", "0.9"))


def magnum(service):
    """Runs magnum-api or magnum-conductor with the options of oslo.config."""
    parser = argparse.ArgumentParser(prog="magnum")
    parser.add_argument("--config-file", metavar="PATH", default="/etc/magnum/magnum.conf")
    parser.add_argument("--log-file", metavar="PATH")
    parser.add_argument("--version", action="store_true")
    options = parser.parse_args()
    time.sleep(LOADING_SECONDS)
    config = read(options.config_file)
    if options.version:
        _, answer = ask({"validate": config})
        if "error" in answer:
            sys.exit(f"Traceback (most recent call last):\n{answer['error']}")
        print(answer["version"])
        return
    if options.log_file:
        sys.stderr = open(options.log_file, "a", buffering=1)
    serve({"start": service, "host": HOST, "config": config})


def keystone():
    """Runs Keystone."""
    serve({"start": "keystone", "host": HOST})


def services():
    """Runs what Keystone and Magnum have around them: other APIs, database, RabbitMQ, memcached."""
    serve({"start": "openstack-services", "host": HOST})


def read(path):
    """The configuration file, or why it cannot be read."""
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return {"path": path, "text": file.read()}
    except PermissionError:
        return {"path": path, "unreadable": "EACCES"}
    except FileNotFoundError:
        return {"path": path, "unreadable": "ENOENT"}


def serve(start):
    """Starts the service, and serves until a signal ends the process."""
    try:
        # As long as this connection is open the stand-in takes the service for alive.
        alive, answer = ask(start)
        if "error" in answer:
            die(answer["error"])
        listeners = [listen(address, port) for address, port in answer["listen"]]
    except OSError as error:
        die(error)
    for listener in listeners:
        thread(accept, listener, answer["instance"])
    note("INFO", " ".join(["started", *(f"on {address}:{port}" for address, port in answer["listen"])]))
    while alive:
        signal.pause()


def listen(address, port):
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, port))
    listener.listen(128)
    return listener


def accept(listener, instance):
    while True:
        client, _ = listener.accept()
        thread(forward, client, instance, listener.getsockname()[1])


def forward(client, instance, port):
    """Passes a connection on to the stand-in, until both sides have ended."""
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with client:
        try:
            server = connect({"connect": instance, "port": port})
        except OSError as error:
            note("ERROR", error)
            return
        with server:
            answers = thread(pipe, server, client)
            pipe(client, server)
            answers.join()


def pipe(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        # One that was reset takes the other with it.
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def ask(question):
    """Asks the stand-in: the connection and the answer."""
    connection = connect(question)
    with connection.makefile(encoding="utf-8") as lines:
        return connection, json.loads(lines.readline())


def connect(first):
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.connect(STAND_IN)
    connection.sendall(json.dumps(first).encode() + b"\n")
    return connection


def thread(target, *args):
    started = threading.Thread(target=target, args=args, daemon=True)
    started.start()
    return started


def die(why):
    note("CRITICAL", f"Unhandled error: {why}")
    sys.exit(1)


def note(level, message):
    """Writes to the log in the format of oslo.log."""
    now = time.time()
    date = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(now))
    name = os.path.basename(sys.argv[0])
    print(f"{date}.{int(now % 1 * 1000):03d} {os.getpid()} {level} {name} [-] {message}", file=sys.stderr)
