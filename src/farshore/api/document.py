"""Small request bodies (XML documents): read whole, with every digest that came with them checked."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from farshore.api.request_body import HttpBody
from farshore.model.errors import (
    EntityTooLarge,
    InvalidRequest,
    MaxMessageLengthExceeded,
    XAmzContentSHA256Mismatch,
)
from farshore.semantics import checksums
from farshore.wire.operations import Operation

DOCUMENT_BYTES_MAX = 2 * 1024 * 1024


async def read_document(
    headers: Mapping[str, str], body: HttpBody, operation: Operation, content_sha256: str | None
) -> bytes:
    """The document of an operation that takes one; empty where none came.

    Args:
        content_sha256: hex digest that was signed, None if none was.
    Raises:
        MaxMessageLengthExceeded, IncompleteBody, XAmzContentSHA256Mismatch, InvalidDigest, BadDigest, InvalidRequest.
    """
    document = await read_body(body, content_sha256)
    digested = _check_md5(headers, document)
    if not operation.checksum_of_object:
        digested = _check_checksum(headers, body.trailers(), document) or digested
    if operation.checksum_required and document and not digested:
        raise InvalidRequest("Missing required header for this request: Content-MD5 OR x-amz-checksum-*")
    return document


async def read_body(body: HttpBody, content_sha256: str | None) -> bytes:
    """A small body, whole, and as it was signed.

    Raises:
        MaxMessageLengthExceeded, IncompleteBody, XAmzContentSHA256Mismatch.
    """
    try:
        document = await body.read_all(DOCUMENT_BYTES_MAX)
    except EntityTooLarge:
        raise MaxMessageLengthExceeded(MaxMessageLengthBytes=DOCUMENT_BYTES_MAX) from None
    if content_sha256 is not None:
        computed = hashlib.sha256(document).hexdigest()
        if computed != content_sha256:
            raise XAmzContentSHA256Mismatch(
                ClientComputedContentSHA256=content_sha256, S3ComputedContentSHA256=computed
            )
    return document


def _check_md5(headers: Mapping[str, str], document: bytes) -> bool:
    expected = checksums.check_content_md5(headers.get("Content-MD5"))
    if expected is None:
        return False
    checksums.verify_md5(expected, hashlib.md5(document, usedforsecurity=False).digest())
    return True


def _check_checksum(headers: Mapping[str, str], trailers: Mapping[str, str], document: bytes) -> bool:
    given = {
        f"Checksum{algorithm}": headers[f"x-amz-checksum-{algorithm.lower()}"]
        for algorithm in checksums.ALGORITHMS
        if f"x-amz-checksum-{algorithm.lower()}" in headers
    }
    named = headers.get("x-amz-sdk-checksum-algorithm")
    if named is not None:
        given["ChecksumAlgorithm"] = named
    algorithm, expected = checksums.requested_checksum(given, headers.get("x-amz-trailer"))
    if algorithm is None:
        return False
    if expected is None:
        expected = checksums.trailer_value(algorithm, trailers)
    checksums.verify(checksums.compute(algorithm, document), expected)
    return True
