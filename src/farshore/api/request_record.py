"""From an answered request to its audit record."""

from __future__ import annotations

import re
from time import perf_counter_ns
from urllib.parse import unquote_plus

from aiohttp import web

from farshore.api.authenticate import Authenticated
from farshore.api.post_object import OPERATION as POST_OBJECT
from farshore.api.request_labels import RequestLabels
from farshore.auth.evaluate import Reason
from farshore.model.audit import AuditRecord, Decided, Verdict
from farshore.runtime.iso_time import iso_time
from farshore.runtime.log import hide_in_text
from farshore.service.deployment import Params

_SECRET_PARAMETERS = frozenset(
    (
        "signature",
        "x-amz-copy-source-server-side-encryption-customer-key",
        "x-amz-security-token",
        "x-amz-server-side-encryption-customer-key",
        "x-amz-signature",
    )
)
"""Of presigned URLs, which may have any header as a parameter; in lower case."""
_CLAIMED_KEY = re.compile(r"(?:Credential=|^AWS )(\w{3,128})[/:]", re.ASCII)
_CLAIMED_PARAMETERS = ("x-amz-credential", "awsaccesskeyid")
_KEY_ID = re.compile(r"\w{3,128}", re.ASCII)
_HIDDEN = "(hidden)"


def record_of(http: web.BaseRequest, labels: RequestLabels, status: int, *, broken_off: bool) -> AuditRecord:
    """The record of a request that was answered with a status; 0 when the client was gone before."""
    request, caller, headers = labels.request, labels.caller, http.headers
    trail = None if request is None else request.trail
    bucket = None if trail is None else trail.bucket
    params: Params = {} if request is None else request.params
    output: Params = {} if labels.answer is None else labels.answer.output
    principal = None if caller is None else caller.principal
    verdict = labels.verdict(refused=bool(labels.code))
    by, also = _decisions(labels, verdict)
    signature_version, auth_type = _credentials(caller, labels)
    cipher_suite, tls_version = _encryption(http)
    ended_ns = perf_counter_ns()
    read_ns = labels.begun_ns if labels.body is None else labels.body.read_ns or labels.begun_ns
    return AuditRecord(
        time=iso_time(labels.now_us),
        request_id=labels.request_id,
        host_id=labels.host_id,
        service=labels.service,
        operation=labels.operation,
        account="" if principal is None else principal.account_id,
        principal="" if principal is None else labels.principal,
        access_key_id=_claimed_key(http) if principal is None else principal.access_key_id,
        source_ip=http.remote or "",
        region=(trail.region if trail is not None else "") or ("" if request is None else request.region),
        bucket=bucket.name if bucket is not None else params.get("Bucket") or labels.bucket or "",
        bucket_owner="" if bucket is None else bucket.owner,
        key=params.get("Key") or labels.key or "",
        version_id=params.get("VersionId") or output.get("VersionId") or "",
        method=http.method,
        uri=_text(shown_target(http.raw_path)),
        protocol=f"HTTP/{http.version.major}.{http.version.minor}",
        host=_text(headers.get("Host", "")),
        referer=_text(hide_in_text(headers.get("Referer", ""))),
        user_agent=_text(hide_in_text(headers.get("User-Agent", ""))),
        status=status,
        code=labels.code,
        broken_off=broken_off,
        decision=verdict,
        by=by,
        also=also,
        bytes_sent=labels.bytes_sent,
        object_bytes=_object_bytes(labels),
        total_us=(ended_ns - labels.begun_ns) // 1000,
        turnaround_us=max(0, (labels.first_byte_ns or ended_ns) - read_ns) // 1000,
        signature_version=signature_version,
        auth_type=auth_type,
        cipher_suite=cipher_suite,
        tls_version=tls_version,
        acl_required=by is not None and by.allowed and by.reason == _BY_ACL,
    )


_BY_ACL = Reason.ACL_ALLOW.name.lower()


def _text(received: str) -> str:
    """Text that can be encoded: bytes that were none are lone surrogates, and are written as `\\udcff`."""
    return received if received.isascii() else received.encode("utf-8", "backslashreplace").decode()


def shown_target(raw_path: str) -> str:
    """A request's path and query as they came, but for the values of parameters that are secret."""
    path, mark, query = raw_path.partition("?")
    if not query:
        return raw_path
    return path + mark + "&".join(_shown_parameter(part) for part in query.split("&"))


def _shown_parameter(part: str) -> str:
    name, equals, _ = part.partition("=")
    return f"{name}={_HIDDEN}" if equals and unquote_plus(name).lower() in _SECRET_PARAMETERS else part


def _decisions(labels: RequestLabels, verdict: Verdict) -> tuple[Decided | None, tuple[Decided, ...]]:
    """What decided, and what was decided besides."""
    if labels.request is None:
        reason = "authentication" if labels.caller is None else _undecided(labels)
        return (Decided(allowed=False, reason=reason), ()) if verdict is Verdict.DENY else (None, ())
    trail = labels.request.trail
    refusal, others = trail.refusal(), trail.others()
    if verdict is Verdict.DENY:
        return refusal or Decided(allowed=False, reason=_undecided(labels)), tuple(others)
    if refusal is not None:
        # One of several things was refused, and the request went on without it.
        others.insert(min(1, len(others)), refusal)
    return (others[0], tuple(others[1:])) if others else (None, ())


def _undecided(labels: RequestLabels) -> str:
    """Why a known caller was refused by what is no policy."""
    if labels.code != "AccessDenied":
        return "authentication"
    return "anonymous" if labels.caller is not None and labels.caller.principal.anonymous else "service_rule"


def _object_bytes(labels: RequestLabels) -> int | None:
    """Size of the object that was read or written."""
    request, answer = labels.request, labels.answer
    if request is None or answer is None or "Key" not in request.params:
        return None
    range_: str | None = answer.output.get("ContentRange")
    if range_ is not None:
        return int(range_.rpartition("/")[2])
    if labels.operation in ("PutObject", "UploadPart"):
        return request.body.length
    size: int | None = answer.output.get("ContentLength")
    return size


def _claimed_key(http: web.BaseRequest) -> str:
    """The access key id that credentials named which did not hold; empty when they named none."""
    found = _CLAIMED_KEY.search(http.headers.get("Authorization", ""))
    if found is not None:
        return found[1]
    for part in http.raw_path.partition("?")[2].split("&"):
        name, _, value = part.partition("=")
        if unquote_plus(name).lower() in _CLAIMED_PARAMETERS:
            claimed = unquote_plus(value).partition("/")[0]
            return claimed if _KEY_ID.fullmatch(claimed) else ""
    return ""


def _credentials(caller: Authenticated | None, labels: RequestLabels) -> tuple[str, str]:
    """Signature version and way of authentication; empty for who sent no signature, and where it is in a form."""
    if caller is None or caller.principal.anonymous:
        return "", ""
    if caller.credentials is None:
        # The cookie of who signed in to the console, a browser's form, else a URL presigned by the older version.
        elsewhere = labels.service == "farshore" or labels.operation == POST_OBJECT
        return ("", "") if elsewhere else ("SigV2", "QueryString")
    return "SigV4", "QueryString" if caller.credentials.presigned else "AuthHeader"


def _encryption(http: web.BaseRequest) -> tuple[str, str]:
    """Cipher suite and version of an encrypted connection."""
    transport = http.transport if http.secure else None
    cipher = None if transport is None else transport.get_extra_info("cipher")
    return ("", "") if cipher is None else (cipher[0], cipher[1])
