"""The way of a request: one visible list of steps, from HTTP to a service function and back.

    address -> authenticate -> choose the service -> route -> parse -> authorise and call (service) -> serialise -> send

Errors of the S3Error family are answered as AWS's XML; everything else is logged and answered InternalError, here and
nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import structlog
from aiohttp import web

from farshore.api import post_object
from farshore.api.authenticate import Authenticated, Authenticator
from farshore.api.browser import ORIGIN_OF_ITS_OWN, may_become_page
from farshore.api.dispatch import S3
from farshore.api.document import read_body, read_document
from farshore.api.own_paths import OWN_PATHS, Lines, OwnCall, params_of
from farshore.api.post_form import read_form
from farshore.api.request_body import HttpBody
from farshore.api.request_labels import RequestLabels
from farshore.api.request_record import shown_target
from farshore.api.request_records import RequestRecords
from farshore.api.respond import S3_CONTROL_SERVICE, send_answer, send_error, send_json, send_lines
from farshore.api.s3control import OPERATIONS as S3_CONTROL
from farshore.api.s3control import is_control
from farshore.auth.chunk_signatures import ChunkSigner
from farshore.auth.post_signature import read_form_credentials
from farshore.blobs.store import BlobMissing, BlobsUnavailable
from farshore.metadata.store import StoreUnavailable
from farshore.model import errors
from farshore.model.errors import (
    AccessDenied,
    InternalError,
    InvalidArgument,
    InvalidRequest,
    MissingContentLength,
    S3Error,
    ServiceUnavailable,
)
from farshore.runtime import ids
from farshore.runtime.threads import in_thread
from farshore.service.deployment import Deployment, Params, Request, RequestBody
from farshore.service.put_object import put_object
from farshore.service.replication_wait import WAIT_HEADER, WAITING_OPERATIONS, asked_s, wait_after_write
from farshore.wire.addressing import bucket_of_host, parse_query, resolve
from farshore.wire.aws_chunked import AwsChunkedDecoder, Mode
from farshore.wire.service_model import ServiceModel

_CHUNKED: dict[str, Mode] = {
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD": "signed",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER": "signed-trailer",
    "STREAMING-UNSIGNED-PAYLOAD-TRAILER": "unsigned-trailer",
}

_LENGTH_DIGITS_MAX = 18

SMALL_DOCUMENT_BYTES = 32 * 1024
"""So much is parsed on the event loop, in a few milliseconds at most; larger documents in a thread."""

OWN_PREFIX = "/-/"
"""Paths of Farshore's own: a bucket name cannot begin with `-`, so none is shadowed."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """Serves requests of S3 and S3 Control, of one process.

    domains: base domains of virtual-host style addressing.
    records: counts and records them.
    default_region: the endpoint's region for requests that carry no credential scope.
    """

    deployment: Deployment
    authenticator: Authenticator
    model: ServiceModel
    control: ServiceModel
    domains: Sequence[str]
    default_region: str
    records: RequestRecords

    async def handle(self, http: web.BaseRequest) -> web.StreamResponse:
        """Answer one request; never raises but for a broken connection or a cancellation."""
        now_us = self.deployment.clock.now_us()
        labels = RequestLabels(request_id=ids.request_id(), head=http.method == "HEAD", now_us=now_us)
        try:
            response = await self._answer(http, labels)
        except (ConnectionError, web.RequestPayloadError):
            self.records.answered(http, labels, labels.status, broken_off=True)
            raise
        self.records.answered(http, labels, response.status)
        return response

    async def _answer(self, http: web.BaseRequest, labels: RequestLabels) -> web.StreamResponse:
        try:
            if http.raw_path.startswith(OWN_PREFIX):
                return await self._serve_own(http, labels)
            return await self._serve(http, labels)
        except S3Error as error:
            return await send_error(http, error, labels)
        except (StoreUnavailable, BlobsUnavailable) as unavailable:
            log.warning("store unavailable", error=str(unavailable), **labels.spoken())
            return await send_error(http, ServiceUnavailable(), labels)
        except BlobMissing as missing:
            log.error("stored bytes are missing", blob=str(missing), **labels.spoken())
            return await send_error(http, InternalError(), labels)
        except (ConnectionError, web.RequestPayloadError):
            raise
        except Exception:
            log.exception("request failed", method=http.method, path=shown_target(http.raw_path), **labels.spoken())
            return await send_error(http, InternalError(), labels)

    async def _serve(self, http: web.BaseRequest, labels: RequestLabels) -> web.StreamResponse:
        headers = http.headers
        now_us = labels.now_us
        raw_path, _, raw_query = http.raw_path.partition("?")
        bucket, key = resolve(headers.get("Host", ""), raw_path, self.domains)
        host_bucket = bucket_of_host(headers.get("Host", ""), self.domains)
        labels.resource = raw_path
        if is_control(headers, bucket, key):
            labels.service = S3_CONTROL_SERVICE
        else:
            labels.bucket, labels.key = bucket, key
            if http.method == "POST" and bucket is not None and key is None and not raw_query:
                return await self._serve_form(http, labels, bucket, host_style=host_bucket is not None)
        query = parse_query(raw_query)
        labels.asked_who = True
        caller = labels.caller = self.authenticator.authenticate(
            method=http.method,
            raw_path=raw_path,
            query=query,
            headers=headers,
            now_us=now_us,
            bucket=labels.bucket,
            host_bucket=host_bucket,
        )
        control = labels.service == S3_CONTROL_SERVICE
        model, handlers = (self.control, S3_CONTROL) if control else (self.model, S3)
        operation = model.route(http.method, bucket, key, query, headers)
        labels.operation = operation.name
        handler = handlers.get(operation.name)
        if handler is None:
            raise errors.NotImplemented(f"{operation.name} is not implemented", Operation=operation.name)
        body = labels.body = _body(http, caller)
        document = None
        if operation.has_body and not operation.streaming_input:
            document = await read_document(http.headers, body, operation, _content_sha256(caller))
        if document is not None and len(document) > SMALL_DOCUMENT_BYTES:
            params = await in_thread(None, model.parse, operation, bucket, key, query, headers, document)
        else:
            params = model.parse(operation, bucket, key, query, headers, document)
        request = labels.request = self._request(
            http, caller, labels, operation=operation.name, params=params, body=body, host_style=host_bucket is not None
        )
        waits_s = asked_s(headers) if WAIT_HEADER in headers and operation.name in WAITING_OPERATIONS else None
        answer = labels.answer = await handler(request)
        if waits_s is not None:
            await wait_after_write(request, answer, waits_s)
        if answer.body is not None and may_become_page(http.method, headers, self.domains):
            answer.headers["Content-Security-Policy"] = ORIGIN_OF_ITS_OWN
        return await send_answer(http, model.serialize(operation, answer.output, status=answer.status), answer, labels)

    async def _serve_form(
        self, http: web.BaseRequest, labels: RequestLabels, bucket: str, *, host_style: bool
    ) -> web.StreamResponse:
        """An upload by a browser's form: its credentials are in its body, before the file."""
        labels.operation = post_object.OPERATION
        labels.body = HttpBody(http, http.content_length, None)
        form = await read_form(http, labels.body)
        labels.asked_who = True
        credentials = read_form_credentials(form.fields)
        caller = labels.caller = self.authenticator.authenticate_form(credentials, labels.now_us)
        size = post_object.check_policy(form, credentials, bucket, labels.now_us)
        params = post_object.put_params(self.model, form, bucket)
        labels.key = params["Key"]
        request = labels.request = self._request(
            http,
            caller,
            labels,
            operation=post_object.OPERATION,
            params=params,
            body=form.body(size),
            host_style=host_style,
        )
        answer = labels.answer = await put_object(request)
        wire = post_object.answer_form(self.model, http, answer, params, form.fields)
        return await send_answer(http, wire, answer, labels)

    async def _serve_own(self, http: web.BaseRequest, labels: RequestLabels) -> web.StreamResponse:
        """Farshore's own API: authenticated as S3's, answered as JSON."""
        raw_path, _, raw_query = http.raw_path.partition("?")
        labels.resource = raw_path
        labels.service = "farshore"
        handler = OWN_PATHS.get((http.method, raw_path))
        if handler is None:
            return web.Response(status=404, text="not found\n")
        labels.operation = raw_path
        query = parse_query(raw_query)
        labels.bucket, labels.key = query.get("bucket"), query.get("key")
        labels.asked_who = True
        caller = labels.caller = self.authenticator.authenticate(
            method=http.method,
            raw_path=raw_path,
            query=query,
            headers=http.headers,
            now_us=labels.now_us,
            bucket=labels.bucket,
        )
        if caller.principal.anonymous:
            raise AccessDenied()
        body = labels.body = _body(http, caller)
        document = await read_body(body, _content_sha256(caller))
        params = params_of(raw_path, query)
        request = self._request(http, caller, labels, operation=raw_path, params=params, body=body)
        labels.request = request
        answer = await handler(OwnCall(request, query, document, self.model))
        if isinstance(answer, Lines):
            return await send_lines(http, answer.lines, labels)
        return send_json(msgspec.json.encode(answer), labels)

    def _request(
        self,
        http: web.BaseRequest,
        caller: Authenticated,
        labels: RequestLabels,
        *,
        operation: str,
        params: Params,
        body: RequestBody,
        host_style: bool = False,
    ) -> Request:
        credentials = caller.credentials
        return Request(
            deployment=self.deployment,
            principal=caller.principal,
            policies=caller.policies,
            session=caller.session,
            operation=operation,
            params=params,
            body=body,
            request_id=labels.request_id,
            now_us=labels.now_us,
            region=self.default_region if credentials is None else credentials.region,
            region_signed=credentials is not None,
            presigned=credentials is not None and credentials.presigned,
            content_sha256=_content_sha256(caller),
            headers=http.headers,
            source_address=http.remote or "",
            secure=http.secure,
            host_style=host_style,
        )


