"""What a run's figures depend on besides the code: machine, system, libraries, commit."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import apsw

_LIBRARIES = ("aiohttp", "uvloop", "apsw", "awscrt", "msgspec", "farshore")


def facts(folder: Path) -> dict[str, str]:
    """Facts by name. folder: where the data is."""
    found = {
        "cores": str(len(os.sched_getaffinity(0))),
        "processor": _processor(),
        "system": f"{platform.system()} {platform.release()}",
        "file system": _file_system(folder),
        "python": platform.python_version(),
        "sqlite": apsw.sqlite_lib_version(),
    }
    found |= {name: metadata.version(name) for name in _LIBRARIES}
    commit = _commit()
    if commit:
        found["commit"] = commit
    return found


def _processor() -> str:
    named = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text("utf-8"), re.MULTILINE)
    return platform.machine() if named is None else named[1]


def _file_system(folder: Path) -> str:
    """The type of the file system that is mounted nearest above the folder."""
    nearest, kind = "", "unknown"
    for line in Path("/proc/mounts").read_text("utf-8").splitlines():
        _, place, mounted, *_ = line.split(" ")
        if folder.resolve().is_relative_to(place) and len(place) >= len(nearest):
            nearest, kind = place, mounted
    return kind


def _commit() -> str:
    """The commit of the source that runs, with a + when files differ from it; empty outside of a git repository."""
    source = Path(sys.modules["farshore"].__path__[0])
    try:
        commit = _git(source, "rev-parse", "--short=12", "HEAD")
        changed = _git(source, "status", "--porcelain", "--untracked-files=no", "--", str(source))
    except (OSError, subprocess.CalledProcessError):
        return ""
    return f"{commit}+" if changed else commit


def _git(folder: Path, *arguments: str) -> str:
    command = ("git", "-C", str(folder), *arguments)
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=10).stdout.strip()
