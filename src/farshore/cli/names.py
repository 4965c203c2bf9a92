"""Buckets and objects as commands are given them."""

from __future__ import annotations

from typing import Annotated

import typer

from farshore.cli.output import USED_WRONGLY, fail

_SCHEME = "s3://"
_ARN = "arn:aws:s3:::"


def bucket_name(text: str) -> str:
    """The bucket of `BUCKET`, of `s3://BUCKET` as `aws s3` takes it, or of its ARN, as rules have it.

    Ends the command when it is none, as where an object is named.
    """
    name = text.removeprefix(_SCHEME).removeprefix(_ARN).removesuffix("/")
    if not name or "/" in name or ":" in name:
        fail(f"{text!r} is no bucket: give BUCKET, s3://BUCKET or its ARN", USED_WRONGLY)
    return name


def is_object(text: str) -> bool:
    """Whether it has the form of an object's address, rather than of a bucket."""
    return text.startswith(_SCHEME) and bool(text.removeprefix(_SCHEME).partition("/")[2])


def parse_uri(uri: str) -> tuple[str, str]:
    """Bucket and key of `s3://bucket/key`; ends the command when it is none."""
    bucket, _, key = uri.removeprefix(_SCHEME).partition("/")
    if not uri.startswith(_SCHEME) or not bucket or not key:
        fail(f"{uri!r} is not of the form s3://BUCKET/KEY", USED_WRONGLY)
    return bucket, key


SourceBucket = Annotated[
    str, typer.Argument(metavar="BUCKET", parser=bucket_name, help="The source bucket.", show_default=False)
]
