"""Signatures of a streamed body's chunks and trailer, each built on the one before.

Source: API Reference, "Signature Calculations for the Authorization Header: Transferring Payload in Multiple Chunks",
"… Including Trailing Headers".
"""

from __future__ import annotations

import hashlib

from farshore.auth.sigv4 import VerifiedSignature, mismatch, same_signature

_EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()


class ChunkSigner:
    """Checks a chain of signatures that begins with the request's own. One per request."""

    def __init__(self, seed: VerifiedSignature) -> None:
        self._seed = seed
        self._previous = seed.signature

    def check_chunk(self, sha256_hex: str, signature: str) -> None:
        """Check the next chunk, the empty last one included.

        Args:
            sha256_hex: of the chunk's payload.
        Raises:
            SignatureDoesNotMatch.
        """
        self._check("AWS4-HMAC-SHA256-PAYLOAD", f"{_EMPTY_SHA256}\n{sha256_hex}", signature)

    def check_trailer(self, canonical_trailers: bytes, signature: str) -> None:
        """Check the trailers, after the last chunk.

        Args:
            canonical_trailers: `name:value\\n` each, in the order sent, without the signature.
        Raises:
            SignatureDoesNotMatch.
        """
        self._check("AWS4-HMAC-SHA256-TRAILER", hashlib.sha256(canonical_trailers).hexdigest(), signature)

    def _check(self, algorithm: str, digests: str, signature: str) -> None:
        seed = self._seed
        to_sign = f"{algorithm}\n{seed.amz_date}\n{seed.scope}\n{self._previous}\n{digests}".encode()
        expected = seed.sign(to_sign)
        if not same_signature(expected, signature):
            raise mismatch(seed.access_key_id, signature, to_sign, seed.canonical_request)
        self._previous = expected
