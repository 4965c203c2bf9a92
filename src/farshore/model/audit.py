"""What is kept of a request that was decided: the one record that audit log and server access logs are written from.

No member ever holds a secret, a signature or a session token.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Verdict(StrEnum):
    """What became of a request's authorization. NONE: it ended before anything was decided (no such bucket, …)."""

    ALLOW = "allow"
    DENY = "deny"
    NONE = "none"


class Decided(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One action on one resource, as it was decided.

    reason: why, as `auth.evaluate.Reason` names it in lower case; `authentication` where credentials did not hold.
    policy_type: where the deciding statement stands, as AWS's messages name it. policy: which one; a bucket's policy is
        `the bucket policy`. statement: its Sid, else its place (`statement 2`). Empty where no single one decides.
    """

    action: str = ""
    resource: str = ""
    allowed: bool
    reason: str
    policy_type: str = ""
    policy: str = ""
    statement: str = ""


class AuditRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A request that was answered. Texts are empty, numbers 0, where there is nothing to say.

    time: ISO 8601, UTC, when the request came. service: s3, s3control, iam, sts, monitoring, or farshore (`/-/…`).
    account, principal: of the caller. access_key_id: the caller's; of credentials that did not hold, what they claimed.
    region: of the bucket, else that the request was signed for. bucket_owner: account.
    key, version_id: named by the request, or made by it. uri: as it came, with secrets hidden.
    status: 0 when the client went away before it could be told. broken_off: it went away before the answer's end.
    decision, by: what was decided, and the decision that decided: the first refusal of a request that was refused, else
        that on its first action. also: the others, at most 32 of them.
    bytes_sent: of the body. object_bytes: size of the object. total_us: until the answer was made and, of a large one,
        sent. turnaround_us: from the request's last byte to the answer's first.
    signature_version: SigV4, SigV2. auth_type: AuthHeader, QueryString. acl_required: an access control list let it in.
    """

    time: str
    request_id: str
    host_id: str
    service: str
    operation: str = ""
    account: str = ""
    principal: str = ""
    access_key_id: str = ""
    source_ip: str = ""
    region: str = ""
    bucket: str = ""
    bucket_owner: str = ""
    key: str = ""
    version_id: str = ""
    method: str = ""
    uri: str = ""
    protocol: str = ""
    host: str = ""
    referer: str = ""
    user_agent: str = ""
    status: int
    code: str = ""
    broken_off: bool = False
    decision: Verdict
    by: Decided | None = None
    also: tuple[Decided, ...] = ()
    bytes_sent: int = 0
    object_bytes: int | None = None
    total_us: int = 0
    turnaround_us: int = 0
    signature_version: str = ""
    auth_type: str = ""
    cipher_suite: str = ""
    tls_version: str = ""
    acl_required: bool = False
