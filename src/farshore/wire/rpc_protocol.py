"""A service that is spoken to in three protocols (CloudWatch): CBOR, JSON, and the older query protocol.

model = load("cloudwatch")
call = model.recognise(method, path, headers, body)
params = model.parse(call)
response = model.serialize(call, output, request_id)

The three differ in how they name the operation and in how values are written. What they mean is read by one reader,
which checks the model's constraints: documents of CBOR and JSON become the tree that a form is.
Source: Smithy, "Smithy RPC v2 CBOR protocol", "AWS JSON 1.0 protocol", "AWS query protocol", "awsQueryCompatible".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum, auto
from typing import Any, Literal

import msgspec

from farshore.model import query_errors
from farshore.model.query_errors import InvalidAction, QueryError, SerializationException
from farshore.wire import cbor
from farshore.wire.query_form import Node, read_form
from farshore.wire.query_protocol import QueryModel, QueryOperation
from farshore.wire.serialize import WireResponse
from farshore.wire.shapes import Definition, Shape, load_definition

_CBOR_PATH = re.compile(r"/service/([A-Za-z0-9_.]{1,255})/operation/([A-Za-z0-9_]{1,255})")
_JSON = msgspec.json.Decoder()
_REQUEST_ID = "x-amzn-RequestId"


class Protocol(Enum):
    """How a client speaks."""

    CBOR = auto()
    JSON = auto()
    QUERY = auto()


@dataclass(frozen=True, slots=True)
class Call:
    """A request as far as its protocol tells: the operation, and what was sent for it."""

    protocol: Protocol
    operation: QueryOperation
    sent: Node


class RpcModel:
    """The operations of one service. Immutable, safe between threads."""

    def __init__(self, definition: Definition, served: Collection[str]) -> None:
        self._names = frozenset(definition.operations)
        definition = replace(definition, operations={name: definition.operations[name] for name in served})
        self._query = QueryModel(definition, definition.patches["version"])
        self._target: str = definition.patches["target"]
        self._inputs = _shapes(definition, "input")
        self._writers = {
            Protocol.CBOR: _writers(definition, cbor.Moment),
            Protocol.JSON: _writers(definition, lambda at_us: at_us / 1e6),
        }
        self._error_shapes = {
            traits["error"]["code"]: name
            for name, traits in definition.shapes.items()
            if traits.get("exception") and "code" in traits.get("error", {})
        }

    @staticmethod
    def protocol_of(path: str, headers: Mapping[str, str]) -> Protocol:
        """The protocol of a request, and of its answer even when nothing else of it is understood."""
        if path.startswith("/service/"):
            return Protocol.CBOR
        return Protocol.JSON if "X-Amz-Target" in headers else Protocol.QUERY

    def recognise(self, path: str, query: bytes, headers: Mapping[str, str], body: bytes) -> Call:
        """What a request calls.

        Args:
            query: the raw query string, which a GET of the query protocol has instead of a body.
        Raises:
            InvalidAction, MissingAction: no such operation; NotImplemented: AWS has it;
            SerializationException, MalformedQueryString: the document.
        """
        protocol = self.protocol_of(path, headers)
        if protocol is Protocol.QUERY:
            form = read_form(body or query)
            action = form.child("Action")
            if action is not None and action.text is not None:
                self._check_served(action.text)
            return Call(protocol, self._query.operation(form), form)
        if protocol is Protocol.CBOR:
            match = _CBOR_PATH.fullmatch(path)
            service, name = (match[1], match[2]) if match is not None else ("", "")
        else:
            service, _, name = headers["X-Amz-Target"].partition(".")
        if name not in self._names or service != self._target:
            raise InvalidAction(f"Could not find operation {name} for version {self._query.version}")
        self._check_served(name)
        shape = self._inputs.get(name)
        document = _read_document(protocol, body)
        return Call(protocol, self._query.operations[name], Node() if shape is None else _node(shape, document))

    def _check_served(self, name: str) -> None:
        if name in self._names and name not in self._query.operations:
            raise query_errors.NotImplemented(f"{name} is not implemented")

    def parse(self, call: Call) -> dict[str, Any]:
        """The operation's parameters by botocore's member names, those that were sent. Raises ValidationError."""
        return self._query.parse(call.operation, call.sent)

    def serialize(self, call: Call, output: Mapping[str, Any], request_id: str) -> WireResponse:
        """The answer of an operation.

        Args:
            output: by botocore's member names; times as integer microseconds; None is left out.
        """
        if call.protocol is Protocol.QUERY:
            return self._query.serialize(call.operation, output, request_id)
        writer = self._writers[call.protocol].get(call.operation.name)
        return _response(call.protocol, 200, {} if writer is None else writer(output), request_id)

    def serialize_error(self, protocol: Protocol, error: QueryError, request_id: str) -> WireResponse:
        """An error as the service answers it; clients of the newer protocols are told the older code too."""
        if protocol is Protocol.QUERY:
            return self._query.serialize_error(error, request_id)
        fault = "Receiver" if error.status >= 500 else "Sender"
        document = {
            "__type": f"com.amazonaws.cloudwatch#{self._error_shapes.get(error.code, error.code)}",
            "message": error.message,
        }
        response = _response(protocol, error.status, document, request_id)
        response.headers.append(("x-amzn-query-error", f"{error.code};{fault}"))
        return response


def load(service: Literal["cloudwatch"], served: Collection[str]) -> RpcModel:
    """Read the model that is installed with botocore, patch it, and compile the operations that are served."""
    return RpcModel(load_definition(service), served)


def _response(protocol: Protocol, status: int, document: object, request_id: str) -> WireResponse:
    if protocol is Protocol.CBOR:
        headers = [("Content-Type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor")]
        body = cbor.encode(document)
    else:
        headers = [("Content-Type", "application/x-amz-json-1.0")]
        body = msgspec.json.encode(document)
    return WireResponse(status, [*headers, (_REQUEST_ID, request_id)], body)


def _read_document(protocol: Protocol, body: bytes) -> Any:
    if not body:
        return {}
    try:
        return cbor.decode(body) if protocol is Protocol.CBOR else _JSON.decode(body)
    except (cbor.CborError, msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise SerializationException() from error


def _node(shape: Shape, value: Any) -> Node:
    """A document's value as a form would have sent it. Raises SerializationException: not of the shape's type."""
    node = Node()
    match shape.type:
        case "structure":
            given = _checked(value, dict)
            for name, member in shape.members.items():
                if given.get(name) is not None:
                    node.children[name] = _node(member, given[name])
        case "list":
            items = Node()
            for number, item in enumerate(_checked(value, list), 1):
                items.children[str(number)] = _node(shape.item, item)
            node.children["member"] = items
        case "map":
            entries = Node()
            for number, (key, item) in enumerate(_checked(value, dict).items(), 1):
                entry = Node()
                entry.children = {"key": _node(shape.key, key), "value": _node(shape.value, item)}
                entries.children[str(number)] = entry
            node.children["entry"] = entries
        case "boolean":
            node.text = "true" if _checked(value, bool) else "false"
        case "timestamp":
            node.text = _time_text(value)
        case "string":
            node.text = _checked(value, str)
        case _:
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise SerializationException()
            node.text = str(value)
    return node


def _checked(value: Any, kind: type[Any]) -> Any:
    if not isinstance(value, kind):
        raise SerializationException()
    return value


def _time_text(value: Any) -> str:
    """A time of CBOR (a datetime) or JSON (seconds since the epoch) as a form writes it."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise SerializationException()
    try:
        return datetime.fromtimestamp(value, UTC).isoformat()
    except (OverflowError, ValueError, OSError) as error:
        raise SerializationException() from error


_Writer = Callable[[Any], Any]
"""(value by the model) -> value that the encoder takes."""


def _writers(definition: Definition, moment: Callable[[int], Any]) -> dict[str, _Writer]:
    """Of each operation with an output, what makes a document of it. moment: how a time is written."""
    return {name: _writer(shape, moment) for name, shape in _shapes(definition, "output").items()}


def _writer(shape: Shape, moment: Callable[[int], Any]) -> _Writer:
    match shape.type:
        case "structure":
            members = {name: _writer(member, moment) for name, member in shape.members.items()}
            return lambda value: {
                name: members[name](item) for name, item in value.items() if item is not None and name in members
            }
        case "list":
            item_writer = _writer(shape.item, moment)
            return lambda value: [item_writer(item) for item in value]
        case "map":
            value_writer = _writer(shape.value, moment)
            return lambda value: {key: value_writer(item) for key, item in value.items()}
        case "timestamp":
            return moment
        case "double" | "float":
            return float
        case _:
            return _as_it_is


def _as_it_is(value: Any) -> Any:
    return value


def _shapes(definition: Definition, side: str) -> dict[str, Shape]:
    return {name: definition.shape(traits[side]) for name, traits in definition.operations.items() if side in traits}
