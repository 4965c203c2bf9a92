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
from tests.support.own_api import Refused, call
from tests.support.people import allow, owner, user
from tests.support.server import Server


def command(server: Server, *arguments: str) -> dict[str, str]:
    """A `farshore account` command on the server's data folder, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "farshore", "account", *arguments, "--data", str(server.data), "--json"],
        capture_output=True,
        check=True,
        timeout=120,
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


def test_who_administers_the_deployment_lists_and_makes_accounts_through_the_server(server: Server) -> None:
    root = owner(server)
    made = call(server, "POST", "/-/accounts", name="made by request")
    found = {each["name"]: each for each in call(server, "GET", "/-/accounts", region="us-west-2")["accounts"]}
    assert found["root"]["administers"]
    assert found["made by request"]["account_id"] == made["account_id"]
    assert not found["made by request"]["administers"]
    new = client(server, made)
    assert new.list_buckets()["Buckets"] == []
    with pytest.raises(Refused, match="an account is called made by request already"):
        call(server, "POST", "/-/accounts", name="made by request")
    with pytest.raises(Refused, match="400"):
        call(server, "POST", "/-/accounts")
    lister = user(root, "lister", [allow("organizations:ListAccounts")])
    assert call(server, "GET", "/-/accounts", signer=(lister.key_id, lister.secret))
    for method, key in (
        ("GET", (made["access_key_id"], made["secret_access_key"])),
        ("POST", (made["access_key_id"], made["secret_access_key"])),
        ("POST", (lister.key_id, lister.secret)),
    ):
        with pytest.raises(Refused, match="403"):
            call(server, method, "/-/accounts", signer=key, name="another")
    assert made["secret_access_key"] not in server.log.read_text()
