"""A service's wire: routing, parsing and serialising, compiled from AWS's model when it is loaded.

model = load("s3")
operation = model.route(method, bucket, key, query, headers)
params = model.parse(operation, bucket, key, query, headers, document)
response = model.serialize(operation, output)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from farshore.wire.operations import Operation, Router
from farshore.wire.parse import RequestCompiler
from farshore.wire.serialize import ResponseCompiler, WireResponse
from farshore.wire.shapes import Definition, Shape, Traits, load_definition


class ServiceModel:
    """The operations of one service. Immutable, safe between threads."""

    def __init__(self, definition: Definition) -> None:
        self.operations: Mapping[str, Operation] = {
            name: _operation(definition, name, traits) for name, traits in definition.operations.items()
        }
        unrouted = definition.names("unrouted")
        self._router = Router(
            (operation for name, operation in self.operations.items() if name not in unrouted),
            definition.patches.get("selectors", {}),
            definition.names("ignored_at_key"),
        )
        requests = RequestCompiler(definition)
        self._readers = {name: requests.compile(operation) for name, operation in self.operations.items()}
        self._writers = ResponseCompiler(definition).compile(self.operations)

    def route(
        self, method: str, bucket: str | None, key: str | None, query: Mapping[str, str], headers: Mapping[str, str]
    ) -> Operation:
        """The operation that a request means.

        Args:
            query: decoded parameters; headers: case-insensitive.
        Raises:
            MethodNotAllowed: with Allow; InvalidArgument: parameters that contradict each other; InvalidRequest: a
            sub-resource of buckets on an object.
        """
        return self._router.route(method, bucket, key, query, headers)

    def parse(
        self,
        operation: Operation,
        bucket: str | None,
        key: str | None,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        body: bytes | None,
    ) -> dict[str, Any]:
        """The operation's parameters by botocore's member names; only what was sent is there.

        Args:
            body: the request's document; None or empty for none. A streaming body is not a parameter.
        Returns:
            str, int, bool, aware UTC datetime, list, dict. User metadata: lower-case names without prefix, decoded.
        Raises:
            MalformedXML (MalformedACLError, MalformedPolicy): the document; MissingRequestBodyError: there is none;
            InvalidArgument: no number, boolean or date where one belongs; InvalidRequest: a required header is missing.
        """
        return self._readers[operation.name](bucket, key, query, headers, body)

    def serialize(self, operation: Operation, output: Mapping[str, Any], *, status: int | None = None) -> WireResponse:
        """The answer of an operation.

        Args:
            output: by botocore's member names; times as integer microseconds or aware datetimes; None is left out, ""
                is shown empty. ListObjectVersions also takes VersionsAndMarkers: ("Version" or "DeleteMarker", entry)
                pairs in listing order.
            status: where it is not the operation's own.
        """
        return self._writers[operation.name](output, status)


def load(service: Literal["s3", "s3control"]) -> ServiceModel:
    """Read the model that is installed with botocore, patch it, and compile it: a tenth of a second or two."""
    return ServiceModel(load_definition(service))


def _operation(definition: Definition, name: str, traits: Traits) -> Operation:
    http = traits["http"]
    path, _, query = http["requestUri"].partition("?")
    request = definition.shape(traits["input"]) if "input" in traits else None
    answer = definition.shape(traits["output"]) if "output" in traits else None
    return Operation(
        name=name,
        service=definition.service,
        method=http["method"],
        path=path,
        fixed_query=tuple(_parameter(part) for part in query.split("&") if part),
        required_query=_required(request, "querystring"),
        required_headers=_required(request, "header"),
        http_status=definition.patch(name).get("status", http.get("responseCode", 200)),
        streaming_input=_streams(request),
        streaming_output=_streams(answer),
        checksum_required=_asks_for_checksum(definition, name, traits),
        checksum_of_object=request is not None and "ChecksumCRC32" in request.members and not _streams(request),
        has_body=request is not None and bool(request.payload or request.body_members),
    )


def _asks_for_checksum(definition: Definition, name: str, traits: Traits) -> bool:
    """Whether documents without a digest are refused.

    AWS: the model says what an SDK must send. Amazon S3 asks for less, else the SDKs from before flexible checksums,
    which send a digest with few operations, could not version a bucket.
    """
    sent = traits.get("httpChecksumRequired") or traits.get("httpChecksum", {}).get("requestChecksumRequired")
    return bool(sent) and name not in definition.names("checksum_optional")


def _parameter(part: str) -> tuple[str, str | None]:
    name, equals, value = part.partition("=")
    return name, value if equals else None


def _required(shape: Shape | None, location: str) -> tuple[str, ...]:
    if shape is None:
        return ()
    members = shape.members
    return tuple(members[name].wire_name(name) for name in shape.required if members[name].location == location)


def _streams(shape: Shape | None) -> bool:
    return shape is not None and shape.payload is not None and shape.members[shape.payload].streaming
