"""The checksums that S3 takes since April 2026: of objects, of parts, on copies and on replicas.

Nothing of them was recorded on AWS; what is expected is what S3 does with the others.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
from awscrt.checksums import XXHash
from botocore.exceptions import ClientError
from tests.support.pairs import Pair
from tests.support.replication import put_rule
from tests.support.server import Server

COMPUTE = {
    "SHA512": lambda body: hashlib.sha512(body).digest(),
    "MD5": lambda body: hashlib.md5(body).digest(),
    "XXHASH64": XXHash.compute_xxhash64,
    "XXHASH3": XXHash.compute_xxhash3_64,
    "XXHASH128": XXHash.compute_xxhash3_128,
}
BODY = b"a body of some words"
PART = bytes(5 * 1024 * 1024)


def checksum(algorithm: str, body: bytes) -> str:
    return base64.b64encode(COMPUTE[algorithm](body)).decode()


@pytest.mark.parametrize("algorithm", COMPUTE)
def test_an_object_is_compared_with_its_checksum_and_keeps_it(server: Server, algorithm: str) -> None:
    pair = Pair(server)
    put_rule(pair.s3, pair.source, pair.destination)
    member, value = f"Checksum{algorithm}", checksum(algorithm, BODY)
    named: dict[str, Any] = {"Bucket": pair.source, "Key": "k"}
    with pytest.raises(ClientError, match=f"BadDigest.*{algorithm}"):
        pair.s3.put_object(**named, Body=b"another", **{member: value})
    version_id = pair.s3.put_object(**named, Body=BODY, **{member: value})["VersionId"]
    head = pair.s3.head_object(**named, ChecksumMode="ENABLED")
    assert (head[member], head["ChecksumType"]) == (value, "FULL_OBJECT")
    got = pair.s3.get_object(**named, ChecksumMode="ENABLED")
    assert (got[member], got["Body"].read()) == (value, BODY)
    attributes = pair.s3.get_object_attributes(**named, ObjectAttributes=["Checksum"])
    assert attributes["Checksum"] == {member: value, "ChecksumType": "FULL_OBJECT"}
    (listed,) = pair.s3.list_objects_v2(Bucket=pair.source)["Contents"]
    assert listed["ChecksumAlgorithm"] == [algorithm]
    copied = pair.s3.copy_object(Bucket=pair.source, Key="copy", CopySource=named)["CopyObjectResult"]
    assert copied[member] == value
    assert pair.settled("k") == "COMPLETED"
    replica = pair.there.head_object(Bucket=pair.destination, Key="k", VersionId=version_id, ChecksumMode="ENABLED")
    assert replica[member] == value


@pytest.mark.parametrize("algorithm", ["SHA512", "XXHASH64", "XXHASH3", "XXHASH128"])
def test_a_checksum_that_the_sdk_computes_comes_behind_the_body(s3: Any, bucket: str, algorithm: str) -> None:
    put = s3.put_object(Bucket=bucket, Key="k", Body=BODY, ChecksumAlgorithm=algorithm)
    assert put[f"Checksum{algorithm}"] == checksum(algorithm, BODY)


@pytest.mark.parametrize("algorithm", COMPUTE)
def test_an_upload_of_parts_has_the_checksum_of_their_checksums(s3: Any, bucket: str, algorithm: str) -> None:
    member = f"Checksum{algorithm}"
    named = {"Bucket": bucket, "Key": "k"}
    created = s3.create_multipart_upload(**named, ChecksumAlgorithm=algorithm)
    assert (created["ChecksumAlgorithm"], created["ChecksumType"]) == (algorithm, "COMPOSITE")
    of = {**named, "UploadId": created["UploadId"]}
    parts: list[dict[str, Any]] = []
    for number, body in enumerate((PART, BODY), 1):
        value = checksum(algorithm, body)
        part = s3.upload_part(**of, PartNumber=number, Body=body, **{member: value})
        parts.append({"PartNumber": number, "ETag": part["ETag"], member: value})
    made = s3.complete_multipart_upload(**of, MultipartUpload={"Parts": parts})
    whole = checksum(algorithm, b"".join(base64.b64decode(part[member]) for part in parts))
    assert (made[member], made["ChecksumType"]) == (f"{whole}-2", "COMPOSITE")
    assert s3.head_object(**named, ChecksumMode="ENABLED")[member] == f"{whole}-2"


def test_a_checksum_of_the_full_object_cannot_be_made_of_parts(s3: Any, bucket: str) -> None:
    with pytest.raises(ClientError, match="FULL_OBJECT checksum type cannot be used with the xxhash64"):
        s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm="XXHASH64", ChecksumType="FULL_OBJECT")
