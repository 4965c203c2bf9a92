"""The query protocol (IAM, STS): a form in, XML out, compiled from AWS's model when it is loaded.

model = load("iam")
operation = model.operation(form)
params = model.parse(operation, form)
response = model.serialize(operation, output, request_id)

Source: Smithy, "AWS query protocol".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from farshore.model.query_errors import InvalidAction, MissingAction, QueryError
from farshore.wire.query_form import Node
from farshore.wire.query_parse import FormCompiler
from farshore.wire.serialize import WireResponse
from farshore.wire.shapes import Definition, Shape, load_definition
from farshore.wire.xml import escape_text
from farshore.wire.xml_writer import DocumentWriter, WriterCompiler

_CONTENT_TYPE = ("Content-Type", "text/xml")


@dataclass(frozen=True, slots=True)
class QueryOperation:
    """One operation of the model; `service` as the credential scope names it."""

    service: str
    name: str


class QueryModel:
    """The operations of one service. Immutable, safe between threads."""

    def __init__(self, definition: Definition, version: str) -> None:
        self.version = version
        self.namespace = definition.namespace
        self.operations: Mapping[str, QueryOperation] = {
            name: QueryOperation(definition.service, name) for name in definition.operations
        }
        forms, writers = FormCompiler(definition), WriterCompiler(definition)
        self._readers: dict[str, Callable[[Node], dict[str, Any]]] = {}
        for name, traits in definition.operations.items():
            self._readers[name] = forms.compile(_shape(definition, traits, "input"))
            output = _shape(definition, traits, "output")
            if output is not None:
                writers.add_fragment(name, output.traits.get("resultWrapper", f"{name}Result"), output)
        self._writers: Mapping[str, DocumentWriter] = writers.compile()

    def operation(self, form: Node) -> QueryOperation:
        """The operation that a form names by `Action`.

        Raises:
            MissingAction: it names none; InvalidAction: the service has none of this name, or not in this version.
        """
        action, version = form.child("Action"), form.child("Version")
        if action is None or not action.text:
            raise MissingAction()
        wanted = self.version if version is None or not version.text else version.text
        operation = self.operations.get(action.text)
        if operation is None or wanted != self.version:
            raise InvalidAction(f"Could not find operation {action.text} for version {wanted}")
        return operation

    def parse(self, operation: QueryOperation, form: Node) -> dict[str, Any]:
        """The operation's parameters by botocore's member names, those that were sent. Raises ValidationError."""
        return self._readers[operation.name](form)

    def serialize(self, operation: QueryOperation, output: Mapping[str, Any], request_id: str) -> WireResponse:
        """The answer of an operation.

        Args:
            output: by botocore's member names; times as integer microseconds or aware datetimes; None is left out.
        """
        writer = self._writers.get(operation.name)
        result = b"" if writer is None else writer(output)
        opening = f'<{operation.name}Response xmlns="{self.namespace}">'.encode()
        ending = f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{operation.name}Response>"
        return WireResponse(200, _headers(request_id), opening + result + ending.encode())

    def serialize_error(self, error: QueryError, request_id: str) -> WireResponse:
        """An error as the service answers it."""
        fault = "Receiver" if error.status >= 500 else "Sender"
        text = (
            f'<ErrorResponse xmlns="{self.namespace}"><Error><Type>{fault}</Type><Code>{error.code}</Code>'
            f"<Message>{escape_text(error.message)}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
        )
        return WireResponse(error.status, _headers(request_id), text.encode())


def load(service: Literal["iam", "sts"]) -> QueryModel:
    """Read the model that is installed with botocore, patch it, and compile it."""
    definition = load_definition(service)
    return QueryModel(definition, definition.patches["version"])


def _shape(definition: Definition, traits: Mapping[str, Any], side: str) -> Shape | None:
    return definition.shape(traits[side]) if side in traits else None


def _headers(request_id: str) -> list[tuple[str, str]]:
    return [_CONTENT_TYPE, ("x-amzn-RequestId", request_id)]
