"""Ids that Farshore makes: version ids, upload ids, blob ids, request ids, ids of accounts and identities.

Version ids are 32 characters of `[A-Za-z0-9._]`, as S3's are: 8 bytes of creation time and 16 random bytes. The time
is a hint for look-ups only; the order of versions never derives from the text of the id (replicas bring foreign ones).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
import secrets
import string

_TO_ID = bytes.maketrans(b"+/", b"._")
_FROM_ID = bytes.maketrans(b"._", b"+/")
_KEY_ID_LETTERS = string.ascii_uppercase + "234567"
_SECRET_LETTERS = string.ascii_letters + string.digits + "+/"
_VERSION_ID = re.compile(r"[A-Za-z0-9._]{32}\Z")
_UPLOAD_ID = re.compile(r"[A-Za-z0-9._]{64}\Z")


def version_id(created_us: int) -> str:
    """A new version id for a version created at this time."""
    raw = created_us.to_bytes(8, "big") + os.urandom(16)
    return base64.b64encode(raw).translate(_TO_ID).decode("ascii")


def version_time_hint(text: str) -> int | None:
    """The creation time (microseconds) inside one of our version ids; meaningless for foreign ids, None if not ours."""
    if not _VERSION_ID.match(text):
        return None
    # Twelve characters hold the time; `binascii` itself, since this runs at every look-up of a version.
    return int.from_bytes(binascii.a2b_base64(text[:12].encode().translate(_FROM_ID))[:8], "big")


def upload_id(key: str, created_us: int) -> str:
    """A new id of a multipart upload of this key, created at this time."""
    raw = created_us.to_bytes(8, "big") + _key_hash(key) + os.urandom(32)
    return base64.b64encode(raw).translate(_TO_ID).decode("ascii")


def upload_time(text: str, key: str) -> int | None:
    """The creation time (microseconds) inside an upload id of this key; None of any other text."""
    if not _UPLOAD_ID.match(text):
        return None
    raw = base64.b64decode(text.encode("ascii").translate(_FROM_ID))
    return int.from_bytes(raw[:8], "big") if raw[8:16] == _key_hash(key) else None


def blob_id() -> str:
    """A new blob id: 32 hex digits."""
    return secrets.token_hex(16)


def request_id() -> str:
    """A new x-amz-request-id: 16 characters of [A-Z0-9]."""
    return os.urandom(8).hex().upper()


def rule_id() -> str:
    """A generated replication rule id, for rules that come without one."""
    return base64.b64encode(os.urandom(36)).translate(bytes.maketrans(b"+/", b"-_")).decode("ascii")


def notification_id() -> str:
    """A generated id of a notification configuration, for those that come without one."""
    return base64.b64encode(os.urandom(27)).translate(bytes.maketrans(b"+/", b"-_")).decode("ascii")


def account_id() -> str:
    """A new account id: 12 digits, the first not 0, since some tools read account ids as numbers."""
    return str(10**11 + secrets.randbelow(9 * 10**11))


def access_key_id(prefix: str = "AKIA") -> str:
    """A new access key id: `AKIA` (long-lived) or `ASIA` (of a session) and 16 characters."""
    return prefix + "".join(secrets.choice(_KEY_ID_LETTERS) for _ in range(16))


def secret_access_key() -> str:
    """A new secret of 40 characters: 240 random bits."""
    return "".join(secrets.choice(_SECRET_LETTERS) for _ in range(40))


def unique_id(prefix: str) -> str:
    """A new unique id in IAM's form: `AIDA` (user), `AGPA` (group), `AROA` (role), `ANPA` (policy), 17 characters."""
    return prefix + "".join(secrets.choice(_KEY_ID_LETTERS) for _ in range(17))


def _key_hash(key: str) -> bytes:
    return hashlib.blake2b(key.encode(), digest_size=8).digest()
