"""The way of a request of IAM or STS, from HTTP to a service function and back; one visible list of steps.

    (`document_requests`) -> name the operation -> parse -> authorise -> call (service) -> serialise

The credential scope names the service. Errors are answered as AWS's XML. Every call of an authenticated caller is a
line of the log: who, what, and how it ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import structlog
from aiohttp import web

from farshore.api.document_requests import Call, DocumentRequests
from farshore.api.identity_operations import IAM, STS
from farshore.api.request_labels import RequestLabels
from farshore.model import query_errors
from farshore.model.access import PrincipalKind
from farshore.service.deployment import Params, Request
from farshore.service.iam.authorization import authorize
from farshore.wire.query_form import read_form
from farshore.wire.query_protocol import QueryModel, QueryOperation, load
from farshore.wire.serialize import WireResponse

_FORM = "application/x-www-form-urlencoded"
_SERVICES = ("iam", "sts")

log = structlog.get_logger()


def is_for_us(http: web.BaseRequest) -> bool:
    """Whether a request is one of the query protocol: `POST /` or `GET /` whose signature's scope names IAM or STS.

    A presigned URL has its parameters in the query.
    A form without a signature is one too, to be refused: S3 has no such request.
    """
    if http.method not in ("POST", "GET") or http.raw_path.partition("?")[0] != "/":
        return False
    authorization = http.headers.get("Authorization")
    if authorization is not None:
        return _names_us(authorization, "/")
    if "X-Amz-Credential" in http.raw_path:
        return _names_us(http.raw_path, "%2F") or _names_us(http.raw_path, "/")
    return http.method == "POST" and http.headers.get("Content-Type", "").startswith(_FORM)


def _names_us(text: str, slash: str) -> bool:
    return any(f"{slash}{service}{slash}aws4_request" in text for service in _SERVICES)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryPipeline:
    """Serves IAM and STS in one process."""

    requests: DocumentRequests
    models: Mapping[str, QueryModel]

    async def handle(self, http: web.BaseRequest) -> web.StreamResponse:
        """Answer one request; never raises but for a broken connection or a cancellation."""
        service = _service_of(http)
        model = self.models[service]
        return await self.requests.handle(http, service, partial(self._serve, model), model.serialize_error, _log_call)

    async def _serve(self, model: QueryModel, came: Call) -> WireResponse:
        form = read_form(came.document or came.raw_query.encode())
        operation = model.operation(form)
        _check_implemented(operation)
        came.labels.operation = operation.name
        request = self.requests.request(came, model.parse(operation, form))
        output = await call(operation, request)
        return model.serialize(operation, output, came.labels.request_id)


def pipeline(requests: DocumentRequests) -> QueryPipeline:
    """Compile the models and serve them."""
    return QueryPipeline(requests=requests, models={service: load(service) for service in _SERVICES})


async def call(operation: QueryOperation, request: Request) -> Params:
    """Decide whether the caller may, and do it. Raises QueryError."""
    if operation.service == "sts":
        return await STS[operation.name](request)
    # AWS: credentials of GetSessionToken may not be used for IAM without multi-factor authentication, which is not
    # to be had here. Source: STS API Reference, GetSessionToken, "Permissions". Those of a sign-in to the console may.
    session = request.session
    if session is not None and not session.name and request.principal.kind is not PrincipalKind.ASSUMED_ROLE:
        raise query_errors.InvalidClientTokenId()
    entry = IAM[operation.name]
    authorize(request, f"iam:{operation.name}", entry.targets(request))
    return await entry.handler(request)


def _service_of(http: web.BaseRequest) -> str:
    """`iam` or `sts`; an unsigned form is taken for one of STS, the one that has unsigned actions on AWS."""
    signed = http.headers.get("Authorization", http.raw_path)
    return "iam" if "/iam/aws4_request" in signed or "%2Fiam%2Faws4_request" in signed else "sts"


def _log_call(labels: RequestLabels) -> None:
    """One line for a call of an authenticated caller."""
    request = labels.request
    if request is not None:
        log.info(
            "identity call",
            service=labels.service,
            operation=labels.operation,
            source=request.source_address,
            outcome=labels.code or "done",
            **labels.spoken(failed=bool(labels.code)),
        )


def _check_implemented(operation: QueryOperation) -> None:
    if operation.name not in (IAM if operation.service == "iam" else STS):
        raise query_errors.NotImplemented(f"{operation.name} is not implemented")
