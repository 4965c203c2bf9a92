"""From a request to an operation's parameters: readers compiled once, one for each operation.

Parameters have botocore's member names; only what was sent is there. Headers and query are walked as they came, not by
the model, so that a request costs what it carries.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from farshore.model import errors
from farshore.model.errors import (
    InvalidArgument,
    InvalidRequest,
    MalformedPolicy,
    MalformedXML,
    MissingRequestBodyError,
    S3Error,
)
from farshore.wire.header_text import check_iso_8859_1, decode_header, decode_metadata
from farshore.wire.operations import Operation
from farshore.wire.parse_xml import Reader, ReaderCompiler
from farshore.wire.shapes import Definition, Shape
from farshore.wire.timestamps import parse_timestamp
from farshore.wire.xml import read_document

Params = dict[str, Any]
RequestReader = Callable[[str | None, str | None, Mapping[str, str], Mapping[str, str], bytes | None], Params]
"""(bucket, key, query, headers, document) -> parameters."""
Converter = Callable[[str, str], Any]
"""(wire name, text) -> value; None when the parameter counts as not sent."""
_LabelReader = Callable[[Params, str | None, str | None], None]
_BodyReader = Callable[[Params, bytes | None], None]

_INTEGERS = {"integer": 2**31, "long": 2**63}
_SIGNATURES = ("X-Amz-Signature", "Signature")
_SIGNED_BY_OLDER = ("content-md5", "content-type")
"""Headers that botocore puts into the query of a URL of Signature Version 2, which signs them: so they must count."""
_DATES_TO_IGNORE = frozenset(
    (
        "if-modified-since",
        "if-unmodified-since",
        "x-amz-copy-source-if-modified-since",
        "x-amz-copy-source-if-unmodified-since",
    )
)
"""RFC 9110: a recipient must ignore these when they are no valid dates."""


class _Field(NamedTuple):
    """Where a header or query parameter goes. convert None: text as it is; repeated: a list, one value each time."""

    member: str
    convert: Converter | None
    repeated: bool = False


class RequestCompiler:
    """Compiles the request readers of one service."""

    def __init__(self, definition: Definition) -> None:
        self._definition = definition
        self._lenient = ReaderCompiler(definition, strict=False)
        self._strict = ReaderCompiler(definition, strict=True)
        self._iso_8859_1 = definition.names("iso_8859_1")

    def compile(self, operation: Operation) -> RequestReader:
        """The reader of an operation's requests."""
        reference = self._definition.operations[operation.name].get("input")
        if reference is None:
            return _read_nothing
        shape = self._definition.shape(reference)
        return _Request(
            labels=_label_reader(operation, shape),
            query={
                member.wire_name(name): self._query_field(name, member, required=name in shape.required)
                for name, member in shape.members.items()
                if member.location == "querystring"
            },
            headers={
                member.wire_name(name).lower(): _Field(name, self._converter(member, required=name in shape.required))
                for name, member in shape.members.items()
                if member.location == "header"
            },
            metadata=next((name for name, member in shape.members.items() if member.location == "headers"), None),
            required={
                member.wire_name(name): name
                for name, member in shape.members.items()
                if member.location == "header" and name in shape.required
            },
            missing=self._definition.patches.get("missing_messages", {}),
            read_body=self._body(operation, shape),
        ).read

    def _query_field(self, name: str, shape: Shape, *, required: bool) -> _Field:
        if shape.type == "list":
            return _Field(name, None, repeated=True)
        return _Field(name, self._converter(shape, required=required))

    def _converter(self, shape: Shape, *, required: bool) -> Converter | None:
        match shape.type:
            case "integer" | "long":
                messages = self._definition.patches.get("integer_messages", {})
                return _integer_converter(_INTEGERS[shape.type], messages, required)
            case "boolean":
                return _to_boolean
            case "timestamp":
                return _timestamp_converter(self._definition.patches.get("timestamp_messages", {}))
            case "list":
                return _list_converter(frozenset(shape.item.enum))
            case _ if shape.name in self._iso_8859_1:
                return check_iso_8859_1
            case _:
                return None

    def _body(self, operation: Operation, shape: Shape) -> _BodyReader | None:
        if not operation.has_body or operation.streaming_input:
            return None
        patch = self._definition.patch(operation.name)
        compiler = self._strict if patch.get("strict") else self._lenient
        malformed: type[S3Error] = getattr(errors, patch.get("malformed", "MalformedXML"))
        if shape.payload is None:
            members = shape.body_members
            required = any(name in members for name in shape.required)
            root = shape.wire_name(shape.name)
            return _document_body(None, root, compiler.structure(shape, members), required, malformed)
        payload = shape.members[shape.payload]
        required = shape.payload in shape.required
        if payload.type != "structure":
            return _text_body(shape.payload)
        root = payload.wire_name(shape.payload)
        return _document_body(shape.payload, root, compiler.structure(payload), required, malformed)


