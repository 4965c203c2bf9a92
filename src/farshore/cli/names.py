"""Buckets, objects and jobs as commands are given them."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from farshore.cli.output import USED_WRONGLY, fail

_SCHEME = "s3://"
_ARN = "arn:aws:s3:::"
_JOB_ID = re.compile(r"[A-Za-z0-9_-]{5,36}")
"""As S3 Control's model has it; what else is asked for, an SDK refuses to send."""


def bucket_name(text: str) -> str:
    """The bucket of `BUCKET`, of `s3://BUCKET` as `aws s3` takes it, or of its ARN, as rules have it.

    Ends the command when it is none, as where an object is named.
    """
    name = text.removeprefix(_SCHEME).removeprefix(_ARN).removesuffix("/")
    if not name or "/" in name or ":" in name:
        fail(f"{text!r} is no bucket: give BUCKET, s3://BUCKET or its ARN", USED_WRONGLY)
    return name


def bucket_and_prefix(text: str) -> str:
    """`BUCKET[/PREFIX]`, also where it is written `s3://BUCKET[/PREFIX]`; ends the command when it names no bucket."""
    bucket, slash, prefix = text.removeprefix(_SCHEME).partition("/")
    return f"{bucket_name(bucket)}{slash}{prefix}"


def is_object(text: str) -> bool:
    """Whether it has the form of an object's address, rather than of a bucket."""
    return text.startswith(_SCHEME) and bool(text.removeprefix(_SCHEME).partition("/")[2])


def parse_uri(uri: str) -> tuple[str, str]:
    """Bucket and key of `s3://bucket/key`; ends the command when it is none."""
    bucket, _, key = uri.removeprefix(_SCHEME).partition("/")
    if not uri.startswith(_SCHEME) or not bucket or not key:
        fail(f"{uri!r} is not of the form s3://BUCKET/KEY", USED_WRONGLY)
    return bucket, key


def parse_job_id(text: str) -> str:
    """The id of a job of S3 Batch Operations; ends the command when it cannot be one."""
    if not _JOB_ID.fullmatch(text):
        fail(
            f"{text!r} is no job id: one looks like 0f8fad5b-d9cb-469f-a165-70867728950e; "
            "`farshore batch list` shows the jobs",
            USED_WRONGLY,
        )
    return text


SourceBucket = Annotated[
    str, typer.Argument(metavar="BUCKET", parser=bucket_name, help="The source bucket.", show_default=False)
]
