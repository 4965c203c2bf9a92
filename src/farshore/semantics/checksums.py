"""Checksums of bodies and parts: which one a request asks for, computing, combining and comparing them.

Source: S3 User Guide, "Checking object integrity in Amazon S3"; answers recorded on AWS.
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from awscrt import checksums as crt

from farshore.model.errors import (
    BadDigest,
    InvalidDigest,
    InvalidRequest,
    MalformedTrailerError,
    S3Error,
)
from farshore.model.objects import Checksum, ChecksumType, Part

ALGORITHMS = ("CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256", "SHA512", "MD5", "XXHASH64", "XXHASH3", "XXHASH128")
DEFAULT_ALGORITHM = "CRC64NVME"
"""What S3 computes of an object that arrives without a checksum."""

_NAMED_TO_CLIENTS = ALGORITHMS[:5]
"""As S3 was recorded to name them, before April 2026, when it came to take the others too."""

_DIGEST_BYTES = {
    "CRC32": 4,
    "CRC32C": 4,
    "CRC64NVME": 8,
    "SHA1": 20,
    "SHA256": 32,
    "SHA512": 64,
    "MD5": 16,
    "XXHASH64": 8,
    "XXHASH3": 8,
    "XXHASH128": 16,
}
_MEMBERS = {f"Checksum{algorithm}": algorithm for algorithm in ALGORITHMS}
_TRAILERS = {f"x-amz-checksum-{algorithm.lower()}": algorithm for algorithm in ALGORITHMS}


class _Digest(Protocol):
    def update(self, data: bytes | bytearray | memoryview, /) -> None: ...

    def digest(self) -> bytes: ...


class ChecksumAccumulator:
    """A checksum of bytes that arrive piece by piece."""

    __slots__ = ("_digest", "algorithm")

    def __init__(self, algorithm: str) -> None:
        self.algorithm = algorithm
        self._digest = _new_digest(algorithm)

    def update(self, buffer: bytes | bytearray | memoryview) -> None:
        self._digest.update(buffer)

    def value(self) -> str:
        """Base64 of the digest so far."""
        return base64.b64encode(self._digest.digest()).decode("ascii")

    def checksum(self) -> Checksum:
        return Checksum(self.algorithm, self.value())


def compute(algorithm: str, body: bytes | bytearray | memoryview) -> Checksum:
    """The checksum of a whole body."""
    accumulator = ChecksumAccumulator(algorithm)
    accumulator.update(body)
    return accumulator.checksum()


def combine_full_object(parts: Sequence[Part]) -> Checksum:
    """The checksum of the concatenated parts, from the parts' own, without reading their bytes.

    Args:
        parts: at least one, in order, each with a checksum of the same CRC algorithm.
    """
    algorithm, digests = _part_digests(parts)
    combine = _COMBINE[algorithm]
    crc = int.from_bytes(digests[0], "big")
    for part, digest in zip(parts[1:], digests[1:], strict=True):
        crc = combine(crc, int.from_bytes(digest, "big"), part.size)
    return Checksum(algorithm, base64.b64encode(crc.to_bytes(_DIGEST_BYTES[algorithm], "big")).decode("ascii"))


def composite(parts: Sequence[Part]) -> Checksum:
    """The checksum of the parts' checksums: `base64-N`.

    Args:
        parts: at least one, in order, each with a checksum of the same algorithm.
    """
    algorithm, digests = _part_digests(parts)
    value = compute(algorithm, b"".join(digests)).value
    return Checksum(algorithm, f"{value}-{len(parts)}", ChecksumType.COMPOSITE)


def requested_checksum(params: Mapping[str, Any], trailer: str | None = None) -> tuple[str | None, str | None]:
    """The checksum that comes with a body: (algorithm, expected base64 value).

    Args:
        params: members ChecksumCRC32 … and ChecksumAlgorithm (`x-amz-sdk-checksum-algorithm`).
        trailer: the x-amz-trailer header. Then the value is None until the body was read: `trailer_value`.
    Returns:
        (None, None) when the client sends none.
    Raises:
        InvalidRequest: several checksums, a value that cannot be one, or an algorithm without its value.
    """
    given = given_checksums(params)
    if trailer:
        given += [(_trailer_algorithm(name), None) for name in trailer.split(",")]
    if len(given) > 1:
        raise InvalidRequest(
            "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
        )
    named = params.get("ChecksumAlgorithm")
    if not given:
        if named is not None:
            raise InvalidRequest(
                "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* "
                "or x-amz-trailer headers were found."
            )
        return None, None
    algorithm, value = given[0]
    if named is not None and named.upper() != algorithm:
        raise InvalidRequest("Value for x-amz-sdk-checksum-algorithm header is invalid.")
    if value is not None:
        _check_value(algorithm, value)
    return algorithm, value


def given_checksums(params: Mapping[str, Any]) -> list[tuple[str, str | None]]:
    """The (algorithm, value) members that a structure has, unchecked."""
    return [(_MEMBERS[member], params[member]) for member in params.keys() & _MEMBERS.keys()]


def trailer_value(algorithm: str, trailers: Mapping[str, str]) -> str:
    """The checksum that `x-amz-trailer` announced, from the trailing headers (lower-case names).

    Raises:
        MalformedTrailerError: it did not come. InvalidRequest: it cannot be one.
    """
    value = trailers.get(f"x-amz-checksum-{algorithm.lower()}")
    if value is None:
        raise MalformedTrailerError()
    value = value.strip()
    _check_value(algorithm, value)
    return value


def verify(computed: Checksum, expected: str) -> None:
    """Compare a body's checksum with the one the client sent.

    Raises:
        BadDigest: they differ.
    """
    if computed.value != expected:
        raise BadDigest(f"The {computed.algorithm} you specified did not match the calculated checksum.")


def check_content_md5(header: str | None) -> bytes | None:
    """The 16 bytes of a Content-MD5 header; None without one.

    Raises:
        InvalidDigest: not base64 of 16 bytes.
    """
    if header is None:
        return None
    try:
        digest = base64.b64decode(header, validate=True)
    except ValueError:
        digest = b""
    if len(digest) != 16:
        member: dict[str, Any] = {"Content-MD5": header}
        raise InvalidDigest(**member)
    return digest


def verify_md5(expected: bytes, computed: bytes, *, part: bool = False) -> None:
    """Compare a body's MD5 with its Content-MD5.

    # AWS: ExpectedDigest is hex when an object is put, base64 when a part is uploaded (recorded).

    Raises:
        BadDigest: they differ.
    """
    if expected != computed:
        shown = base64.b64encode(expected).decode("ascii") if part else expected.hex()
        raise BadDigest(ExpectedDigest=shown, CalculatedDigest=base64.b64encode(computed).decode("ascii"))


def check_algorithm(name: str | None) -> str | None:
    """Accept the `x-amz-checksum-algorithm` of CopyObject and CreateMultipartUpload.

    Raises:
        InvalidRequest: none that S3 computes.
    """
    if name is None:
        return None
    if name.upper() not in ALGORITHMS:
        raise InvalidRequest(
            "Checksum algorithm provided is unsupported. Please try again with any of the valid types: "
            f"[{', '.join(_NAMED_TO_CLIENTS)}]"
        )
    return name.upper()


def copy_algorithm(source: Checksum | None, requested: str | None) -> str:
    """What a copy's checksum is computed with: as asked, else as its source, else the default. Always full-object.

    Raises:
        InvalidRequest: an algorithm that S3 does not compute.
    """
    return check_algorithm(requested) or (source.algorithm if source is not None else DEFAULT_ALGORITHM)


def upload_checksum(params: Mapping[str, Any]) -> tuple[str | None, ChecksumType | None]:
    """The algorithm and type that CreateMultipartUpload asks for; (None, None) when it names none.

    Raises:
        InvalidRequest: unknown algorithm or type, a type without algorithm, or two that do not go together.
    """
    algorithm = check_algorithm(params.get("ChecksumAlgorithm"))
    kind = params.get("ChecksumType")
    if algorithm is None:
        if kind is not None:
            raise InvalidRequest(
                "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header."
            )
        return None, None
    if kind is None:
        return algorithm, ChecksumType.FULL_OBJECT if algorithm == "CRC64NVME" else ChecksumType.COMPOSITE
    if kind not in tuple(ChecksumType):
        raise InvalidRequest("Value for x-amz-checksum-type header is invalid.")
    if (kind == ChecksumType.COMPOSITE and algorithm == "CRC64NVME") or (
        kind == ChecksumType.FULL_OBJECT and algorithm not in _COMBINE
    ):
        raise InvalidRequest(
            f"The {kind} checksum type cannot be used with the {algorithm.lower()} checksum algorithm."
        )
    return algorithm, ChecksumType(kind)


def part_algorithm(upload_algorithm: str | None, requested: str | None) -> str:
    """What to store of a part: the upload's algorithm, or the default when the upload named none.

    A part of an upload that named none may come with any checksum: it is compared, not stored (recorded).

    Args:
        requested: the algorithm of the checksum that came with the part, if any.
    Raises:
        InvalidRequest: it is not the upload's.
    """
    if upload_algorithm is None:
        return DEFAULT_ALGORITHM
    if requested is not None and requested != upload_algorithm:
        raise InvalidRequest(
            f"Checksum Type mismatch occurred, expected checksum Type: {upload_algorithm.lower()}, "
            f"actual checksum Type: {requested.lower()}"
        )
    return upload_algorithm


def _check_value(algorithm: str, value: str) -> None:
    try:
        valid = len(base64.b64decode(value, validate=True)) == _DIGEST_BYTES[algorithm]
    except ValueError:
        valid = False
    if not valid:
        raise _invalid_value(algorithm)


def _invalid_value(algorithm: str) -> S3Error:
    return InvalidRequest(f"Value for x-amz-checksum-{algorithm.lower()} header is invalid.")


def _trailer_algorithm(name: str) -> str:
    algorithm = _TRAILERS.get(name.strip().lower())
    if algorithm is None:
        raise InvalidRequest("The value specified in the x-amz-trailer header is not supported")
    return algorithm


def _part_digests(parts: Sequence[Part]) -> tuple[str, list[bytes]]:
    digests: list[bytes] = []
    algorithm = ""
    for part in parts:
        assert part.checksum is not None, part
        assert algorithm in ("", part.checksum.algorithm), parts
        algorithm = part.checksum.algorithm
        digests.append(base64.b64decode(part.checksum.value))
    assert digests
    return algorithm, digests


class _Crc:
    """The digest interface over a CRC function."""

    __slots__ = ("_bytes", "_crc", "_step")

    def __init__(self, step: Callable[[Any, int], int], size: int) -> None:
        self._step = step
        self._bytes = size
        self._crc = 0

    def update(self, data: bytes | bytearray | memoryview, /) -> None:
        self._crc = self._step(data, self._crc)

    def digest(self) -> bytes:
        return self._crc.to_bytes(self._bytes, "big")


class _XxHash:
    """The digest interface over a hash that takes nothing but bytes."""

    __slots__ = ("_hash",)

    def __init__(self, new: Callable[[], crt.XXHash]) -> None:
        self._hash = new()

    def update(self, data: bytes | bytearray | memoryview, /) -> None:
        self._hash.update(bytes(data))

    def digest(self) -> bytes:
        return self._hash.finalize()


_CRC: dict[str, Callable[[Any, int], int]] = {
    "CRC32": zlib.crc32,
    "CRC32C": crt.crc32c,
    "CRC64NVME": crt.crc64nvme,
}
_COMBINE: dict[str, Callable[[int, int, int], int]] = {
    "CRC32": crt.combine_crc32,
    "CRC32C": crt.combine_crc32c,
    "CRC64NVME": crt.combine_crc64nvme,
}

_XXHASH: dict[str, Callable[[], crt.XXHash]] = {
    "XXHASH64": crt.XXHash.new_xxhash64,
    "XXHASH3": crt.XXHash.new_xxhash3_64,
    "XXHASH128": crt.XXHash.new_xxhash3_128,
}


def _new_digest(algorithm: str) -> _Digest:
    step, new_xxhash = _CRC.get(algorithm), _XXHASH.get(algorithm)
    if step is not None:
        return _Crc(step, _DIGEST_BYTES[algorithm])
    if new_xxhash is not None:
        return _XxHash(new_xxhash)
    assert algorithm in ALGORITHMS, algorithm
    return hashlib.new(algorithm.lower(), usedforsecurity=False)
