"""The console's source (`console/web`), with its packages installed as the lock names them."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "console" / "web"
NODE = (20, 19)
"""The oldest that Vite runs on."""


@cache
def install() -> str | None:
    """Install the packages if need be, by one process at a time. Returns why that cannot be done here, in one line."""
    why_not = _missing()
    if why_not is not None:
        return why_not
    lock, stamp = SOURCE / "package-lock.json", SOURCE / "node_modules" / ".farshore-lock"
    with lock.open("rb") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        digest = hashlib.sha256(turn.read()).hexdigest()
        if not stamp.is_file() or stamp.read_text() != digest:
            run(["npm", "ci", "--no-audit", "--no-fund"])
            stamp.write_text(digest)
    return None


def run(command: Sequence[str]) -> str:
    done = subprocess.run(command, cwd=SOURCE, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-4000:]}\n{done.stderr[-2000:]}"
    return done.stdout


def _missing() -> str | None:
    if shutil.which("npm") is None or shutil.which("node") is None:
        return "node and npm are missing: the console's source is not tested, nor is its accessibility"
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if tuple(map(int, version.removeprefix("v").split(".")[:2])) < NODE:
        return f"node {version} is too old ({NODE[0]}.{NODE[1]} is needed): the console's source is not tested"
    return None
