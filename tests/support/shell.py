"""Unmodified clients in a process of their own: found where they are installed, run with nothing of the user's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

COMMAND_S_MAX = 180


def tool(name: str) -> str:
    """The client's path: from the virtual environment, else from the system."""
    own = Path(sys.executable).with_name(name)
    path = str(own) if own.exists() else shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed (apt-get install {name})")
    return path


class Shell:
    """Runs clients against the server with their own configuration and nothing of the user's."""

    def __init__(self, server: Any, home: Path) -> None:
        self.home = home
        self.endpoint: str = server.endpoint
        self.environment = {
            "HOME": str(home),
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "AWS_ACCESS_KEY_ID": server.access_key_id,
            "AWS_SECRET_ACCESS_KEY": server.secret_access_key,
            "AWS_ENDPOINT_URL": server.endpoint,
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def run(self, *command: str, **environment: str) -> str:
        done = subprocess.run(
            command,
            env=self.environment | environment,
            capture_output=True,
            text=True,
            timeout=COMMAND_S_MAX,
            check=False,
            cwd=self.home,
        )
        assert done.returncode == 0, (command, done.stdout[-2000:], done.stderr[-2000:])
        return done.stdout

    def aws(self, *arguments: str, **environment: str) -> str:
        return self.run(tool("aws"), *arguments, **environment)

    def rclone(self, *arguments: str) -> str:
        return self.run(
            tool("rclone"),
            "--s3-provider=Other",
            "--s3-env-auth",
            f"--s3-endpoint={self.endpoint}",
            "--s3-region=us-east-1",
            *arguments,
        )

    def s3cmd(self, *arguments: str) -> str:
        host = self.endpoint.removeprefix("http://")
        return self.run(
            sys.executable, tool("s3cmd"), "--no-ssl", f"--host={host}", f"--host-bucket={host}", "--region=us-east-1",
            f"--access_key={self.environment['AWS_ACCESS_KEY_ID']}",
            f"--secret_key={self.environment['AWS_SECRET_ACCESS_KEY']}", *arguments,
        )  # fmt: skip
