"""What is known of a request while it is answered: what every answer says of it, and what is counted and recorded."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import perf_counter_ns
from typing import Any

from farshore.api.authenticate import Authenticated
from farshore.api.request_body import HttpBody
from farshore.model.audit import Verdict
from farshore.service.deployment import Answer, Request


@dataclass(slots=True, kw_only=True)
class RequestLabels:
    """Filled step by step; what was not reached stays empty.

    service: `s3`, `s3control`, `iam`, `sts`, `monitoring`, or `farshore` for our own paths. operation: once known.
    code: of the error that is answered.
    bucket, key: as the address names them.
    asked_who: credentials were looked at; without a `caller` they did not hold.
    status, bytes_sent, first_byte_ns: of an answer whose body was streamed.
    """

    request_id: str
    head: bool
    now_us: int
    resource: str = ""
    service: str = "s3"
    operation: str = ""
    code: str = ""
    bucket: str | None = None
    key: str | None = None
    asked_who: bool = False
    caller: Authenticated | None = None
    body: HttpBody | None = None
    request: Request | None = None
    answer: Answer | None = None
    status: int = 0
    bytes_sent: int = 0
    begun_ns: int = field(default_factory=perf_counter_ns)
    first_byte_ns: int = 0

    @property
    def host_id(self) -> str:
        return f"farshore/{self.request_id}"

    @property
    def principal(self) -> str:
        """The caller's ARN; `anonymous`, or empty while it is not known."""
        if self.caller is None:
            return ""
        return self.caller.principal.arn or "anonymous"

    def verdict(self, *, refused: bool) -> Verdict:
        """What became of the request's authorization. refused: it was answered with an error."""
        if self.caller is None:
            return Verdict.NONE if not self.asked_who else Verdict.DENY if refused else Verdict.ALLOW
        if refused and (self.code in _REFUSALS or (self.request is not None and self.request.trail.refused)):
            return Verdict.DENY
        decided = self.request is not None and self.request.trail.decided
        return Verdict.ALLOW if decided or not refused else Verdict.NONE

    def spoken(self, *, failed: bool = True) -> dict[str, Any]:
        """For lines of the ordinary log that speak of the request. failed: it is answered with an error."""
        decision = self.verdict(refused=failed)
        return {"request_id": self.request_id, "principal": self.principal, "decision": decision.value}


_REFUSALS = frozenset(("AccessDenied", "InvalidClientTokenId", "MissingAuthenticationToken", "SignatureDoesNotMatch"))
"""Codes that refuse a caller who is known; a body's chunks are signed too, and read late."""
