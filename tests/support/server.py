"""A real server for tests: `farshore serve` in processes of its own, on a free port."""

from __future__ import annotations

import configparser
import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

START_S_MAX = 120.0
STOP_S_MAX = 120.0


class Server:
    """`start`, `stop` (drains) and `kill` (SIGKILL to every process) may follow each other on one folder and port.

    Args:
        arguments: more flags of `farshore serve`.
        environment: more variables; nothing of the caller's AWS_* or FARSHORE_* reaches the server.
    """

    def __init__(
        self,
        data: Path,
        *,
        workers: int = 0,
        arguments: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.data = data
        self.log = data.with_name(f"{data.name}.log")
        self.port = 0
        self.endpoint = ""
        self._command = [
            sys.executable, "-m", "farshore", "serve", "--data", str(data), "--workers", str(workers), *arguments,
        ]  # fmt: skip
        foreign = ("AWS_", "FARSHORE_")
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        self.environment |= environment or {}
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def access_key_id(self) -> str:
        return self._credentials()["aws_access_key_id"]

    @property
    def secret_access_key(self) -> str:
        return self._credentials()["aws_secret_access_key"]

    def start(self) -> None:
        """Start it, and return once it has said where it answers. Fails with the log's end."""
        process = self.begin()
        assert process.stdout is not None
        line = _first_line(process.stdout.fileno(), START_S_MAX)
        if not line.startswith("http://"):
            self.kill()
            tail = self.log.read_text("utf-8", "replace")[-3000:]
            raise AssertionError(f"the server did not start: {line!r}\n{tail}")
        self.endpoint = line.strip()
        self.port = int(self.endpoint.rpartition(":")[2])

    def begin(self) -> subprocess.Popen[bytes]:
        """Start it without waiting for it to answer."""
        assert self.process is None, "it runs already"
        self.data.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self._command, "--port", str(self.port)],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        return self.process

    def stop(self, deadline_s: float = STOP_S_MAX) -> int:
        """SIGTERM, and wait; returns the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.wait(deadline_s)

    def wait(self, deadline_s: float = STOP_S_MAX) -> int:
        """Wait for the end that somebody else has asked for; returns the exit code."""
        assert self.process is not None
        code = self.process.wait(deadline_s)
        self._forget()
        return code

    def kill(self) -> None:
        """SIGKILL to every process of the server at once. Does nothing when it does not run."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(STOP_S_MAX)
            self._forget()

    def children(self) -> list[int]:
        """The process ids of the supervisor's children."""
        assert self.process is not None
        tasks = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in tasks.read_text().split()]

    def client(self, service: str = "s3", region: str = "us-east-1", *, retries: int = 2, **config: Any) -> Any:
        """A boto3 client with the root key. `config`: members of botocore's Config."""
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.endpoint,
            aws_access_key_id=self.access_key_id,
            aws_secret_access_key=self.secret_access_key,
            config=Config(retries={"total_max_attempts": retries + 1}, **config),
        )

    def cli(self, *arguments: str) -> Any:
        """What a command of the program says as JSON, asked with the root key."""
        command = [sys.executable, "-m", "farshore", *arguments, "--json", "--data", str(self.data)]
        done = subprocess.run(command, env=self.environment, capture_output=True, timeout=START_S_MAX, check=False)
        assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
        return json.loads(done.stdout)

    def _credentials(self) -> Mapping[str, str]:
        parser = configparser.RawConfigParser()
        assert parser.read(self.data / "credentials"), f"{self.data} has no credentials"
        return parser["default"]

    def _forget(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process = None


def running(pid: int) -> bool:
    """Whether the process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _first_line(descriptor: int, deadline_s: float) -> str:
    """The first line that comes over the pipe; what came until then when it ends or takes longer."""
    deadline = time.monotonic() + deadline_s
    line = b""
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while b"\n" not in line and selector.select(max(0.0, deadline - time.monotonic())):
            piece = os.read(descriptor, 4096)
            if not piece:
                break
            line += piece
    return line.decode("utf-8", "replace").partition("\n")[0]
