"""PostObject: an upload by a browser's form, which carries its own signature and a policy of what it may send.

The form becomes the parameters of a PutObject, and the same service function stores the file.
Source: API Reference, "POST Object", "Browser-Based Uploads Using POST"; answers recorded on AWS.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from aiohttp import web

from farshore.api.post_form import PostForm
from farshore.auth.post_signature import PostCredentials, missing_field
from farshore.model.errors import AccessDenied
from farshore.semantics import tagging
from farshore.semantics.post_policy import SizeRange, check_fields, read_policy
from farshore.service.deployment import Answer, Params
from farshore.wire.serialize import WireResponse
from farshore.wire.service_model import ServiceModel
from farshore.wire.xml import DECLARATION, escape_text, read_document

OPERATION = "PostObject"

_HEADERS = frozenset(("cache-control", "content-disposition", "content-encoding", "content-type", "expires"))
_METADATA = "x-amz-meta-"
_OF_SIGNATURE = frozenset(
    ("x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-security-token", "x-amz-signature")
)
_FILENAME = "${filename}"


def check_policy(form: PostForm, credentials: PostCredentials | None, bucket: str, now_us: int) -> SizeRange:
    """Hold a form against the policy that it was signed with; one that is not signed needs none.

    Raises:
        AccessDenied, InvalidPolicyDocument.
    """
    if credentials is None:
        if "policy" in form.fields:
            raise AccessDenied()
        return SizeRange()
    policy = read_policy(credentials.policy)
    return check_fields(policy, {**form.fields, "key": key_of(form)}, bucket, datetime.fromtimestamp(now_us / 1e6, UTC))


def key_of(form: PostForm) -> str:
    """The object's key: the field's, with the file's name put in. Raises InvalidArgument."""
    key = form.fields.get("key")
    if not key:
        raise missing_field("key")
    return key if form.filename is None else key.replace(_FILENAME, form.filename)


def put_params(model: ServiceModel, form: PostForm, bucket: str) -> Params:
    """The parameters of the PutObject that the form stands for.

    Raises:
        InvalidArgument, MalformedXML: a field that is none, the tags.
    """
    fields = form.fields
    headers = {name: _latin(value) for name, value in fields.items() if _is_header(name)}
    if "acl" in fields:
        headers["x-amz-acl"] = fields["acl"]
    params = model.parse(model.operations["PutObject"], bucket, key_of(form), {}, headers, None)
    metadata = {name[len(_METADATA) :]: value for name, value in fields.items() if name.startswith(_METADATA)}
    if metadata:
        params["Metadata"] = metadata  # Not decoded as that of headers is (recorded).
    if "tagging" in fields:
        params["Tagging"] = _tagging(fields["tagging"])
    return params


def answer_form(
    model: ServiceModel, http: web.BaseRequest, answer: Answer, params: Params, fields: Mapping[str, str]
) -> WireResponse:
    """What the browser gets: a redirect where the form asks for one, else the status that it asks for, or 204."""
    bucket, key, etag = params["Bucket"], params["Key"], answer.output["ETag"]
    location = f"{_address(http)}/{quote(key, safe='/~')}"
    headers = model.serialize(model.operations["PutObject"], answer.output).headers
    redirect = fields.get("success_action_redirect", fields.get("redirect", ""))
    if _is_address(redirect):
        more = urlencode({"bucket": bucket, "key": key, "etag": etag})
        target = f"{redirect}{'&' if '?' in redirect else '?'}{more}"
        return WireResponse(303, [*headers, ("Location", target)], b"")
    headers.append(("Location", location))
    match fields.get("success_action_status"):
        case "200":
            return WireResponse(200, headers, b"")
        case "201":
            members = {"Location": location, "Bucket": bucket, "Key": key, "ETag": etag}
            inner = "".join(f"<{name}>{escape_text(value)}</{name}>" for name, value in members.items())
            document = f"{DECLARATION}<PostResponse>{inner}</PostResponse>".encode()
            return WireResponse(201, [*headers, ("Content-Type", "application/xml")], document)
        case _:
            return WireResponse(204, headers, b"")


def _is_address(redirect: str) -> bool:
    """Whether a browser can be sent there: an absolute address, and nothing that a header cannot hold."""
    return redirect.isascii() and redirect.isprintable() and urlsplit(redirect).scheme in ("http", "https")


def _is_header(name: str) -> bool:
    if name in _HEADERS:
        return True
    return name.startswith("x-amz-") and not name.startswith(_METADATA) and name not in _OF_SIGNATURE


def _latin(value: str) -> str:
    """What a header can hold of a text: other characters become spaces (recorded)."""
    return "".join(char if ord(char) < 256 else " " for char in value)


def _tagging(text: str) -> str:
    """The `tagging` field, a Tagging document, as the header that PutObject takes. One without a TagSet has no tags
    (recorded)."""
    tags: list[dict[str, Any]] = [
        {member.name: member.text for member in tag.children}
        for tag_set in read_document(text.encode()).children
        if tag_set.name == "TagSet"
        for tag in tag_set.children
    ]
    return urlencode(tagging.check_tag_set(tags))


def _address(http: web.BaseRequest) -> str:
    """Where the form was sent to, by which the bucket can be addressed again."""
    return f"{http.scheme}://{http.host}{http.raw_path.rstrip('/')}"
