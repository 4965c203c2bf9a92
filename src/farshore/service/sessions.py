"""Session tokens: temporary credentials sealed into themselves, so that they need no write and outlive a restart.

A token is the session (secret, whose it is, session policies, expiry) under the deployment's key, bound to its access
key id. Nothing of it can be read or changed by who holds it. It ends by expiring, or with the role or user it is of.
"""

from __future__ import annotations

import base64
import binascii
import zlib

import msgspec

from farshore.metadata.directory import Directory
from farshore.model.identity import Session

SIGNED_IN = "signed in"
"""Under this name a request for the console's session says whose it is."""

TOKEN_CHARS_MAX = 16 * 1024
_CONTENT_BYTES_MAX = 64 * 1024

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Session).decode


def seal_session(directory: Directory, session: Session) -> str:
    """The session token: text that may stand in a header or a URL's query."""
    content = zlib.compress(_encode(session))
    return base64.b64encode(directory.seal(content, _context(session.access_key_id))).decode()


def open_session(directory: Directory, access_key_id: str, token: str) -> Session | None:
    """The session of a token, which may have expired; None when it is none of ours, or of another access key."""
    if len(token) > TOKEN_CHARS_MAX:
        return None
    try:
        sealed = base64.b64decode(token.encode(), validate=True)
    except (ValueError, binascii.Error):
        return None
    content = directory.unseal(sealed, _context(access_key_id))
    if content is None:
        return None
    session = _decode(zlib.decompressobj().decompress(content, _CONTENT_BYTES_MAX))
    return session if session.access_key_id == access_key_id else None


def _context(access_key_id: str) -> str:
    return f"session {access_key_id}"
