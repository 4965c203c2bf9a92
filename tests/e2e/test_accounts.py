"""Accounts beside a running server: what a command makes or takes away holds for the next request."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from tests.support.server import Server


def command(server: Server, *arguments: str) -> dict[str, str]:
    """A `farshore account` command on the server's data folder, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "farshore", "account", *arguments, "--data", str(server.data), "--json"],
        capture_output=True,
        check=True,
        timeout=60,
    )
    return json.loads(done.stdout)


def client(server: Server, key: dict[str, str]) -> Any:
    return boto3.client(
        "s3",
        region_name="us-east-1",
        endpoint_url=server.endpoint,
        aws_access_key_id=key["access_key_id"],
        aws_secret_access_key=key["secret_access_key"],
    )


def test_an_account_made_beside_the_server_has_buckets_of_its_own(server_factory: Callable[..., Server]) -> None:
    server = server_factory(workers=2)
    root = server.client()
    root.create_bucket(Bucket="of-the-root")
    partner_key = command(server, "create", "partner")
    partner = client(server, partner_key)
    assert partner.list_buckets()["Buckets"] == []
    with pytest.raises(ClientError, match="AccessDenied"):
        partner.list_objects_v2(Bucket="of-the-root")
    with pytest.raises(ClientError, match="BucketAlreadyExists"):
        partner.create_bucket(Bucket="of-the-root")
    partner.create_bucket(Bucket="of-the-partner")
    assert [bucket["Name"] for bucket in partner.list_buckets()["Buckets"]] == ["of-the-partner"]
    assert [bucket["Name"] for bucket in root.list_buckets()["Buckets"]] == ["of-the-root"]

    rotated = command(server, "rotate-key", "partner")
    with pytest.raises(ClientError, match="InvalidAccessKeyId"):
        partner.list_buckets()
    assert [bucket["Name"] for bucket in client(server, rotated).list_buckets()["Buckets"]] == ["of-the-partner"]
    log = server.log.read_text()
    assert partner_key["secret_access_key"] not in log
    assert rotated["secret_access_key"] not in log
