"""Operations of jobs that may be repeated without a difference: tags, ACLs, checksums.

Source: S3 User Guide, "Replace all object tags", "Delete all object tags", "Replace access control list (ACL)",
"Compute checksums".
"""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

from farshore.batch.job_role import JobRole
from farshore.batch.object_task import SUCCESSFUL, ObjectTask
from farshore.model.batch import Document
from farshore.model.objects import Checksum
from farshore.semantics import checksums
from farshore.service.access_control_lists import put_object_acl
from farshore.service.bodies import pieces_of
from farshore.service.deployment import Body, Params
from farshore.service.get_object import get_object
from farshore.service.object_tagging import delete_object_tagging, put_object_tagging

_GRANTEES = {
    "emailAddress": ("AmazonCustomerByEmail", "EmailAddress"),
    "id": ("CanonicalUser", "ID"),
    "uri": ("Group", "URI"),
}


async def put_tagging(role: JobRole, task: ObjectTask) -> str:
    params = task.params() | {"Tagging": {"TagSet": task.parameters.get("TagSet", [])}}
    await put_object_tagging(role.request("PutObjectTagging", params))
    return SUCCESSFUL


async def delete_tagging(role: JobRole, task: ObjectTask) -> str:
    await delete_object_tagging(role.request("DeleteObjectTagging", task.params()))
    return SUCCESSFUL


async def put_acl(role: JobRole, task: ObjectTask) -> str:
    await put_object_acl(role.request("PutObjectAcl", task.params() | _acl(task.parameters["AccessControlPolicy"])))
    return SUCCESSFUL


async def compute_checksum(role: JobRole, task: ObjectTask) -> str:
    """The checksum of the stored bytes, as a JSON document: nothing is changed."""
    answer = await get_object(role.request("GetObject", task.params()))
    body = answer.body
    assert body is not None, task
    algorithm: str = task.parameters.get("ChecksumAlgorithm", checksums.DEFAULT_ALGORITHM)
    checksum = await _checksum_of(body, algorithm)
    return json.dumps(
        {
            "checksum_base64": checksum.value,
            "etag": answer.output["ETag"].strip('"'),
            "checksumAlgorithm": algorithm,
            "checksumType": checksum.type.value,
            "checksum_hex": base64.b64decode(checksum.value).hex().upper(),
        },
        separators=(",", ":"),
    )


async def _checksum_of(body: Body, algorithm: str) -> Checksum:
    digest = checksums.ChecksumAccumulator(algorithm)
    async for piece in pieces_of(body):
        await asyncio.to_thread(digest.update, piece)
    return digest.checksum()


def _acl(policy: Document) -> Params:
    """PutObjectAcl's members of an operation's AccessControlPolicy."""
    if "CannedAccessControlList" in policy:
        return {"ACL": policy["CannedAccessControlList"]}
    listed: Document = policy["AccessControlList"]
    grants: list[Document] = listed.get("Grants", [])
    owner = {name: value for name, value in listed["Owner"].items() if name in ("ID", "DisplayName")}
    return {"AccessControlPolicy": {"Owner": owner, "Grants": [_grant(grant) for grant in grants]}}


def _grant(grant: Document) -> Document:
    grantee: dict[str, Any] = grant.get("Grantee", {})
    kind, member = _GRANTEES[grantee["TypeIdentifier"]]
    return {"Grantee": {"Type": kind, member: grantee["Identifier"]}, "Permission": grant["Permission"]}
