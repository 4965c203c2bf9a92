"""What requests of IAM, STS and CloudWatch have in common: a document, a signature over it, errors of one family.

    read the document -> authenticate -> (the service's own steps) -> send

Errors of the QueryError family, and those that signatures raise, are answered in the form of the service's protocol;
everything else is logged and answered InternalFailure, here and nowhere else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog
from aiohttp import web

from farshore.api.authenticate import Authenticated, Authenticator
from farshore.api.request_body import HttpBody
from farshore.api.request_labels import RequestLabels
from farshore.api.request_records import RequestRecords
from farshore.api.respond import send_document
from farshore.metadata.store import StoreUnavailable
from farshore.model import errors, query_errors
from farshore.model.errors import S3Error
from farshore.model.query_errors import QueryError
from farshore.runtime import ids
from farshore.service.deployment import Deployment, Params, Request
from farshore.wire.addressing import parse_query
from farshore.wire.query_form import FORM_BYTES_MAX
from farshore.wire.serialize import WireResponse

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request of a caller who is known, before its operation is.

    raw_path, raw_query, document: as they came.
    """

    http: web.BaseRequest
    labels: RequestLabels
    caller: Authenticated
    region: str
    body: HttpBody
    raw_path: str
    raw_query: str
    document: bytes


Serve = Callable[[Call], Awaitable[WireResponse]]
Refuse = Callable[[QueryError, str], WireResponse]
"""The answer to an error, given the request's id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRequests:
    """The way of such requests in one process."""

    deployment: Deployment
    authenticator: Authenticator
    records: RequestRecords

    async def handle(
        self,
        http: web.BaseRequest,
        service: str,
        serve: Serve,
        refuse: Refuse,
        ended: Callable[[RequestLabels], None] | None = None,
    ) -> web.StreamResponse:
        """Answer one request; never raises but for a broken connection or a cancellation.

        Args:
            service: that the signature's scope must name.
            ended: told of the request once its answer is known.
        """
        labels = RequestLabels(
            request_id=ids.request_id(), head=False, now_us=self.deployment.clock.now_us(), service=service
        )
        try:
            wire = await self._wire(http, labels, serve, refuse)
        except (ConnectionError, web.RequestPayloadError):
            self.records.answered(http, labels, 0, broken_off=True)
            raise
        if ended is not None:
            ended(labels)
        response = send_document(http, wire, labels)
        self.records.answered(http, labels, wire.status)
        return response

    def request(self, call: Call, params: Params) -> Request:
        """What the service's function is given, once the labels say which operation it is."""
        request = call.labels.request = Request(
            deployment=self.deployment,
            principal=call.caller.principal,
            policies=call.caller.policies,
            session=call.caller.session,
            operation=call.labels.operation,
            params=params,
            body=call.body,
            request_id=call.labels.request_id,
            now_us=call.labels.now_us,
            region=call.region,
            headers=call.http.headers,
            source_address=call.http.remote or "",
            secure=call.http.secure,
        )
        return request

    async def _wire(self, http: web.BaseRequest, labels: RequestLabels, serve: Serve, refuse: Refuse) -> WireResponse:
        """The answer, or the error, as it is sent."""
        try:
            return await serve(await self._call(http, labels))
        except QueryError as error:
            answer = error
        except S3Error as error:
            answer = _as_query_error(error)
        except StoreUnavailable as unavailable:
            log.warning("store unavailable", error=str(unavailable), **labels.spoken())
            answer = query_errors.ServiceUnavailable()
        except (ConnectionError, web.RequestPayloadError):
            raise
        except Exception:
            log.exception("request failed", method=http.method, service=labels.service, **labels.spoken())
            answer = query_errors.InternalFailure()
        labels.code = answer.code
        return refuse(answer, labels.request_id)

    async def _call(self, http: web.BaseRequest, labels: RequestLabels) -> Call:
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
            services=(labels.service,),
            payload_hash=hashlib.sha256(document).hexdigest(),
        )
        if caller.principal.anonymous or caller.credentials is None:
            raise query_errors.MissingAuthenticationToken()
        return Call(
            http=http,
            labels=labels,
            caller=caller,
            region=caller.credentials.region,
            body=body,
            raw_path=raw_path,
            raw_query=raw_query,
            document=document,
        )


def _as_query_error(error: S3Error) -> QueryError:
    """What these services answer for credentials that do not hold; S3 has other codes for the same."""
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
