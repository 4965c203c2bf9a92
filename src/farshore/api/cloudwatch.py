"""The way of a request of CloudWatch, from HTTP to a service function and back; one visible list of steps.

    (`document_requests`) -> name the operation -> parse -> authorise and call -> serialise

The credential scope names the service (`monitoring`). Errors are answered in the protocol that the client speaks.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from aiohttp import web

from farshore.api.document_requests import Call, DocumentRequests
from farshore.service import cloudwatch, metric_data
from farshore.service.deployment import Params, Request
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

    requests: DocumentRequests
    model: RpcModel

    async def handle(self, http: web.BaseRequest) -> web.StreamResponse:
        """Answer one request; never raises but for a broken connection or a cancellation."""
        refuse = partial(self.model.serialize_error, self.model.protocol_of(http.raw_path, http.headers))
        return await self.requests.handle(http, _SCOPE, self._serve, refuse)

    async def _serve(self, came: Call) -> WireResponse:
        call = self.model.recognise(came.raw_path, came.raw_query.encode(), came.http.headers, came.document)
        came.labels.operation = call.operation.name
        request = self.requests.request(came, self.model.parse(call))
        output = await OPERATIONS[call.operation.name](request)
        return self.model.serialize(call, output, came.labels.request_id)


def pipeline(requests: DocumentRequests) -> CloudWatchPipeline:
    """Compile the model and serve it."""
    return CloudWatchPipeline(requests=requests, model=load("cloudwatch", OPERATIONS))
