"""The form of a browser-based upload, read as it comes: its fields first, then its file as a stream."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from typing import Any

from aiohttp import BodyPartReader, MultipartReader, web
from aiohttp.http_exceptions import BadHttpMessage, TransferEncodingError

from farshore.api.request_body import IDLE_S_MAX, HttpBody
from farshore.model.errors import (
    EntityTooLarge,
    IncompleteBody,
    InvalidArgument,
    MalformedPOSTRequest,
    MaxPostPreDataLengthExceededError,
    PreconditionFailed,
    RequestTimeout,
)
from farshore.semantics.post_policy import SizeRange

FIELDS_BYTES_MAX = 20 * 1024
"""Names and values of all fields before the file, as on AWS."""

_PIECE_BYTES = 256 * 1024
_FORM = "multipart/form-data"
_QUOTED_NAME = re.compile(r';\s*filename="([^"]*)"')


class PostForm:
    """fields: by their names in lower case, as text. filename: of the file, without its path; None where none is given.

    The file is the request's body: it can be read once, after the form's fields.
    """

    def __init__(self, fields: Mapping[str, str], file: BodyPartReader) -> None:
        self.fields = fields
        self.filename = _filename(file)
        self._file = file

    def body(self, size: SizeRange) -> FormFile:
        return FormFile(self._file, size)


class FormFile:
    """`service.deployment.RequestBody` over the file of a form. A file whose size is not allowed is read to its end, so
    that the error can tell its size, and none of it is passed on beyond the bound."""

    length: int | None = None

    def __init__(self, file: BodyPartReader, size: SizeRange) -> None:
        self._file = file
        self._size = size

    async def read_all(self, limit: int) -> bytes:
        pieces = [piece async for piece in self.pieces()]
        whole = b"".join(pieces)
        if len(whole) > limit:
            raise EntityTooLarge(ProposedSize=len(whole), MaxSizeAllowed=limit)
        return whole

    async def pieces(self) -> AsyncIterator[bytes]:
        size = 0
        while piece := await _read(self._file.read_chunk(_PIECE_BYTES)):
            size += len(piece)
            if self._size.check_growing(size):
                yield piece
        self._size.check(size)

    def trailers(self) -> Mapping[str, str]:
        return {}


def is_form(http: web.BaseRequest) -> bool:
    return http.content_type == _FORM


async def read_form(http: web.BaseRequest, body: HttpBody) -> PostForm:
    """Read the fields, up to the file. What comes after the file is ignored.

    Raises:
        PreconditionFailed: no form. MalformedPOSTRequest, IncompleteBody, RequestTimeout.
        InvalidArgument: a form without a file. MaxPostPreDataLengthExceededError.
    """
    if not is_form(http):
        raise PreconditionFailed(Condition=f"Bucket POST must be of the enclosure-type {_FORM}")
    await body.begin()
    try:
        reader = MultipartReader(http.headers, http.content)
    except (AssertionError, ValueError) as error:
        raise MalformedPOSTRequest() from error
    fields: dict[str, str] = {}
    left = FIELDS_BYTES_MAX
    while True:
        part: Any = await _read(reader.next())
        if part is None:
            raise InvalidArgument(
                "POST requires exactly one file upload per request.", ArgumentName="file", ArgumentValue="0"
            )
        if not isinstance(part, BodyPartReader) or part.name is None:
            raise MalformedPOSTRequest()
        name = part.name.lower()
        if name == "file":
            return PostForm(fields, part)
        left -= len(name)
        value = await _field(part, left)
        left -= len(value)
        fields[name] = value.decode("utf-8", "replace")


def _filename(file: BodyPartReader) -> str | None:
    """The file's name without its path. aiohttp takes a path's backslashes for escapes, which browsers do not write."""
    quoted = _QUOTED_NAME.search(file.headers.get("Content-Disposition", ""))
    name = file.filename if quoted is None else quoted[1]
    return None if name is None else name[max(name.rfind("/"), name.rfind("\\")) + 1 :]


async def _field(part: BodyPartReader, left: int) -> bytes:
    if left < 0:  # Of names alone: a form may have any number of fields without a value.
        raise MaxPostPreDataLengthExceededError()
    value = bytearray()
    while piece := await _read(part.read_chunk(FIELDS_BYTES_MAX)):
        value += piece
        if len(value) > left:
            raise MaxPostPreDataLengthExceededError()
    return bytes(value)


async def _read(step: Any) -> Any:
    """One read of the form, with a deadline and S3's errors."""
    try:
        async with asyncio.timeout(IDLE_S_MAX):
            return await step
    except TimeoutError:
        raise RequestTimeout() from None
    except (BadHttpMessage, TransferEncodingError, ConnectionError, web.RequestPayloadError):
        raise IncompleteBody() from None
    except (AssertionError, ValueError) as error:  # aiohttp's own, of boundaries and heads that are none.
        raise MalformedPOSTRequest() from error
