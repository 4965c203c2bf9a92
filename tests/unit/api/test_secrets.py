"""What stands for a caller in memory shows neither secret nor token when it is printed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from multidict import CIMultiDict
from tests.support.iam import IamForTests, trust

from farshore.api.authenticate import Authenticator
from farshore.auth.request_credentials import read_credentials
from farshore.model.query import Query
from farshore.runtime.clock import SystemClock
from farshore.service.deployment import Request

URL = "http://127.0.0.1:9000/bucket/key"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[IamForTests]:
    made = IamForTests(tmp_path)
    made.clock.us = SystemClock().now_us()  # botocore signs by the machine's clock.
    object.__setattr__(made.deployment, "regions", {"us-east-1": None})
    yield made
    made.close()


def signed(key: dict[str, Any]) -> CIMultiDict[str]:
    request = AWSRequest("GET", URL)
    credentials = Credentials(key["AccessKeyId"], key["SecretAccessKey"], key.get("SessionToken"))
    S3SigV4Auth(credentials, "s3", "us-east-1").add_auth(request)
    headers = CIMultiDict(request.headers.items())
    headers["Host"] = "127.0.0.1:9000"
    return headers


def test_nothing_of_an_authenticated_request_shows_a_secret(world: IamForTests) -> None:
    world.root.iam("CreateUser", UserName="ann")
    world.root.iam("CreateRole", RoleName="crew", AssumeRolePolicyDocument=trust("*"))
    key = world.root.iam("CreateAccessKey", UserName="ann")["AccessKey"]
    ann = world.caller_of_key(key["AccessKeyId"])
    role_arn = f"arn:aws:iam::{world.account}:role/crew"
    temporary = ann.sts("AssumeRole", RoleArn=role_arn, RoleSessionName="night")["Credentials"]
    authenticator = Authenticator(world.deployment)
    for credentials in (key, temporary):
        headers = signed(credentials)
        caller = authenticator.authenticate(
            method="GET", raw_path="/bucket/key", query=Query(), headers=headers, now_us=world.clock.us
        )
        request = Request(
            deployment=world.deployment,
            principal=caller.principal,
            operation="GetObject",
            params={},
            body=None,  # type: ignore[arg-type] - none is read.
            request_id="R",
            now_us=world.clock.us,
            region="us-east-1",
            headers=headers,
            session=caller.session,
        )
        stored = world.store.directory.access_key(key["AccessKeyId"])
        printed = repr((caller, request, stored, authenticator, read_credentials(headers, "")))
        assert caller.principal.arn in printed
        for name in ("SecretAccessKey", "SessionToken"):
            assert credentials.get(name, "no such secret") not in printed