def _body(http: web.BaseRequest, caller: Authenticated) -> HttpBody:
    """The request's body, with its framing and lengths checked before a byte is read."""
    headers = http.headers
    length = http.content_length
    credentials = caller.credentials
    mode = _CHUNKED.get(headers.get("x-amz-content-sha256", "") if credentials is None else credentials.payload_hash)
    if mode is None:
        if length is None and not http.body_exists:
            length = 0
        return HttpBody(http, length, None)
    decoded = headers.get("x-amz-decoded-content-length")
    if decoded is None:
        raise MissingContentLength()
    if not decoded.isascii() or not decoded.isdigit() or len(decoded) > _LENGTH_DIGITS_MAX:
        raise InvalidArgument(
            "x-amz-decoded-content-length must be a non-negative integer",
            ArgumentName="x-amz-decoded-content-length",
            ArgumentValue=decoded,
        )
    signer = None
    if mode != "unsigned-trailer":
        if caller.signature is None:
            raise InvalidRequest("A signed streaming payload needs a signed request")
        signer = ChunkSigner(caller.signature)
    return HttpBody(http, int(decoded), AwsChunkedDecoder(mode, int(decoded), signer))


def _content_sha256(caller: Authenticated) -> str | None:
    """The hex digest that the payload was signed with, None where it was not (unsigned, chunked, anonymous)."""
    credentials = caller.credentials
    if credentials is None or len(credentials.payload_hash) != 64 or "-" in credentials.payload_hash:
        return None
    return credentials.payload_hash
