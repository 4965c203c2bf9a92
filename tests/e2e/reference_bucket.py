"""A bucket as a dictionary: the reference that the server is compared with, in the plainest words of S3's documents."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby


@dataclass
class Entry:
    """A version, or a delete marker (body None)."""

    version_id: str
    body: bytes | None
    tags: dict[str, str] = field(default_factory=dict)
    status: str | None = None


@dataclass
class ReferenceBucket:
    """Stacks of entries by key, newest first, and what a rule does with new ones."""

    versioning: str = ""
    stacks: dict[str, list[Entry]] = field(default_factory=dict)
    rule: tuple[str, bool] | None = None
    """Prefix, and whether delete markers replicate; None without a configuration."""
    replica: ReferenceBucket | None = None

    def put(self, key: str, version_id: str | None, body: bytes, tags: dict[str, str]) -> None:
        self._push(key, Entry(version_id or "null", body, dict(tags)))

    def delete(self, key: str, marker_id: str | None) -> None:
        if self.versioning == "":
            self.stacks.pop(key, None)
        else:
            self._push(key, Entry(marker_id or "null", None))

    def delete_version(self, key: str, version_id: str) -> None:
        """Permanent, and never replicated."""
        self.stacks[key] = [entry for entry in self.stacks[key] if entry.version_id != version_id]
        if not self.stacks[key]:
            del self.stacks[key]

    def set_tags(self, key: str, version_id: str, tags: dict[str, str]) -> None:
        entry = self.entry(key, version_id)
        assert entry is not None
        entry.tags = dict(tags)
        covered = self.rule is not None and key.startswith(self.rule[0])
        if self.replica is not None and entry.status == "COMPLETED" and covered:
            copied = self.replica.entry(key, version_id)
            if copied is None:
                entry.status = "FAILED"
            else:
                copied.tags = dict(tags)

    def entry(self, key: str, version_id: str) -> Entry | None:
        return next((entry for entry in self.stacks.get(key, []) if entry.version_id == version_id), None)

    def _push(self, key: str, entry: Entry) -> None:
        stack = self.stacks.setdefault(key, [])
        if entry.version_id == "null":
            stack[:] = [old for old in stack if old.version_id != "null"]
        stack.insert(0, entry)
        if self.rule is None or self.replica is None or not key.startswith(self.rule[0]):
            return
        if entry.body is None and not self.rule[1]:
            return
        entry.status = "COMPLETED"
        self.replica.stacks.setdefault(key, []).insert(
            0, Entry(entry.version_id, entry.body, dict(entry.tags), "REPLICA")
        )

    def versions(self) -> list[tuple[str, str, bool, bool]]:
        """(key, version id, is a marker, is latest), as ListObjectVersions orders them."""
        return [
            (key, entry.version_id, entry.body is None, place == 0)
            for key in sorted(self.stacks, key=str.encode)
            for place, entry in enumerate(self.stacks[key])
        ]

    def current(self) -> dict[str, Entry]:
        return {key: stack[0] for key, stack in self.stacks.items() if stack[0].body is not None}

    def listing(self, prefix: str, delimiter: str) -> tuple[list[str], list[str]]:
        """(keys, common prefixes) of a complete listing."""
        inside = sorted((key for key in self.current() if key.startswith(prefix)), key=str.encode)

        def common(key: str) -> str:
            cut = key.find(delimiter, len(prefix)) if delimiter else -1
            return key[: cut + len(delimiter)] if cut >= 0 else ""

        prefixes = [prefix for prefix, _ in groupby(inside, common) if prefix]
        return [key for key in inside if not common(key)], prefixes
