"""The framing of aws-chunked bodies: chunk headers off, payload out, trailers read. No I/O, no keys.

    <hex size>[;chunk-signature=<hex>]\\r\\n <payload> \\r\\n … 0[;chunk-signature=<hex>]\\r\\n [trailer\\r\\n …] \\r\\n

Payload pieces are handed out before their chunk's signature could be checked (it covers the whole chunk): what is made
of them counts only once `finish` returned.
Source: API Reference, "Transferring Payload in Multiple Chunks", "… Including Trailing Headers"; observed on AWS:
framing that is none is IncompleteBody, an unsigned body needs no CRLF after its trailers, a line feed before a
trailer's CRLF is space. AWS also lets anything follow a body's end; here only line ends may.
"""

from __future__ import annotations

import hashlib
import re
from enum import Enum, auto
from typing import Literal, Protocol

from farshore.model.errors import IncompleteBody, InvalidChunkSizeError, MalformedTrailerError, S3Error

Mode = Literal["signed", "signed-trailer", "unsigned-trailer"]

TRAILER_BYTES_MAX = 8192

_HEADER_BYTES_MAX = 256
_SIGNED_CHUNK_BYTES_MIN = 8192
_SIZE = re.compile(r"[0-9a-fA-F]{1,16}")
_TRAILER_SIGNATURE = "x-amz-trailer-signature"


class ChunkChecker(Protocol):
    """Checks signatures in the order of the chunks; raises when one does not hold."""

    def check_chunk(self, sha256_hex: str, signature: str) -> None: ...

    def check_trailer(self, canonical_trailers: bytes, signature: str) -> None: ...


class _State(Enum):
    HEADER = auto()
    PAYLOAD = auto()
    PAYLOAD_END = auto()
    TRAILER = auto()
    TRAILER_END = auto()
    DONE = auto()