class _Request:
    """Reads one operation's requests."""

    __slots__ = ("_headers", "_labels", "_metadata", "_missing", "_query", "_read_body", "_required")

    def __init__(
        self,
        *,
        labels: _LabelReader,
        query: Mapping[str, _Field],
        headers: Mapping[str, _Field],
        metadata: str | None,
        required: Mapping[str, str],
        missing: Mapping[str, str],
        read_body: _BodyReader | None,
    ) -> None:
        self._labels = labels
        self._query = query
        self._headers = headers
        self._metadata = metadata
        self._required = required
        self._missing = missing
        self._read_body = read_body

    def read(
        self,
        bucket: str | None,
        key: str | None,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        document: bytes | None,
    ) -> Params:
        """A request's parameters. Raises InvalidArgument, InvalidRequest, and what its document deserves."""
        params: Params = {}
        self._labels(params, bucket, key)
        if query:
            self._read_query(params, query, headers)
        self._read_headers(params, headers.items())
        for name, member in self._required.items():
            if not params.get(member):
                raise InvalidRequest(self._missing.get(name, f"Missing required header for this request: {name}"))
        if self._read_body is not None:
            self._read_body(params, document)
        return params

    def _read_query(self, params: Params, query: Mapping[str, str], headers: Mapping[str, str]) -> None:
        presigned = any(name in query for name in _SIGNATURES)
        hoisted: list[tuple[str, str]] = []
        for name, text in query.items():
            field = self._query.get(name)
            if field is not None:
                _put_parameter(params, field, name, text, query)
            elif presigned and name not in headers and _stands_for_header(name, query):
                hoisted.append((name, text))
        # AWS: the headers of a presigned request may stand in its query (recorded).
        self._read_headers(params, hoisted)

    def _read_headers(self, params: Params, headers: Iterable[tuple[str, str]]) -> None:
        fields = self._headers
        for raw_name, text in headers:
            name = raw_name.lower()
            field = fields.get(name)
            if field is None:
                if self._metadata is not None and name.startswith("x-amz-meta-"):
                    metadata = params.setdefault(self._metadata, {})
                    value = decode_metadata(text)
                    name = name[11:]
                    metadata[name] = f"{metadata[name]},{value}" if name in metadata else value
                continue
            if not text.isascii():
                text = decode_header(text)
            member, convert, _ = field
            if convert is not None:
                value = convert(name, text)
                if value is not None:
                    params[member] = value
            elif member in params:
                params[member] = f"{params[member]},{text}"
            else:
                params[member] = text


def _stands_for_header(name: str, query: Mapping[str, str]) -> bool:
    """Whether a parameter of a presigned URL stands for a header: of Amazon's own, or that the older version signs."""
    if name[:6].lower() == "x-amz-":
        return not _is_of_checksum(name)
    return name in _SIGNED_BY_OLDER and "Signature" in query


def _is_of_checksum(name: str) -> bool:
    """Whether S3 leaves a parameter of a presigned URL unread: SDKs put the checksum of an empty body there, by which
    no upload could pass.

    Source: observed on AWS by others: aws/aws-sdk issue 480, localstack issue 12169.
    """
    return name.lower().startswith(("x-amz-checksum-", "x-amz-sdk-checksum-"))


def _put_parameter(params: Params, field: _Field, name: str, text: str, query: Mapping[str, str]) -> None:
    member, convert, repeated = field
    if repeated:
        getall: Callable[[str], list[str]] | None = getattr(query, "getall", None)
        params[member] = [text] if getall is None else list(getall(name))
    elif convert is None:
        params[member] = text
    else:
        value = convert(name, text)
        if value is not None:
            params[member] = value


