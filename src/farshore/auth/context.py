"""The context of a request: values of condition keys, computed when a condition or a variable asks for them.

Source: IAM User Guide, "AWS global condition context keys", "Request information that you can use for policy
variables".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from farshore.model.access import Principal, PrincipalKind

Values = Sequence[str]
_PRINCIPAL_TAG = "aws:principaltag/"
Lookup = Callable[[str], Values]
"""A lower-case condition key -> its values; empty when the request does not have it."""


class LazyContext(dict[str, Values]):
    """Values by condition key, each looked up once, when it is asked for. No default counts: a key has its values."""

    __slots__ = ("_lookup",)

    def __init__(self, lookup: Lookup) -> None:
        super().__init__()
        self._lookup = lookup

    def __missing__(self, key: str) -> Values:
        values = self[key] = self._lookup(key)
        return values

    def get(self, key: str, default: object = ()) -> Values:  # type: ignore[override]
        del default
        return self[key]


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What a request has whatever service it is for.

    region: that was addressed. resource_account: that owns the resource. secure: whether it came over TLS.
    token_issued_us: when the caller's temporary credentials were made, None for long-lived ones.
    source_account, source_arn: on whose behalf, and for what, a service asks; else empty.
    """

    principal: Principal
    now_us: int
    region: str
    source_address: str
    secure: bool
    headers: Mapping[str, str]
    resource_account: str
    token_issued_us: int | None = None
    source_account: str = ""
    source_arn: str = ""


def global_values(circumstances: Circumstances, key: str) -> Values:
    """The values of a global condition key (`aws:…`)."""
    if key.startswith(_PRINCIPAL_TAG):
        return tag_values(circumstances.principal.tags, key.removeprefix(_PRINCIPAL_TAG))
    look = _GLOBAL.get(key)
    value = None if look is None else look(circumstances)
    return () if value is None else (value,)


def tag_values(tags: Mapping[str, str], name: str) -> Values:
    """The value of a tag. Its name is part of a condition key, and so its case does not count."""
    for key, value in tags.items():
        if key.lower() == name:
            return (value,)
    return ()


def _second_factor(circumstances: Circumstances) -> str | None:
    """Long-lived credentials do not say, and there is no second factor that temporary ones could have."""
    return None if circumstances.token_issued_us is None else "false"


def _source_ip(circumstances: Circumstances) -> str | None:
    address = circumstances.source_address
    # IPv4 through a socket of both families.
    return address.removeprefix("::ffff:") or None


def _moment(us: int) -> str:
    return datetime.fromtimestamp(us // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _principal_arn(circumstances: Circumstances) -> str | None:
    """Of a session the role's ARN, as AWS gives it."""
    principal = circumstances.principal
    if principal.kind in (PrincipalKind.ANONYMOUS, PrincipalKind.SERVICE):
        return None
    return principal.role_arn or principal.arn


def _principal_type(circumstances: Circumstances) -> str | None:
    kind = circumstances.principal.kind
    return None if kind is PrincipalKind.SERVICE else kind.value


def _user_id(circumstances: Circumstances) -> str | None:
    principal = circumstances.principal
    if principal.kind is PrincipalKind.ROOT:
        return principal.account_id
    return principal.unique_id or None


def _is_service(circumstances: Circumstances) -> bool:
    return circumstances.principal.kind is PrincipalKind.SERVICE


def _token_issue_time(circumstances: Circumstances) -> str | None:
    issued_us = circumstances.token_issued_us
    return None if issued_us is None else _moment(issued_us)


_GLOBAL: Mapping[str, Callable[[Circumstances], str | None]] = {
    "aws:currenttime": lambda request: _moment(request.now_us),
    "aws:epochtime": lambda request: str(request.now_us // 1_000_000),
    "aws:multifactorauthpresent": _second_factor,
    "aws:principalaccount": lambda request: request.principal.account_id or None,
    "aws:principalarn": _principal_arn,
    "aws:principalisawsservice": lambda request: "true" if _is_service(request) else "false",
    "aws:principalservicename": lambda request: request.principal.arn if _is_service(request) else None,
    "aws:principaltype": _principal_type,
    "aws:referer": lambda request: request.headers.get("Referer"),
    "aws:requestedregion": lambda request: request.region,
    "aws:resourceaccount": lambda request: request.resource_account or None,
    "aws:securetransport": lambda request: "true" if request.secure else "false",
    "aws:sourceaccount": lambda request: request.source_account or None,
    "aws:sourcearn": lambda request: request.source_arn or None,
    "aws:sourceip": _source_ip,
    "aws:tokenissuetime": _token_issue_time,
    "aws:useragent": lambda request: request.headers.get("User-Agent"),
    "aws:userid": _user_id,
    "aws:username": lambda request: request.principal.name or None,
    "aws:viaawsservice": lambda _: "false",
}