class AwsChunkedDecoder:
    """Decodes one body. After an error it is of no more use.

    Args:
        decoded_length: payload bytes that x-amz-decoded-content-length announced.
        checker: for the signed modes, else None.
        max_trailer_bytes: of all trailer lines with their ends.
    """

    def __init__(
        self,
        mode: Mode,
        decoded_length: int,
        checker: ChunkChecker | None,
        max_trailer_bytes: int = TRAILER_BYTES_MAX,
    ) -> None:
        assert (checker is None) == (mode == "unsigned-trailer"), mode
        self._mode = mode
        self._checker = checker
        self._expected = decoded_length
        self._announced = 0
        self._state = _State.HEADER
        self._line = bytearray()
        self._left = 0
        self._chunks = 0
        self._chunk_size: int | None = None
        self._signature = ""
        self._digest = hashlib.sha256()
        self._trailers: list[tuple[str, str]] = []
        self._trailer_bytes_left = max_trailer_bytes

    def feed(self, data: bytes | memoryview) -> list[memoryview]:
        """Payload pieces in the data, in order: slices of it, not copies.

        Raises:
            IncompleteBody: framing that is none, or more payload than announced.
            InvalidChunkSizeError: a signed chunk before the last of under 8 KiB.
            MalformedTrailerError: trailers that are none, or data after the end.
            SignatureDoesNotMatch.
        """
        view = memoryview(data)
        pieces: list[memoryview] = []
        while view:
            if self._state is _State.PAYLOAD:
                piece, view = view[: self._left], view[self._left :]
                self._take(piece)
                pieces.append(piece)
            elif self._state is _State.DONE:
                self._after_end(view)
                break
            else:
                view = self._read_line(view)
        return pieces

    def finish(self) -> dict[str, str]:
        """The trailers (lower-case names; the last of a name counts), once the body ended.

        Raises:
            IncompleteBody: the body ended early, or is not as long as announced.
        """
        if self._state is _State.TRAILER and self._mode == "unsigned-trailer" and not self._line:
            self._end()
        if self._state is not _State.DONE:
            raise _malformed()
        return dict(self._trailers)

    def _take(self, piece: memoryview) -> None:
        self._left -= len(piece)
        if self._checker is not None:
            self._digest.update(piece)
        if self._left == 0:
            self._check_chunk()
            self._state = _State.PAYLOAD_END

    def _check_chunk(self) -> None:
        if self._checker is not None:
            self._checker.check_chunk(self._digest.hexdigest(), self._signature)
            self._digest = hashlib.sha256()

    def _read_line(self, view: memoryview) -> memoryview:
        """Gather bytes up to the next CRLF, and act on the line; returns what follows."""
        known = len(self._line)
        longest = self._longest_line() + 2
        self._line += view[: longest - known]
        end = self._line.find(b"\r\n", max(known - 1, 0))
        if end >= 0:
            line = self._line[:end].decode("utf-8", "surrogateescape")
            if line and self._in_trailer():
                self._count_trailer(end + 2)
            self._line.clear()
            self._on_line(line)
            return view[end + 2 - known :]
        if len(self._line) >= longest:
            raise MalformedTrailerError() if self._in_trailer() else _malformed()
        return view[len(self._line) - known :]

    def _longest_line(self) -> int:
        if self._state is _State.PAYLOAD_END:
            return 0
        return self._trailer_bytes_left if self._in_trailer() else _HEADER_BYTES_MAX

    def _in_trailer(self) -> bool:
        return self._state in (_State.TRAILER, _State.TRAILER_END)

    def _on_line(self, line: str) -> None:
        match self._state:
            case _State.HEADER:
                self._on_header(line)
            case _State.PAYLOAD_END:
                self._state = _State.HEADER
            case _:
                self._on_trailer(line)

    def _on_header(self, line: str) -> None:
        size_text, _, extension = line.partition(";")
        size_text = size_text.strip()
        if not _SIZE.fullmatch(size_text):
            raise _malformed()
        if self._checker is not None:
            self._signature = _chunk_signature(extension)
        self._begin_chunk(int(size_text, 16))

    def _begin_chunk(self, size: int) -> None:
        self._chunks += 1
        if size == 0:
            self._check_chunk()
            self._state = _State.TRAILER
            return
        before = self._chunk_size
        if self._checker is not None and before is not None and before < _SIGNED_CHUNK_BYTES_MIN:
            # AWS: names the chunk that showed it, with the size of the one before.
            raise InvalidChunkSizeError(Chunk=self._chunks, BadChunkSize=before)
        self._announced += size
        if self._announced > self._expected:
            raise self._other_length()
        self._chunk_size = self._left = size
        self._state = _State.PAYLOAD

    def _on_trailer(self, line: str) -> None:
        if not line:
            if self._mode == "signed-trailer" and self._state is _State.TRAILER:
                raise _malformed()
            self._end()
            return
        name, colon, value = line.partition(":")
        name, value = name.strip().lower(), value.strip()
        if not name or not colon or "\n" in value or self._mode == "signed" or self._state is _State.TRAILER_END:
            raise MalformedTrailerError()
        if name == _TRAILER_SIGNATURE:
            self._check_trailers(value)
        else:
            self._trailers.append((name, value))

    def _check_trailers(self, signature: str) -> None:
        if self._checker is None:
            raise MalformedTrailerError()
        # AWS: a body without trailers signs a lone line feed.
        canonical = "".join([f"{name}:{value}\n" for name, value in self._trailers]) or "\n"
        self._checker.check_trailer(canonical.encode("utf-8", "surrogateescape"), signature)
        self._state = _State.TRAILER_END

    def _end(self) -> None:
        if self._announced != self._expected:
            raise self._other_length()
        self._state = _State.DONE

    def _after_end(self, view: memoryview) -> None:
        """Some clients send one line end more than the format has."""
        self._count_trailer(len(view))
        if bytes(view).strip(b"\r\n"):
            raise MalformedTrailerError()

    def _count_trailer(self, size: int) -> None:
        self._trailer_bytes_left -= size
        if self._trailer_bytes_left < 0:
            raise MalformedTrailerError()

    def _other_length(self) -> S3Error:
        return IncompleteBody(NumberBytesExpected=self._expected, NumberBytesProvided=self._announced)


def _malformed() -> IncompleteBody:
    return IncompleteBody("The request body terminated unexpectedly")


def _chunk_signature(extension: str) -> str:
    name, _, value = extension.partition("=")
    signature = value.strip()
    if name.strip() != "chunk-signature" or not signature or ";" in signature:
        raise _malformed()
    return signature
