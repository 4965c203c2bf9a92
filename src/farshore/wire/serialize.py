"""From an operation's output, or an error, to a response: writers compiled once, one for each operation."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from farshore.model.errors import S3Error
from farshore.wire.header_text import clean_header, encode_metadata
from farshore.wire.operations import Operation
from farshore.wire.shapes import Definition, Shape
from farshore.wire.timestamps import http_date, iso_milliseconds
from farshore.wire.xml import DECLARATION, escape_text
from farshore.wire.xml_writer import DocumentWriter, WriterCompiler

_XML = "application/xml"
_BODILESS = frozenset((204, 304))


@dataclass(frozen=True, slots=True)
class WireResponse:
    """A response but for its transport: Content-Length of `body`, Date and request ids are the server's.

    body: b"" where the operation streams its output.
    """

    status: int
    headers: list[tuple[str, str]]
    body: bytes


ResponseWriter = Callable[[Mapping[str, Any], int | None], WireResponse]
"""(output, status or None for the operation's own) -> response."""
_BodyWriter = Callable[[Mapping[str, Any]], bytes]


class _Header(NamedTuple):
    name: str
    write: Callable[[Any], str]


class ResponseCompiler:
    """Compiles the response writers of one service."""

    def __init__(self, definition: Definition) -> None:
        self._definition = definition

    def compile(self, operations: Mapping[str, Operation]) -> dict[str, ResponseWriter]:
        """The writers of all operations, by name."""
        outputs = {
            name: self._definition.shape(traits["output"])
            for name, traits in self._definition.operations.items()
            if "output" in traits
        }
        documents = self._documents(outputs)
        return {
            name: self._writer(operation, outputs.get(name), documents.get(name))
            for name, operation in operations.items()
        }

    def _documents(self, outputs: Mapping[str, Shape]) -> dict[str, DocumentWriter]:
        compiler = WriterCompiler(self._definition)
        for name, shape in outputs.items():
            patch = self._definition.patch(name)
            if "bare" in patch:
                compiler.add_bare_document(name, patch["root"], patch["bare"])
            elif shape.payload is None:
                if shape.body_members:
                    root = patch.get("root", shape.wire_name(shape.name))
                    compiler.add_document(name, root, shape, shape.body_members)
            else:
                payload = shape.members[shape.payload]
                if payload.type == "structure" and not payload.streaming:
                    compiler.add_document(name, payload.wire_name(shape.payload), payload, payload.members)
        return compiler.compile()

    def _writer(self, operation: Operation, shape: Shape | None, document: DocumentWriter | None) -> ResponseWriter:
        if shape is None:
            return _bodiless_writer(operation.http_status)
        headers = {name: _header(name, member) for name, member in shape.members.items() if member.location == "header"}
        metadata = next((name for name, member in shape.members.items() if member.location == "headers"), None)
        content_type = self._definition.patch(operation.name).get("content_type", _XML)
        body = _body_writer(operation, shape, document)
        return _response_writer(operation.http_status, headers, metadata, body, content_type)


def serialize_error(
    error: S3Error, *, request_id: str, host_id: str, head: bool = False, wrapped: bool = False
) -> WireResponse:
    """An error as S3 answers it: code, message, its details, the ids of the request. No body for HEAD and 304.

    Args:
        wrapped: in an ErrorResponse, as S3 Control answers (Smithy, "AWS restXml protocol", noErrorWrapping: S3 alone
            has errors without it).
    """
    headers = [(name, clean_header(value)) for name, value in error.headers.items()]
    if error.status in _BODILESS:
        return WireResponse(error.status, headers, b"")
    headers.append(("Content-Type", _XML))
    if head:
        return WireResponse(error.status, headers, b"")
    about = _elements({"Code": error.code, "Message": error.message, **error.details})
    ids = _elements({"RequestId": request_id, "HostId": host_id})
    if wrapped:
        text = f"<ErrorResponse><Error>{about}</Error>{ids}</ErrorResponse>"
    else:
        text = f"<Error>{about}{ids}</Error>"
    return WireResponse(error.status, headers, f"{DECLARATION}{text}".encode())


def _elements(members: Mapping[str, str]) -> str:
    return "".join(f"<{name}>{escape_text(value)}</{name}>" for name, value in members.items())


def _response_writer(
    http_status: int,
    fields: Mapping[str, _Header],
    metadata: str | None,
    write_body: _BodyWriter | None,
    content_type: str,
) -> ResponseWriter:
    def write(output: Mapping[str, Any], status: int | None) -> WireResponse:
        headers: list[tuple[str, str]] = []
        for name, value in output.items():
            field = fields.get(name)
            if field is not None:
                if value is not None:
                    headers.append((field[0], field[1](value)))
            elif name == metadata and value:
                headers += [(f"x-amz-meta-{key}", encode_metadata(text)) for key, text in value.items()]
        body = b"" if write_body is None else write_body(output)
        if body:
            headers.append(("Content-Type", content_type))
        return WireResponse(http_status if status is None else status, headers, body)

    return write


def _bodiless_writer(http_status: int) -> ResponseWriter:
    def write(_output: Mapping[str, Any], status: int | None) -> WireResponse:
        return WireResponse(http_status if status is None else status, [], b"")

    return write


def _header(name: str, shape: Shape) -> _Header:
    return _Header(shape.wire_name(name), _header_text(shape))


def _header_text(shape: Shape) -> Callable[[Any], str]:
    match shape.type:
        case "boolean":
            return _boolean_text
        case "integer" | "long":
            return str
        case "timestamp":
            return iso_milliseconds if shape.traits.get("timestampFormat") == "iso8601" else http_date
        case "blob":
            return _base64_text
        case _:
            return clean_header


def _boolean_text(value: bool) -> str:
    return "true" if value else "false"


def _base64_text(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _body_writer(operation: Operation, shape: Shape, document: DocumentWriter | None) -> _BodyWriter | None:
    """None where the operation answers without a body of ours."""
    payload = shape.payload
    if operation.streaming_output or (payload is None and document is None):
        return None
    if payload is None:
        return document

    def write(output: Mapping[str, Any]) -> bytes:
        value = output.get(payload)
        if value is None:
            return b""
        if document is not None:
            return document(value)
        return value.encode() if isinstance(value, str) else bytes(value)

    return write
