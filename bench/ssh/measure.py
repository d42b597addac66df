"""measure.py RESULT PROGRAM ARGUMENT...: runs a program, and writes as JSON to the file RESULT how many seconds passed
until it ended, and how many of CPU time it took with all that it started. What it leaves behind, such as the masters of
OpenSSH's connection sharing, is ended then, and what that took until then counts too.
"""

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import time

# Of linux/prctl.h: who loses its parent becomes a child of this process.
PR_SET_CHILD_SUBREAPER = 36


def left_behind():
    """Ends the children that are left, and takes the dead ones' CPU time."""
    signalled = set()
    while True:
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as children:
            for child in set(map(int, children.read().split())) - signalled:
                signalled.add(child)
                try:
                    os.kill(child, signal.SIGTERM)
                except ProcessLookupError:
                    pass
        time.sleep(0.01)


ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
began = time.monotonic()
exit_code = subprocess.run(sys.argv[2:], stdin=subprocess.DEVNULL, check=False).returncode
wall = time.monotonic() - began
left_behind()
used = resource.getrusage(resource.RUSAGE_CHILDREN)
with open(sys.argv[1], "w", encoding="ascii") as result:
    json.dump({"wall": wall, "cpu": used.ru_utime + used.ru_stime}, result)
sys.exit(exit_code)
