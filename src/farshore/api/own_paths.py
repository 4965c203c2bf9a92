"""Farshore's own API under `/-/`: JSON over signed requests, with S3's errors.

A request is signed as one to S3, in the region of its bucket (another region is answered AuthorizationHeaderMalformed,
naming the right one, as S3 does); one that is about no bucket, in any region that is served.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from farshore.api import accounts_path
from farshore.api.remedy_permissions import Asked, with_permissions
from farshore.api.replication_overview_path import overview
from farshore.api.replication_statuses_path import statuses
from farshore.api.replication_verify_path import verify_replication
from farshore.api.replication_wait_path import wait
from farshore.model.errors import InvalidArgument, MalformedXML
from farshore.replication.bucket_status import bucket_status
from farshore.replication.explain import explain
from farshore.replication.preview import preview, preview_error, refused
from farshore.replication.retry import Place, Selection, decode_place, retry_failures
from farshore.semantics import naming, versioning
from farshore.service.access import SEES_REPLICATION, bucket_for, may, require, version_for
from farshore.service.deployment import Params, Request
from farshore.service.pass_role import may_pass_role
from farshore.service.roles import S3_SERVICE
from farshore.service.status import deployment_status
from farshore.wire.service_model import ServiceModel


@dataclass(frozen=True, slots=True)
class OwnCall:
    """A signed call. request: its `params` name bucket, key and version as S3's own operations do.

    query: decoded. document: the body, at most 2 MiB. model: reads documents of S3.
    """

    request: Request
    query: Mapping[str, str]
    document: bytes
    model: ServiceModel


ACCOUNTS = "/-/accounts"
OVERVIEW = "/-/replication/overview"
STATUS = "/-/status"
_ABOUT_NO_BUCKET = frozenset((ACCOUNTS, OVERVIEW, STATUS))


@dataclass(frozen=True, slots=True)
class Lines:
    """An answer that comes line by line, each a JSON document. Closed when the client goes away."""

    lines: AsyncGenerator[Any]


OwnHandler = Callable[[OwnCall], Awaitable[Any]]
"""Returns what is answered as JSON, or `Lines`."""


def params_of(raw_path: str, query: Mapping[str, str]) -> Params:
    """Bucket, Key and VersionId of a query, by S3's names; only what is there.

    Raises:
        InvalidArgument: `bucket` is missing, or the key that a version id is of.
    """
    if raw_path in _ABOUT_NO_BUCKET:
        return {}
    if not query.get("bucket"):
        raise InvalidArgument("bucket is required", ArgumentName="bucket", ArgumentValue="")
    if query.get("version-id") and not query.get("key"):
        raise InvalidArgument("version-id is of a key", ArgumentName="key", ArgumentValue="")
    named = {"Bucket": "bucket", "Key": "key", "VersionId": "version-id"}
    return {member: query[name] for member, name in named.items() if query.get(name)}


async def explain_object(call: OwnCall) -> Any:
    """GET /-/explain?bucket=…&key=…[&version-id=…].

    Who may not read the object learns what GetObject would tell, and nothing more; the rules are shown to who may read
    the bucket's replication configuration.
    """
    request = call.request
    params = request.params
    if "Key" not in params:
        raise InvalidArgument("key is required", ArgumentName="key", ArgumentValue="")
    naming.check_key(params["Key"])
    region, bucket, version = version_for(request, "s3:GetObject")
    if version is None:
        require(request, region, bucket, "s3:ListBucket")  # As GetObject: else even its absence is not told.
    require(request, region, bucket, "s3:GetReplicationConfiguration")
    key = params["Key"]
    version_id: str | None = params.get("VersionId") if version is None else version.version_id
    found = await explain(request.deployment, region, bucket, key, version_id)
    role = None if found.configuration is None else found.configuration.role
    asked = Asked(request=request, region=region, bucket=bucket, key=key, version=version, role=role)
    return with_permissions(asked, found)


async def preview_replication(call: OwnCall) -> Any:
    """POST /-/replication/preview?bucket=…, with the document of PutBucketReplication.

    Needs what reading the bucket's configuration and its keys needs: s3:GetReplicationConfiguration,
    s3:ListBucketVersions. What the role may do is shown to who may pass it, as to who puts the configuration.
    """
    request = call.request
    region, bucket = bucket_for(request, *SEES_REPLICATION)
    operation = call.model.operations["PutBucketReplication"]
    try:
        params = call.model.parse(operation, bucket.name, None, {}, request.headers, call.document)
    except MalformedXML as error:
        return refused(region, bucket, [preview_error(error)])
    document: Params = params["ReplicationConfiguration"]
    with_role = may_pass_role(request, document.get("Role", ""), account=bucket.owner, service=S3_SERVICE)
    return await preview(request.deployment, region, bucket, document, with_role=with_role)


async def status_of_replication(call: OwnCall) -> Any:
    """GET /-/replication/status?bucket=….

    Needs s3:GetReplicationConfiguration, and s3:ListBucketVersions, since failures name keys.
    """
    region, bucket = bucket_for(call.request, *SEES_REPLICATION)
    return await bucket_status(call.request.deployment, region, bucket)


async def overview_of_replication(call: OwnCall) -> Any:
    """GET /-/replication/overview[?from=…]. Needs s3:ListAllMyBuckets, and for each bucket what its status needs."""
    return await overview(call.request, call.query.get("from", ""))


async def retry(call: OwnCall) -> Any:
    """POST /-/replication/retry?bucket=…[&cause=…][&destination=…][&prefix=…][&dry-run=true][&from=…].

    With key=…[&version-id=…] instead of a prefix, for one version.
    Needs s3:InitiateReplication on all keys with the prefix, and on each, as Batch Replication does; of one version on
    its key. A call does a part of the work; the next one goes on `from` where it ended.
    """
    request, query = call.request, call.query
    region, bucket = bucket_for(request)
    selection = Selection(
        cause=query.get("cause") or None,
        destination=query.get("destination") or None,
        prefix=query.get("prefix", ""),
        key=query.get("key") or None,
        version_id=query.get("version-id") or None,
    )
    _check_one(selection)
    keys = f"{selection.prefix}*" if selection.key is None else selection.key
    require(request, region, bucket, "s3:InitiateReplication", key=keys)
    place = decode_place(query["from"]) if query.get("from") else Place(until_us=request.now_us)

    def permitted(key: str, version_id: str) -> bool:
        version = region.metadata.reader.version(bucket.id, key, version_id)
        return may(request, region, bucket, "s3:InitiateReplication", key=key, version=version)

    dry_run = query.get("dry-run") == "true"
    return await retry_failures(
        request.deployment, region, bucket, selection, place, permitted=permitted, dry_run=dry_run
    )


def _check_one(selection: Selection) -> None:
    """Refuse what names no version.

    Raises:
        InvalidArgument, KeyTooLongError.
    """
    if selection.key is not None:
        naming.check_key(selection.key)
    if selection.version_id is not None:
        versioning.check_version_id(selection.version_id)
    if selection.key is not None and selection.prefix:
        raise InvalidArgument("a key has no prefix", ArgumentName="prefix", ArgumentValue=selection.prefix)


async def wait_for_replication(call: OwnCall) -> Any:
    """GET /-/replication/wait?bucket=…[&key=…[&version-id=…]][&timeout=…][&mark=…].

    For a version needs what GetObject needs; for a bucket s3:GetReplicationConfiguration and s3:ListBucketVersions.
    """
    return await wait(call.request, call.query.get("timeout"), call.query.get("mark"))


async def statuses_of_versions(call: OwnCall) -> Any:
    """POST /-/replication/statuses?bucket=…, with `{"versions": [{"key": …, "version_id": …}]}`.

    Needs s3:ListBucket, and for each version what HeadObject needs.
    """
    return await statuses(call.request, call.document)


async def list_accounts(call: OwnCall) -> Any:
    """GET /-/accounts."""
    return await accounts_path.list_all(call.request)


async def create_account(call: OwnCall) -> Any:
    """POST /-/accounts?name=…."""
    return await accounts_path.create(call.request, call.query.get("name", ""))


async def status_of_deployment(call: OwnCall) -> Any:
    """GET /-/status. Of each bucket of the caller's account needs s3:ListBucket, to show its replication what
    `/-/replication/status` needs, and to show where its events go s3:GetBucketNotification."""
    return await deployment_status(call.request)


async def verify(call: OwnCall) -> Lines:
    """POST /-/replication/verify?bucket=…[&destination=…][&prefix=…][&deep=true][&repair=true].

    Needs s3:GetReplicationConfiguration, and s3:ListBucketVersions on both buckets; to repair s3:InitiateReplication on
    all keys with the prefix, and on each.
    """
    return Lines(verify_replication(call.request, call.query))


OWN_PATHS: Mapping[tuple[str, str], OwnHandler] = {
    ("GET", ACCOUNTS): list_accounts,
    ("POST", ACCOUNTS): create_account,
    ("GET", "/-/explain"): explain_object,
    ("GET", OVERVIEW): overview_of_replication,
    ("POST", "/-/replication/preview"): preview_replication,
    ("POST", "/-/replication/retry"): retry,
    ("GET", "/-/replication/status"): status_of_replication,
    ("POST", "/-/replication/verify"): verify,
    ("POST", "/-/replication/statuses"): statuses_of_versions,
    ("GET", "/-/replication/wait"): wait_for_replication,
    ("GET", STATUS): status_of_deployment,
}
