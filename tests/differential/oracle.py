"""The independent evaluator, `@cloud-copilot/iam-simulate`, as a process of its own; made by `install_oracle`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any


def installed() -> Path | None:
    """The folder where `install_oracle` put it, None where it is not (or node is missing)."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = Path(os.environ.get("FARSHORE_ORACLE") or cache / "farshore" / "iam-oracle")
    return folder if (folder / "version").exists() and shutil.which("node") else None


class Oracle:
    """Answers simulations one after another. Close it."""

    def __init__(self, folder: Path) -> None:
        script = folder / "oracle.mjs"
        self._process = subprocess.Popen(
            ["node", str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )

    def ask(self, simulation: dict[str, Any]) -> dict[str, Any]:
        """`{"result": …, "ignored": [keys]}`, or `{"error": …}` for what it does not take."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(simulation) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=10)
        self._process.stdout.close()
