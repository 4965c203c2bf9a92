"""What CreateJob may say: checked, before anything is stored.

AWS documents the constraints and not the words of a refusal; the words are ours.
Source: API Reference, "CreateJob" (S3 Control) and the structures it refers to.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from farshore.model import errors
from farshore.model.batch import Document, JobRequest, OperationName
from farshore.model.control_errors import BadRequestException, TooManyTagsException
from farshore.model.errors import S3Error
from farshore.semantics import checksums, tagging

TAGS_MAX = 50
_ROLE_ARN = re.compile(r"arn:[^:]+:iam::(\d{12}):role/.+")
_BUCKET_ARN = re.compile(r"arn:[^:]+:s3:::([^/]+)")
_OBJECT_ARN = re.compile(r"arn:[^:]+:s3:::([^/]+)/(.+)", re.DOTALL)
_PRIORITY_MAX = 2**31 - 1


def check_create_job(params: Mapping[str, Any]) -> JobRequest:
    """What a CreateJob request asks for.

    Raises:
        BadRequestException: names the member at fault. NotImplemented: an operation of AWS's that is not done here.
    """
    operation, parameters = _operation(params["Operation"])
    _length(params, "ClientRequestToken", 1, 64)
    _length(params, "Description", 1, 256)
    _length(params, "RoleArn", 1, 2048)
    check_priority(params["Priority"])
    if not _ROLE_ARN.fullmatch(params["RoleArn"]):
        raise BadRequestException("RoleArn must be the ARN of an IAM role")
    manifest: Document | None = params.get("Manifest")
    generator: Document | None = params.get("ManifestGenerator")
    if (manifest is None) == (generator is None):
        raise BadRequestException("Exactly one of Manifest and ManifestGenerator must be specified")
    if manifest is not None:
        _check_manifest(manifest)
    else:
        assert generator is not None
        _check_generator(generator)
    _check_report(params["Report"])
    said = {name: value for name, value in params.items() if name not in ("AccountId", "ClientRequestToken")}
    return JobRequest(
        token=params["ClientRequestToken"],
        digest=hashlib.sha256(msgspec.json.encode(said, order="deterministic")).digest(),
        operation=operation,
        parameters=parameters,
        role_arn=params["RoleArn"],
        # AWS: a job that does not say otherwise waits for its confirmation (User Guide, "Creating a job", AWS CLI).
        confirmation_required=params.get("ConfirmationRequired", True),
        report=params["Report"],
        manifest=manifest,
        generator=generator,
        description=params.get("Description"),
    )


def check_priority(priority: int) -> None:
    if not 0 <= priority <= _PRIORITY_MAX:
        raise BadRequestException(f"Priority must be between 0 and {_PRIORITY_MAX}")


def check_job_tags(tags: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The tags of a job, by key. Raises TooManyTagsException, BadRequestException."""
    if len(tags) > TAGS_MAX:
        raise TooManyTagsException(f"A job can have at most {TAGS_MAX} tags")
    found: dict[str, str] = {}
    for tag in tags:
        key, value = tag["Key"], tag["Value"]
        try:
            tagging.check_tag(key, value)
        except S3Error as error:
            raise BadRequestException(f"{error.message}: {key!r}") from error
        if key in found:
            raise BadRequestException(f"The tag key {key!r} was specified twice")
        found[key] = value
    return found


def role_account(role_arn: str) -> str:
    """The account of a role's ARN that was checked."""
    match = _ROLE_ARN.fullmatch(role_arn)
    assert match is not None, role_arn
    return match[1]


def bucket_of_arn(arn: str) -> str:
    """The name in a bucket's ARN. Raises BadRequestException."""
    match = _BUCKET_ARN.fullmatch(arn)
    if match is None:
        raise BadRequestException(f"{arn!r} is not the ARN of a bucket")
    return match[1]


def object_of_arn(arn: str) -> tuple[str, str]:
    """Bucket and key in an object's ARN. Raises BadRequestException."""
    match = _OBJECT_ARN.fullmatch(arn)
    if match is None:
        raise BadRequestException(f"{arn!r} is not the ARN of an object")
    return match[1], match[2]


def _operation(document: Mapping[str, Any]) -> tuple[OperationName, Document]:
    if len(document) != 1:
        raise BadRequestException("Operation must name exactly one operation")
    ((name, parameters),) = document.items()
    try:
        operation = OperationName(name)
    except ValueError:
        raise errors.NotImplemented(f"Jobs of {name} are not implemented", Operation=name) from None
    _OPERATIONS[operation](parameters)
    return operation, parameters


def _check_nothing(_parameters: Document) -> None:
    pass


def _check_tagging(parameters: Document) -> None:
    try:
        tagging.check_tag_set(parameters.get("TagSet", []))
    except S3Error as error:
        raise BadRequestException(error.message) from error


