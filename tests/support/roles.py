"""Roles of replication and of jobs, put straight into a directory."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from farshore.metadata.directory import Directory
from farshore.metadata.identities import IdentityTransaction
from farshore.model.identity import InlinePolicy, Role, arn_parts
from farshore.semantics import batch_role, replication_role

ANYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}


async def make_role(
    directory: Directory, arn: str, policy: Mapping[str, Any] = ANYTHING, *, of_jobs: bool = False
) -> None:
    """A role that S3, or of_jobs S3 Batch Operations, may assume, with one inline policy named `replicate`."""
    parts = arn_parts(arn, "role")
    assert parts is not None, arn
    account, path, name = parts
    role = Role(
        id=f"AROA{name.upper()}",
        account_id=account,
        name=name,
        path=path,
        created_us=1,
        trust=json.dumps((batch_role if of_jobs else replication_role).trust_policy()),
    )

    def command(tx: IdentityTransaction) -> None:
        tx.add_role(role)
        tx.put_inline_policy(role.id, InlinePolicy(name="replicate", document=json.dumps(policy)))

    await directory.write(command)
