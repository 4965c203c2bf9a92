"""What a caller is refused with, and the ARNs of what policies speak of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError


def refused(call: Callable[[], Any]) -> str:
    """The message of an AccessDenied."""
    with pytest.raises(ClientError) as caught:
        call()
    error = caught.value.response["Error"]
    assert error["Code"] in ("AccessDenied", "403"), error
    return error["Message"]


def fails(code: str, call: Callable[[], Any]) -> dict[str, Any]:
    with pytest.raises(ClientError) as caught:
        call()
    error = caught.value.response["Error"]
    assert error["Code"] == code, error
    return error


def objects(bucket: str) -> str:
    return f"arn:aws:s3:::{bucket}/*"


def bucket_arn(bucket: str) -> str:
    return f"arn:aws:s3:::{bucket}"