def _check_acl(parameters: Document) -> None:
    policy: Document = parameters.get("AccessControlPolicy", {})
    if len(policy) != 1:
        raise BadRequestException(
            "AccessControlPolicy must have exactly one of AccessControlList and CannedAccessControlList"
        )


_COPY_UNSUPPORTED = frozenset(
    (
        "AccessControlGrants",
        "BucketKeyEnabled",
        "ObjectLockEventHold",
        "ObjectLockEventHoldDuration",
        "ObjectLockLegalHoldStatus",
        "ObjectLockMode",
        "ObjectLockRetainUntilDate",
        "SSEAwsKmsKeyId",
    )
)


def _check_copy(parameters: Document) -> None:
    if "TargetResource" not in parameters:
        raise BadRequestException("TargetResource must be specified")
    bucket_of_arn(parameters["TargetResource"])
    unsupported = sorted(_COPY_UNSUPPORTED & parameters.keys())
    if unsupported:
        raise errors.NotImplemented(f"S3PutObjectCopy with {unsupported[0]} is not implemented", Member=unsupported[0])
    try:
        tagging.check_tag_set(parameters.get("NewObjectTagging", []))
    except S3Error as error:
        raise BadRequestException(error.message) from error


def _check_checksum(parameters: Document) -> None:
    algorithm: str | None = parameters.get("ChecksumAlgorithm")
    if algorithm is not None and algorithm not in checksums.ALGORITHMS:
        raise errors.NotImplemented(f"Checksums of {algorithm} are not implemented", Member="ChecksumAlgorithm")
    if parameters.get("ChecksumType") == "COMPOSITE":
        raise errors.NotImplemented("Composite checksums are not implemented in jobs", Member="ChecksumType")


_OPERATIONS = {
    OperationName.REPLICATE: _check_nothing,
    OperationName.COPY: _check_copy,
    OperationName.PUT_ACL: _check_acl,
    OperationName.PUT_TAGGING: _check_tagging,
    OperationName.DELETE_TAGGING: _check_nothing,
    OperationName.COMPUTE_CHECKSUM: _check_checksum,
}


def _check_manifest(manifest: Document) -> None:
    object_of_arn(manifest["Location"]["ObjectArn"])
    _length(manifest["Location"], "ETag", 1, 1024)
    spec: Document = manifest["Spec"]
    if spec["Format"] == "S3BatchOperations_CSV_20180820" and not spec.get("Fields"):
        raise BadRequestException("Fields must be specified for the format S3BatchOperations_CSV_20180820")


def _check_generator(generator: Document) -> None:
    chosen: Document | None = generator.get("S3JobManifestGenerator")
    if chosen is None:
        raise BadRequestException("ManifestGenerator must have S3JobManifestGenerator")
    bucket_of_arn(chosen["SourceBucket"])
    place: Document | None = chosen.get("ManifestOutputLocation")
    if chosen["EnableManifestOutput"]:
        if place is None:
            raise BadRequestException("ManifestOutputLocation must be specified when EnableManifestOutput is true")
        bucket_of_arn(place["Bucket"])
        _length(place, "ManifestPrefix", 1, 512)
        if "SSEKMS" in place.get("ManifestEncryption", {}):
            raise errors.NotImplemented("Manifests encrypted with SSE-KMS are not implemented", Member="SSE-KMS")
    _check_filter(chosen.get("Filter", {}))


def _check_filter(wanted: Document) -> None:
    names: Document = wanted.get("KeyNameConstraint", {})
    for member in ("MatchAnyPrefix", "MatchAnySuffix", "MatchAnySubstring"):
        strings: list[str] = names.get(member, [])
        if len(strings) > 1:
            raise BadRequestException(f"{member} accepts one string")
        if any(not 1 <= len(each) <= 1024 for each in strings):
            raise BadRequestException(f"{member} accepts a string of 1 to 1024 characters")
    encryptions: list[Document] = wanted.get("MatchAnyObjectEncryption", [])
    if len(encryptions) > 1 or any(len(each) != 1 for each in encryptions):
        raise BadRequestException("MatchAnyObjectEncryption accepts one encryption")
    after: datetime | None = wanted.get("CreatedAfter")
    before: datetime | None = wanted.get("CreatedBefore")
    if after is not None and before is not None and after >= before:
        raise BadRequestException("CreatedAfter must be before CreatedBefore")


def _check_report(report: Document) -> None:
    if not report["Enabled"]:
        return
    for member in ("Bucket", "Format", "ReportScope"):
        if member not in report:
            raise BadRequestException(f"{member} must be specified in Report when Enabled is true")
    bucket_of_arn(report["Bucket"])
    _length(report, "Prefix", 1, 512)


def _length(members: Mapping[str, Any], name: str, least: int, most: int) -> None:
    value = members.get(name)
    if value is not None and not least <= len(value) <= most:
        raise BadRequestException(f"{name} must have {least} to {most} characters")
