"""delay_line.py NEAR FAR SECONDS: a delay line of two TUN devices. What is sent into the one comes out of the other
after so many seconds, in both directions. It prints a line once the devices are there; they go when it ends.
"""

import collections
import fcntl
import os
import select
import struct
import sys
import time

# Of linux/if_tun.h: whole IP packets, without a header.
TUNSETIFF = 0x400454CA
IFF_TUN = 0x0001
IFF_NO_PI = 0x1000
PACKET_BYTES = 2048


def device(name):
    """Makes a TUN device. @returns the descriptor of its other end"""
    descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(descriptor, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN | IFF_NO_PI))
    return descriptor


near, far, delay = device(sys.argv[1]), device(sys.argv[2]), float(sys.argv[3])
other = {near: far, far: near}
# The delay is the same for all: packets leave in the order in which they came.
under_way = collections.deque()
try:
    # A busy machine would make the line longer.
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))
except PermissionError:
    pass
print("ready", flush=True)
while True:
    wait = max(0, under_way[0][0] - time.monotonic()) if under_way else None
    for descriptor in select.select(other, (), (), wait)[0]:
        try:
            while True:
                packet = os.read(descriptor, PACKET_BYTES)
                under_way.append((time.monotonic() + delay, other[descriptor], packet))
        except BlockingIOError:
            pass
    while under_way and under_way[0][0] <= time.monotonic():
        _, descriptor, packet = under_way.popleft()
        try:
            os.write(descriptor, packet)
        except OSError:
            # The device is down, or full: a network loses packets too.
            pass
