"""LocalStack core without Docker, and without what it would download by itself: started by ../localstack.ts, which says where all
is, in the environment.

- Lambda: each execution environment is a process (processes.py).
- JSONata: the Java library of the jars in JSONATA, by the Java in JAVA_HOME.
- DynamoDB: moto's server, in the place of DynamoDB Local.
- Step Functions: what its Distributed Map does not do (maps.py).
"""

import os
import sys

from localstack.packages.java import JavaPackageInstaller
from localstack.services.dynamodb.server import DynamodbServer
from localstack.services.lambda_.invocation.plugins import DockerRuntimeExecutorPlugin
from localstack.services.stepfunctions.packages import JSONataPackageInstaller
from localstack.utils.common import TMP_THREADS, ShellCommandThread

import maps
from processes import ProcessEnvironment


def is_at(directory):
    """An installer for what is there already."""
    return {"install": lambda self, target=None: None, "get_installed_dir": lambda self: directory}


def start_moto(self):
    moto = os.path.join(os.path.dirname(sys.executable), "moto_server")
    thread = ShellCommandThread([moto, "-H", "127.0.0.1", "-p", str(self.port)], name="dynamodb", log_listener=lambda line, **_: None)
    TMP_THREADS.append(thread)
    thread.start()
    return thread


for installer, directory in ((JavaPackageInstaller, os.environ["JAVA_HOME"]), (JSONataPackageInstaller, os.environ["JSONATA"])):
    for name, method in is_at(directory).items():
        setattr(installer, name, method)
DynamodbServer.do_start_thread = start_moto
maps.complete()
DockerRuntimeExecutorPlugin.load = lambda self, *args, **kwargs: ProcessEnvironment

from localstack.runtime.main import main  # noqa: E402

main()
