"""CloudWatch's operations and Farshore's own signed paths, tried by everyone who may not.

As test_no_one_gets_in: the lists are the server's own tables, so that what is added cannot be forgotten.
"""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from tests.support.people import Person, allow, deny, owner, stranger, user
from tests.support.server import Server

from farshore.api.cloudwatch import OPERATIONS
from farshore.api.own_paths import OWN_PATHS

TIMES = {"StartTime": "2026-01-01T00:00:00Z", "EndTime": "2026-01-01T01:00:00Z"}
METRIC = {"Namespace": "AWS/S3", "MetricName": "BytesPendingReplication"}
REQUESTS: dict[str, dict[str, Any]] = {
    "GetMetricData": {
        **TIMES,
        "MetricDataQueries": [{"Id": "a", "MetricStat": {"Metric": METRIC, "Period": 60, "Stat": "Sum"}}],
    },
    "GetMetricStatistics": {**METRIC, **TIMES, "Period": 60, "Statistics": ["Sum"]},
    "ListMetrics": {},
}


def outcome(person: Person, operation: str) -> str:
    client = person.client("cloudwatch")
    method = next(name for name, api in client.meta.method_to_api_mapping.items() if api == operation)
    try:
        getattr(client, method)(**REQUESTS[operation])
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "succeeded"


@pytest.fixture(scope="module")
def root(server: Server) -> Person:
    return owner(server)


@pytest.mark.parametrize("denied", [False, True])
def test_no_user_gets_at_metrics(root: Person, denied: bool) -> None:
    thief = user(root, "thief", [allow("*"), deny("*")] if denied else [])
    found = {operation: outcome(thief, operation) for operation in OPERATIONS}
    assert found == dict.fromkeys(OPERATIONS, "AccessDenied")


def test_who_may_gets_at_metrics(root: Person) -> None:
    may = user(root, "may", [allow("cloudwatch:*")])
    assert {operation: outcome(may, operation) for operation in OPERATIONS} == dict.fromkeys(OPERATIONS, "succeeded")


@pytest.fixture(scope="module")
def bucket(server: Server) -> Iterator[str]:
    name = f"elsewhere-{uuid4().hex[:12]}"
    s3 = server.client()
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="k", Body=b"x")
    yield name


def status_of(server: Server, person: Person | None, method: str, path: str, bucket: str) -> int:
    """The answer's status of a request to one of the server's own paths, about a bucket."""
    url = f"{server.endpoint}{path}?{urlencode({'bucket': bucket, 'key': 'k'})}"
    request = AWSRequest(method, url, {}, b"" if method == "POST" else None)
    if person is not None:
        S3SigV4Auth(Credentials(person.key_id, person.secret), "s3", "us-east-1").add_auth(request)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        connection.request(method, url.removeprefix(server.endpoint), request.body, dict(request.headers.items()))
        return connection.getresponse().status
    finally:
        connection.close()


def test_no_one_gets_at_the_server_s_own_paths(server: Server, root: Person, bucket: str) -> None:
    thieves = [None, stranger(server), user(root, "thief"), user(root, "thief", [allow("*"), deny("*")])]
    found = {
        (path, place): status_of(server, thief, method, path, bucket)
        for method, path in OWN_PATHS
        for place, thief in enumerate(thieves)
    }
    assert found == dict.fromkeys(found, 403)
    may = user(root, "may", [allow(["s3:*", "organizations:*"])])
    allowed = [status_of(server, may, method, path, bucket) for method, path in OWN_PATHS]
    assert 403 not in allowed
