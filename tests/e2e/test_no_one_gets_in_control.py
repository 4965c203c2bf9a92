"""S3 Control's operations, tried by everyone who may not: none gets in.

As test_no_one_gets_in: the list is the server's own table, and each request is made from AWS's model.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.support.batch import without_account_in_host
from tests.support.people import Person, allow, deny, owner, stranger, user
from tests.support.server import Server

from farshore.api.s3control import OPERATIONS


def arguments(operation: str, account: str, job_id: str) -> dict[str, Any]:
    """A request of the operation about an account and a job."""
    named: dict[str, Any] = {
        "AccountId": account,
        "JobId": job_id,
        "ClientRequestToken": uuid4().hex,
        "Operation": {"S3ReplicateObject": {}},
        "Report": {"Enabled": False},
        "Priority": 1,
        "RoleArn": f"arn:aws:iam::{account}:role/none",
        "RequestedJobStatus": "Cancelled",
        "Tags": [{"Key": "a", "Value": "b"}],
        "PublicAccessBlockConfiguration": {"BlockPublicAcls": False},
    }
    shape = boto3.session.Session()._session.get_service_model("s3control").operation_model(operation).input_shape
    assert shape is not None
    given = {name: named[name] for name in shape.required_members}
    if operation == "CreateJob":
        source = f"arn:aws:s3:::{account}"
        given["ManifestGenerator"] = {"S3JobManifestGenerator": {"SourceBucket": source, "EnableManifestOutput": False}}
    return given


def outcome(client: Any, operation: str, account: str, job_id: str) -> str:
    method = next(name for name, api in client.meta.method_to_api_mapping.items() if api == operation)
    try:
        getattr(client, method)(**arguments(operation, account, job_id))
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "succeeded"


def nobody(server: Server) -> Any:
    return boto3.client(
        "s3control",
        region_name="us-east-1",
        endpoint_url=without_account_in_host(server.endpoint),
        config=Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}),
    )


@pytest.fixture(scope="module")
def root(server: Server) -> Person:
    return owner(server)


@pytest.fixture(scope="module")
def job_id(root: Person) -> str:
    """A job of the account, which waits to be confirmed."""
    given = arguments("CreateJob", root.account_id, "") | {"ConfirmationRequired": True}
    made: str = root.client("s3control").create_job(**given)["JobId"]
    return made


@pytest.mark.parametrize("who", ["anonymous", "stranger", "a user without policies", "a user with an explicit deny"])
def test_no_one_gets_in(server: Server, root: Person, job_id: str, who: str) -> None:
    match who:
        case "anonymous":
            client = nobody(server)
        case "stranger":
            client = stranger(server).client("s3control")
        case "a user without policies":
            client = user(root, "nobody").client("s3control")
        case _:
            client = user(root, "denied", [allow("*"), deny("*")]).client("s3control")
    found = {operation: outcome(client, operation, root.account_id, job_id) for operation in sorted(OPERATIONS)}
    assert found == dict.fromkeys(sorted(OPERATIONS), "AccessDenied")
    there = root.client("s3control").describe_job(AccountId=root.account_id, JobId=job_id)["Job"]
    assert (there["Priority"], there["Status"] in ("New", "Preparing", "Suspended", "Failed")) == (1, True)


def test_the_same_requests_are_not_refused_to_who_may(server: Server) -> None:
    """Else the test above would pass with requests that nobody could make."""
    other = stranger(server)
    may = user(other, "may", [allow("*")]).client("s3control")
    given = arguments("CreateJob", other.account_id, "") | {"ConfirmationRequired": True}
    job_id = may.create_job(**given)["JobId"]
    found = {operation: outcome(may, operation, other.account_id, job_id) for operation in sorted(OPERATIONS)}
    assert [operation for operation, code in found.items() if code == "AccessDenied"] == []
