"""Accounts and users of a running server, for tests of who may."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config

from tests.support.batch import without_account_in_host
from tests.support.server import Server


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A caller with a key: an account's root, or a user."""

    server: Server
    account_id: str
    arn: str
    key_id: str
    secret: str

    def client(self, service: str = "s3", region: str = "us-east-1", **config: Any) -> Any:
        endpoint = self.server.endpoint
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=without_account_in_host(endpoint) if service == "s3control" else endpoint,
            aws_access_key_id=self.key_id,
            aws_secret_access_key=self.secret,
            config=Config(retries={"total_max_attempts": 1}, **config),
        )


def anonymous(server: Server, region: str = "us-east-1") -> Any:
    """A client that sends no credentials."""
    return boto3.client(
        "s3",
        region_name=region,
        endpoint_url=server.endpoint,
        config=Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}),
    )


def owner(server: Server) -> Person:
    """The root of the deployment's first account."""
    account = server.cli("status")["account"]
    return _root(server, account, server.access_key_id, server.secret_access_key)


def stranger(server: Server) -> Person:
    """The root of a new account."""
    made = server.cli("account", "create", f"stranger-{secrets.token_hex(4)}")
    return _root(server, made["account_id"], made["access_key_id"], made["secret_access_key"])


def user(root: Person, name: str, statements: Sequence[dict[str, Any]] = ()) -> Person:
    """A new user of the root's account, with one inline policy of these statements (none: without any policy)."""
    iam = root.client("iam")
    unique = f"{name}-{secrets.token_hex(4)}"
    arn = iam.create_user(UserName=unique)["User"]["Arn"]
    if statements:
        iam.put_user_policy(UserName=unique, PolicyName="may", PolicyDocument=policy(*statements))
    key = iam.create_access_key(UserName=unique)["AccessKey"]
    return Person(
        server=root.server,
        account_id=root.account_id,
        arn=arn,
        key_id=key["AccessKeyId"],
        secret=key["SecretAccessKey"],
    )


def allow(action: str | list[str], resource: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: str | list[str], resource: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


def policy(*statements: dict[str, Any]) -> str:
    """A policy's text."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def _root(server: Server, account_id: str, key_id: str, secret: str) -> Person:
    arn = f"arn:aws:iam::{account_id}:root"
    return Person(server=server, account_id=account_id, arn=arn, key_id=key_id, secret=secret)
