"""Lambda's execution environments as processes: AWS's runtime interface client for Node.js, and the Runtime API that it asks."""

import json
import os
import queue
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from localstack import config
from localstack.services.lambda_.invocation.lambda_models import InvocationResult
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor

INIT_SECONDS = 30


class RuntimeApi(BaseHTTPRequestHandler):
    """https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html"""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        environment = self.server.environment
        environment.ready.set()
        invocation = environment.invocations.get()
        deadline = time.time() + environment.function_version.config.timeout
        self.answer(
            200,
            invocation["payload"].encode(),
            {
                "Lambda-Runtime-Aws-Request-Id": invocation["invoke-id"],
                "Lambda-Runtime-Deadline-Ms": str(int(deadline * 1000)),
                "Lambda-Runtime-Invoked-Function-Arn": invocation["invoked-function-arn"],
                "Lambda-Runtime-Trace-Id": invocation["trace-id"],
            },
        )

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.environment.answers.put((not self.path.endswith("/response"), body))
        self.server.environment.ready.set()
        self.answer(202, b"{}", {})

    def answer(self, status, body, headers):
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": len(body), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class ProcessEnvironment(RuntimeExecutor):
    def __init__(self, id, function_version):
        super().__init__(id, function_version)
        self.ready = threading.Event()
        self.invocations = queue.Queue()
        self.answers = queue.Queue()
        self.lines = []
        self.process = None
        self.server = None

    def start(self, env_vars):
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), RuntimeApi)
        self.server.daemon_threads = True
        self.server.environment = self
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        code = str(self.function_version.config.code.get_unzipped_code_location())
        self.variables = {name: str(value) for name, value in env_vars.items() if not name.startswith("LOCALSTACK_")} | {
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self.server.server_port}",
            # The native client waits for invocations in C++; this one is JavaScript.
            "AWS_LAMBDA_NODEJS_USE_ALTERNATIVE_CLIENT_1": "true",
            "LAMBDA_TASK_ROOT": code,
            "PATH": os.environ["PATH"],
        }
        self.spawn()

    def spawn(self):
        self.ready.clear()
        self.answers = queue.Queue()
        self.process = subprocess.Popen(
            [os.environ["NODE"], os.environ["RUNTIME"]],
            env=self.variables,
            cwd=self.variables["LAMBDA_TASK_ROOT"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        threading.Thread(target=self.read, args=(self.process, self.answers), daemon=True).start()
        if not self.ready.wait(INIT_SECONDS):
            raise TimeoutError(f"{self.function_version.id.function_name} did not start in {INIT_SECONDS} s: {self.get_logs()}")

    def read(self, process, answers):
        for line in process.stdout:
            self.lines.append(line.rstrip("\n"))
        answers.put(failed("Runtime.ExitError", f"Runtime exited with error: exit status {process.wait()}"))
        self.ready.set()

    def invoke(self, payload):
        if self.process.poll() is not None:
            self.spawn()
        begin = len(self.lines)
        timeout = self.function_version.config.timeout
        self.invocations.put(payload)
        try:
            is_error, body = self.answers.get(timeout=timeout)
        except queue.Empty:
            is_error, body = failed("Sandbox.Timedout", f"RequestId: {payload['invoke-id']} Error: Task timed out after {timeout}.00 seconds")
            self.process.kill()
            self.process.wait()
        return InvocationResult(payload["invoke-id"], body, is_error, "\n".join(self.lines[begin:]) + "\n")

    def stop(self):
        self.process.kill()
        self.server.shutdown()
        self.server.server_close()

    def get_logs(self):
        return "\n".join(self.lines)

    def get_address(self):
        return "127.0.0.1"

    def get_endpoint_from_executor(self):
        return "127.0.0.1"

    def get_runtime_endpoint(self):
        return f"http://127.0.0.1:{config.GATEWAY_LISTEN[0].port}"

    @classmethod
    def prepare_version(cls, function_version):
        function_version.config.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version):
        pass


def failed(kind, message):
    return True, json.dumps({"errorType": kind, "errorMessage": message}).encode()
