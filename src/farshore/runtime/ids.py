"""Ids that Farshore makes: version ids, upload ids, blob ids, request ids.

Version ids are 32 characters of `[A-Za-z0-9._]`, as S3's are: 8 bytes of creation time and 16 random bytes. The time
is a hint for look-ups only; the order of versions never derives from the text of the id (replicas bring foreign ones).
"""

from __future__ import annotations

import base64
import os
import re
import secrets

_TO_ID = bytes.maketrans(b"+/", b"._")
_FROM_ID = bytes.maketrans(b"._", b"+/")
_VERSION_ID = re.compile(r"[A-Za-z0-9._]{32}\Z")


def version_id(created_us: int) -> str:
    """A new version id for a version created at this time."""
    raw = created_us.to_bytes(8, "big") + os.urandom(16)
    return base64.b64encode(raw).translate(_TO_ID).decode("ascii")


def version_time_hint(text: str) -> int | None:
    """The creation time (microseconds) inside one of our version ids; meaningless for foreign ids, None if not ours."""
    if not _VERSION_ID.match(text):
        return None
    return int.from_bytes(base64.b64decode(text.encode("ascii").translate(_FROM_ID))[:8], "big")


def upload_id() -> str:
    """A new multipart upload id."""
    return base64.b64encode(os.urandom(48)).translate(_TO_ID).decode("ascii")


def blob_id() -> str:
    """A new blob id: 32 hex digits."""
    return secrets.token_hex(16)


def request_id() -> str:
    """A new x-amz-request-id: 16 characters of [A-Z0-9]."""
    return base64.b32encode(os.urandom(10)).decode("ascii")


def rule_id() -> str:
    """A generated replication rule id, for rules that come without one."""
    return base64.b64encode(os.urandom(36)).translate(bytes.maketrans(b"+/", b"-_")).decode("ascii")
