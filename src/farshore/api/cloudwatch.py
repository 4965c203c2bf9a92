"""The way of a request of CloudWatch, from HTTP to a service function and back; one visible list of steps.

    read the document -> authenticate -> name the operation -> parse -> authorise and call -> serialise -> send

The credential scope names the service (`monitoring`). Errors are answered in the protocol that the client speaks;
what is no error of AWS's is logged and answered InternalFailure, here and nowhere else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog
from aiohttp import web

from farshore.api.authenticate import Authenticator
from farshore.api.iam_sts import as_query_error
from farshore.api.request_body import HttpBody
from farshore.api.request_labels import RequestLabels
from farshore.api.request_records import RequestRecords
from farshore.api.respond import send_document
from farshore.metadata.store import StoreUnavailable
from farshore.model import query_errors
from farshore.model.errors import S3Error
from farshore.model.query_errors import QueryError
from farshore.runtime import ids
from farshore.service import cloudwatch, metric_data
from farshore.service.deployment import Deployment, Params, Request
from farshore.wire.addressing import parse_query
from farshore.wire.query_form import FORM_BYTES_MAX
from farshore.wire.rpc_protocol import RpcModel, load
from farshore.wire.serialize import WireResponse

Handler = Callable[[Request], Awaitable[Params]]

OPERATIONS: dict[str, Handler] = {
    "GetMetricData": metric_data.get_metric_data,
    "GetMetricStatistics": cloudwatch.get_metric_statistics,
    "ListMetrics": cloudwatch.list_metrics,
}
"""What is served; every other operation of CloudWatch answers NotImplemented, by name."""

_SCOPE = "monitoring"

log = structlog.get_logger()


def is_for_us(http: web.BaseRequest) -> bool:
    """Whether a request is one of CloudWatch's: its signature's scope names the service, or its path its protocol.

    One that names its operation in a header and has no signature is one too, to be refused: S3 has no such request.
    """
    raw_path = http.raw_path
    if raw_path.startswith("/service/"):
        return "smithy-protocol" in http.headers
    if raw_path != "/" and not raw_path.startswith("/?"):
        return False
    signed = http.headers.get("Authorization", "") or raw_path.replace("%2F", "/")
    if f"/{_SCOPE}/aws4_request" in signed:
        return True
    return raw_path == "/" and "X-Amz-Target" in http.headers and "Authorization" not in http.headers


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudWatchPipeline:
    """Serves CloudWatch in one process."""

    deployment: Deployment
    authenticator: Authenticator
    model: RpcModel
    records: RequestRecords

    async def handle(self, http: web.BaseRequest) -> web.StreamResponse:
        """Answer one request; never raises but for a broken connection or a cancellation."""
        labels = RequestLabels(
            request_id=ids.request_id(), head=False, now_us=self.deployment.clock.now_us(), service=_SCOPE
        )
        try:
            wire = await self._wire(http, labels)
        except (ConnectionError, web.RequestPayloadError):
            self.records.answered(http, labels, 0, broken_off=True)
            raise
        response = send_document(http, wire, labels)
        self.records.answered(http, labels, wire.status)
        return response

    async def _wire(self, http: web.BaseRequest, labels: RequestLabels) -> WireResponse:
        """The answer, or the error, as it is sent."""
        try:
            return await self._serve(http, labels)
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
            log.exception("request failed", method=http.method, service=_SCOPE, **labels.spoken())
            answer = query_errors.InternalFailure()
        labels.code = answer.code
        protocol = self.model.protocol_of(http.raw_path, http.headers)
        return self.model.serialize_error(protocol, answer, labels.request_id)

    async def _serve(self, http: web.BaseRequest, labels: RequestLabels) -> WireResponse:
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
            services=(_SCOPE,),
            payload_hash=hashlib.sha256(document).hexdigest(),
        )
        if caller.principal.anonymous or caller.credentials is None:
            raise query_errors.MissingAuthenticationToken()
        call = self.model.recognise(raw_path, raw_query.encode(), http.headers, document)
        labels.operation = call.operation.name
        request = labels.request = Request(
            deployment=self.deployment,
            principal=caller.principal,
            policies=caller.policies,
            session=caller.session,
            operation=call.operation.name,
            params=self.model.parse(call),
            body=body,
            request_id=labels.request_id,
            now_us=labels.now_us,
            region=caller.credentials.region,
            headers=http.headers,
            source_address=http.remote or "",
            secure=http.secure,
        )
        output = await OPERATIONS[call.operation.name](request)
        return self.model.serialize(call, output, labels.request_id)


def pipeline(deployment: Deployment, authenticator: Authenticator, records: RequestRecords) -> CloudWatchPipeline:
    """Compile the model and serve it."""
    return CloudWatchPipeline(
        deployment=deployment, authenticator=authenticator, model=load("cloudwatch", OPERATIONS), records=records
    )
