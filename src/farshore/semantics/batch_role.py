"""The policies of a job's role: what S3 Batch Operations needs to replicate a bucket's existing objects, and no more.

Source: S3 User Guide, "Configuring an IAM role for S3 Batch Replication".
"""

from __future__ import annotations

from typing import Any

Document = dict[str, Any]

SERVICE = "batchoperations.s3.amazonaws.com"
_VERSION = "2012-10-17"


def trust_policy() -> Document:
    """Who may assume the role: S3 Batch Operations."""
    return _document({"Effect": "Allow", "Principal": {"Service": SERVICE}, "Action": "sts:AssumeRole"})


def replicate_policy(source: str) -> Document:
    """The permissions for a manifest generated of the source bucket and not saved, and for its replication."""
    return _document(
        _allow("s3:InitiateReplication", f"arn:aws:s3:::{source}/*"),
        _allow(["s3:GetReplicationConfiguration", "s3:PutInventoryConfiguration"], f"arn:aws:s3:::{source}"),
    )


def report_policy(bucket: str) -> Document:
    """The permission to write completion reports into a bucket."""
    return _document(_allow("s3:PutObject", f"arn:aws:s3:::{bucket}/*"))


def _document(*statements: Document) -> Document:
    return {"Version": _VERSION, "Statement": list(statements)}


def _allow(actions: str | list[str], resource: str) -> Document:
    return {"Effect": "Allow", "Action": actions, "Resource": resource}
