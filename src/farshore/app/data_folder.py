"""The data folder: who may use it now, and the files beside the stores that other programs read.

farshore-data/
    lock                    held by the running server
    credentials             the root access key, as an AWS credentials file (mode 0600)
    run/counters/           what the running processes count, for monitoring
    run/endpoint            where the running server answers; removed when it stops
    logs/audit.jsonl        the audit log, where one is kept
    directory/              accounts, keys, bucket names
    regions/us-east-1/      a region's metadata, and its blobs
"""

from __future__ import annotations

import configparser
import fcntl
import os
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

from farshore.app.cannot_serve import CannotServe

KILLED_S_MAX = 5.0
"""Processes of a server that was killed end within this time, and only then let go of the lock."""
_LOCK_PAUSE_S = 0.02

_BEFORE_STORES = frozenset(("lock", "run", "regions", "lost+found"))
"""What a data folder may have before its first start: what a start that was cut off made, and mounted disks."""


@dataclass(frozen=True, slots=True)
class DataFolder:
    """The places in a data folder."""

    path: Path

    @property
    def credentials(self) -> Path:
        return self.path / "credentials"

    @property
    def endpoint(self) -> Path:
        return self.path / "run" / "endpoint"

    @property
    def counters(self) -> Path:
        return self.path / "run" / "counters"

    @property
    def audit_log(self) -> Path:
        return self.path / "logs" / "audit.jsonl"

    @property
    def directory(self) -> Path:
        return self.path / "directory" / "directory.sqlite"

    def region_metadata(self, region: str) -> Path:
        return self.path / "regions" / region / "metadata.sqlite"

    def region_blobs(self, region: str) -> Path:
        return self.path / "regions" / region / "blobs"

    def take(self, patience_s: float = KILLED_S_MAX) -> int:
        """Make the folder, readable by this user alone, and lock it: returns the descriptor that holds the lock.

        Child processes inherit the lock: it is free when the last of them has ended.

        Raises:
            CannotServe: after `patience_s`, another server still uses the folder, it cannot be written, or it is in use
                for something else.
        """
        try:
            self._check_ours()
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.endpoint.parent.mkdir(mode=0o700, exist_ok=True)
            descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise CannotServe(f"cannot use the data folder {self.path}: {error.strerror}") from error
        deadline = time.monotonic() + patience_s
        while not _try_lock(descriptor):
            if time.monotonic() >= deadline:
                os.close(descriptor)
                raise CannotServe(f"another server is running on the data folder {self.path}")
            time.sleep(_LOCK_PAUSE_S)
        self.endpoint.unlink(missing_ok=True)
        return descriptor

    def _check_ours(self) -> None:
        """Refuse a folder that has other files, and no stores: they would be taken for ours, or lie among ours."""
        if self.directory.parent.exists() or not self.path.is_dir():
            return
        others = sorted(path.name for path in self.path.iterdir() if path.name not in _BEFORE_STORES)
        if others:
            raise CannotServe(
                f"{self.path} is no data folder of Farshore, and not empty (it has {others[0]}): "
                "give an empty folder, or one that does not exist yet"
            )

    def forget_counters(self) -> None:
        """Begin to count anew: what an earlier server counted is gone, as monitoring expects of a restart."""
        self.counters.mkdir(mode=0o700, exist_ok=True)
        for file in self.counters.iterdir():
            file.unlink()

    def write_credentials(self, access_key_id: str, secret_access_key: str) -> None:
        """Write the key in the form that the AWS tools read."""
        text = f"[default]\naws_access_key_id = {access_key_id}\naws_secret_access_key = {secret_access_key}\n"
        _write_private(self.credentials, text)

    def read_credentials(self) -> tuple[str, str] | None:
        """(access key id, secret access key), None when the file is missing or says nothing of them."""
        parser = configparser.RawConfigParser()
        try:
            parser.read_string(self.credentials.read_text("utf-8"))
            return parser["default"]["aws_access_key_id"], parser["default"]["aws_secret_access_key"]
        except (FileNotFoundError, KeyError, configparser.Error, UnicodeDecodeError):
            return None

    def write_endpoint(self, endpoint: str) -> None:
        _write_private(self.endpoint, f"{endpoint}\n")

    def read_endpoint(self) -> str | None:
        """Where the running server answers. After a crash this may be where one answered."""
        try:
            return self.endpoint.read_text("utf-8").strip() or None
        except FileNotFoundError:
            return None


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _write_private(path: Path, text: str) -> None:
    """Replace the file at once, readable by this user alone, on disk when it returns."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(descriptor)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
