"""The way of a request of IAM or STS, from HTTP to a service function and back; one visible list of steps.

    read the form -> authenticate -> name the operation -> parse -> authorise -> call (service) -> serialise -> send

The credential scope names the service. Errors of the QueryError family, and those that signatures raise, are answered
as AWS's XML; everything else is logged and answered InternalFailure, here and nowhere else. Every call of an
authenticated caller is a line of the log: who, what, and how it ended.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from aiohttp import web

from farshore.api.authenticate import Authenticator
from farshore.api.identity_operations import IAM, STS
from farshore.api.request_body import HttpBody
from farshore.api.request_labels import RequestLabels
from farshore.api.request_records import RequestRecords
from farshore.api.respond import send_document
from farshore.metadata.store import StoreUnavailable
from farshore.model import errors, query_errors
from farshore.model.access import PrincipalKind
from farshore.model.errors import S3Error
from farshore.model.query_errors import QueryError
from farshore.runtime import ids
from farshore.service.deployment import Deployment, Params, Request
from farshore.service.iam.authorization import authorize
from farshore.wire.addressing import parse_query
from farshore.wire.query_form import FORM_BYTES_MAX, read_form
from farshore.wire.query_protocol import QueryModel, QueryOperation, load
from farshore.wire.serialize import WireResponse

_FORM = "application/x-www-form-urlencoded"
_SCOPES = {"iam": ("iam",), "sts": ("sts",)}

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
    return any(f"{slash}{service}{slash}aws4_request" in text for service in _SCOPES)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryPipeline:
    """Serves IAM and STS in one process."""

    deployment: Deployment
    authenticator: Authenticator
    models: Mapping[str, QueryModel]
    records: RequestRecords

    async def handle(self, http: web.BaseRequest) -> web.StreamResponse:
        """Answer one request; never raises but for a broken connection or a cancellation."""
        labels = RequestLabels(
            request_id=ids.request_id(),
            head=False,
            now_us=self.deployment.clock.now_us(),
            service=_service_of(http),
        )
        model = self.models[labels.service]
        try:
            wire = await self._wire(http, model, labels)
        except (ConnectionError, web.RequestPayloadError):
            self.records.answered(http, labels, 0, broken_off=True)
            raise
        _log_call(labels)
        response = send_document(http, wire, labels)
        self.records.answered(http, labels, wire.status)
        return response

    async def _wire(self, http: web.BaseRequest, model: QueryModel, labels: RequestLabels) -> WireResponse:
        """The answer, or the error, as it is sent."""
        try:
            return await self._serve(http, model, labels)
        except QueryError as error:
            answer = error
        except S3Error as error:
            answer = as_query_error(error)
        except StoreUnavailable as unavailable:
            log.warning("store unavailable", error=str(unavailable), **labels.spoken())
            answer = query_errors.ServiceUnavailable()
        except (ConnectionError, web.RequestPayloadError):
            raise
        except Exception:
            log.exception("request failed", method=http.method, service=labels.service, **labels.spoken())
            answer = query_errors.InternalFailure()
        labels.code = answer.code
        return model.serialize_error(answer, labels.request_id)

    async def _serve(self, http: web.BaseRequest, model: QueryModel, labels: RequestLabels) -> WireResponse:
        raw_path, _, raw_query = http.raw_path.partition("?")
        body = labels.body = HttpBody(http, http.content_length if http.body_exists else 0, None)
        document = await body.read_all(FORM_BYTES_MAX)
        labels.asked_who = True
        caller = labels.caller = self.authenticator.authenticate(
            method=http.method,
            raw_path=raw_path,
            query=parse_query(raw_query),
            headers=http.headers,
            now_us=labels.now_us,
            services=_SCOPES[labels.service],
            payload_hash=hashlib.sha256(document).hexdigest(),
        )
        if caller.principal.anonymous or caller.credentials is None:
            raise query_errors.MissingAuthenticationToken()
        form = read_form(document or raw_query.encode())
        operation = model.operation(form)
        _check_implemented(operation)
        labels.operation = operation.name
        request = labels.request = Request(
            deployment=self.deployment,
            principal=caller.principal,
            policies=caller.policies,
            session=caller.session,
            operation=operation.name,
            params=model.parse(operation, form),
            body=body,
            request_id=labels.request_id,
            now_us=labels.now_us,
            region=caller.credentials.region,
            headers=http.headers,
            source_address=http.remote or "",
            secure=http.secure,
        )
        output = await call(operation, request)
        return model.serialize(operation, output, labels.request_id)


def pipeline(deployment: Deployment, authenticator: Authenticator, records: RequestRecords) -> QueryPipeline:
    """Compile the models and serve them."""
    models = {"iam": load("iam"), "sts": load("sts")}
    return QueryPipeline(deployment=deployment, authenticator=authenticator, models=models, records=records)


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


def as_query_error(error: S3Error) -> QueryError:
    """What IAM and STS answer for credentials that do not hold; S3 has other codes for the same."""
    match error:
        case errors.InvalidAccessKeyId() | errors.InvalidToken():
            return query_errors.InvalidClientTokenId()
        case errors.ExpiredToken():
            return query_errors.ExpiredToken()
        case errors.SignatureDoesNotMatch():
            return query_errors.SignatureDoesNotMatch()
        case errors.RequestTimeTooSkewed():
            return query_errors.SignatureDoesNotMatch(
                f"Signature expired: {error.details['RequestTime']} is not within 15 minutes of "
                f"{error.details['ServerTime']}"
            )
        case errors.EntityTooLarge():
            return query_errors.RequestEntityTooLarge()
        case errors.IncompleteBody() | errors.RequestTimeout():
            return query_errors.MalformedQueryString()
        case errors.AccessDenied():
            return query_errors.AccessDenied(error.message)
        case _:
            return query_errors.IncompleteSignature(error.message)


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
            **labels.spoken(),
        )


def _check_implemented(operation: QueryOperation) -> None:
    if operation.name not in (IAM if operation.service == "iam" else STS):
        raise query_errors.NotImplemented(f"{operation.name} is not implemented")
