"""What a request leaves behind for its record: on which bucket it was, and what was decided of it.

Kept for every request, so it costs next to nothing: what was decided is put into words only where a record is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from farshore.auth.evaluate import OWNER, Decision, Reason
from farshore.model.audit import Decided
from farshore.model.buckets import Bucket

DECISIONS_MAX = 33
"""Kept of one request, beside its first refusal."""

_NO_POLICY = {
    Reason.ACL_ALLOW: "access control list",
    Reason.PUBLIC_ACCESS_BLOCKED: "Block Public Access",
}
"""What decided where it was no policy."""

_Noted = tuple[str, str, Decision]


@dataclass(frozen=True, slots=True, kw_only=True)
class CopySource:
    """What a copy reads. region: of the bucket. version_id: None where the request names none."""

    region: str
    bucket: Bucket
    key: str
    version_id: str | None


class Trail:
    """Of one request.

    source: of a copy, once it is found.
    region, bucket: the bucket that it is about, once it is found.
    by_root: actions that were let pass without a decision: those of the root of the bucket's owner on `key`.
    """

    __slots__ = ("_noted", "_refusal", "bucket", "by_root", "key", "region", "source")

    def __init__(self) -> None:
        self.region = ""
        self.bucket: Bucket | None = None
        self.by_root: tuple[str, ...] = ()
        self.key: str | None = None
        self.source: CopySource | None = None
        self._noted: list[_Noted] = []
        self._refusal: _Noted | Decided | None = None

    def note(self, action: str, resource: str, decision: Decision) -> None:
        """An action was decided, and the request goes by that."""
        noted = (action, resource, decision)
        if self._refusal is None and not decision.allowed:
            self._refusal = noted
        elif len(self._noted) < DECISIONS_MAX:
            self._noted.append(noted)

    def refuse(self, reason: str, action: str = "", resource: str = "") -> None:
        """The request is refused by what is no policy; reason: one word of what that is."""
        if self._refusal is None:
            self._refusal = Decided(action=action, resource=resource, allowed=False, reason=reason)

    @property
    def decided(self) -> bool:
        """Whether anything was."""
        return bool(self.by_root or self._noted or self._refusal)

    @property
    def refused(self) -> bool:
        return self._refusal is not None

    def refusal(self) -> Decided | None:
        """The first refusal."""
        return _in_words(*self._refusal) if isinstance(self._refusal, tuple) else self._refusal

    def others(self) -> list[Decided]:
        """All else that was decided, in order; at most DECISIONS_MAX."""
        return [_in_words(*noted) for noted in (*self._of_root(), *self._noted)]

    def _of_root(self) -> Iterator[_Noted]:
        if self.bucket is not None:
            resource = f"arn:aws:s3:::{self.bucket.name}" + ("" if self.key is None else f"/{self.key}")
            for action in self.by_root:
                yield action, resource, OWNER


def _in_words(action: str, resource: str, decision: Decision) -> Decided:
    policy_type = "" if decision.policy_type is None else decision.policy_type.value
    if decision.reason in _NO_POLICY:
        policy_type = _NO_POLICY[decision.reason]
    return Decided(
        action=action,
        resource=resource,
        allowed=decision.allowed,
        reason=decision.reason.name.lower(),
        policy_type=policy_type,
        policy=decision.source,
        statement="" if decision.statement is None else decision.statement.name,
    )