def _label_reader(operation: Operation, shape: Shape) -> _LabelReader:
    """Puts the parts of the path into parameters."""
    members = {member.wire_name(name): name for name, member in shape.members.items() if member.location == "uri"}
    labels = [members[label.rstrip("+")] for label in re.findall(r"\{([^}]+)\}", operation.path)]
    if labels == ["Bucket", "Key"]:
        return _read_bucket_and_key
    if labels == ["Bucket"]:
        return _read_bucket
    pattern = operation.path_pattern()

    def read(params: Params, bucket: str | None, key: str | None) -> None:
        match = pattern.fullmatch(f"{bucket}/{key}" if key is not None else f"{bucket}")
        assert match is not None, (operation.path, bucket, key)
        params.update(zip(labels, match.groups(), strict=True))

    return read if labels else _read_no_labels


def _read_bucket_and_key(params: Params, bucket: str | None, key: str | None) -> None:
    params["Bucket"] = bucket
    params["Key"] = key


def _read_bucket(params: Params, bucket: str | None, _key: str | None) -> None:
    params["Bucket"] = bucket


def _read_nothing(
    _bucket: str | None, _key: str | None, _query: Mapping[str, str], _headers: Mapping[str, str], _body: bytes | None
) -> Params:
    return {}


def _read_no_labels(_params: Params, _bucket: str | None, _key: str | None) -> None:
    pass


def _integer_converter(limit: int, messages: Mapping[str, str], required: bool) -> Converter:
    """AWS takes an empty optional number as one that was not sent (recorded: ListParts)."""

    def convert(name: str, text: str) -> int | None:
        if not text and not required:
            return None
        digits = text[1:] if text[:1] in ("-", "+") else text
        if digits.isascii() and digits.isdigit() and len(digits) <= 19:
            value = int(text)
            if -limit <= value < limit:
                return value
        message = messages.get(name, f"Provided {name} not an integer or within integer range")
        raise InvalidArgument(message, ArgumentName=name, ArgumentValue=text)

    return convert


def _to_boolean(name: str, text: str) -> bool | None:
    if not text:
        return None
    match text.lower():
        case "true":
            return True
        case "false":
            return False
        case _:
            raise InvalidArgument(f"Provided {name} is not a boolean", ArgumentName=name, ArgumentValue=text)


def _timestamp_converter(messages: Mapping[str, str]) -> Converter:
    def convert(name: str, text: str) -> datetime | None:
        try:
            return parse_timestamp(text)
        except ValueError as error:
            if name in _DATES_TO_IGNORE:
                return None
            message = messages.get(name, f"Provided {name} is not a valid date")
            raise InvalidArgument(message, ArgumentName=name, ArgumentValue=text) from error

    return convert


def _list_converter(allowed: frozenset[str]) -> Converter:
    """A list in a header: separated by commas, with or without blanks (recorded: GetObjectAttributes)."""

    def convert(name: str, text: str) -> list[str]:
        values = [value for part in text.split(",") if (value := part.strip())]
        for value in values:
            if allowed and value not in allowed:
                raise InvalidArgument("Invalid attribute name specified.", ArgumentName=name, ArgumentValue=value)
        return values

    return convert


def _document_body(
    member: str | None, root: str, read: Reader, required: bool, malformed: type[S3Error]
) -> _BodyReader:
    """Reads an XML document into one parameter, or with member None its elements into parameters."""

    def read_body(params: Params, document: bytes | None) -> None:
        if not document:
            if required:
                raise MissingRequestBodyError()
            return
        try:
            element = read_document(document)
            if element.name != root:
                raise MalformedXML(member=element.name)
            value = read(element)
        except MalformedXML as error:
            if malformed is MalformedXML:
                raise
            raise malformed() from error
        if member is None:
            params.update(value)
        else:
            params[member] = value

    return read_body


def _text_body(member: str) -> _BodyReader:
    """Reads a document that is no XML: a bucket policy."""

    def read_body(params: Params, document: bytes | None) -> None:
        if not document:
            raise MissingRequestBodyError()
        try:
            params[member] = document.decode()
        except UnicodeDecodeError as error:
            raise MalformedPolicy() from error

    return read_body
