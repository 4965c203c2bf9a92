"""CloudWatch's operations and Farshore's own signed paths, tried by everyone who may not.

As test_no_one_gets_in: the lists are the server's own tables, so that what is added cannot be forgotten.
"""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import boto3
import pytest
from botocore import UNSIGNED
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from tests.support.people import Person, allow, deny, owner, stranger, user
from tests.support.replication import ensure_role, make_pair, put_rules, rule
from tests.support.server import Server

from farshore.api.cloudwatch import OPERATIONS
from farshore.api.own_paths import OVERVIEW, OWN_PATHS, STATUS

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


def outcome(client: Any, operation: str) -> str:
    method = next(name for name, api in client.meta.method_to_api_mapping.items() if api == operation)
    try:
        getattr(client, method)(**REQUESTS[operation])
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "succeeded"


@pytest.fixture(scope="module")
def root(server: Server) -> Person:
    return owner(server)


@pytest.mark.parametrize("who", ["a user without policies", "a user with an explicit deny", "anonymous"])
def test_no_one_gets_at_metrics(server: Server, root: Person, who: str) -> None:
    match who:
        case "anonymous":
            client = boto3.client(
                "cloudwatch",
                region_name="us-east-1",
                endpoint_url=server.endpoint,
                config=Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}),
            )
        case "a user without policies":
            client = user(root, "thief").client("cloudwatch")
        case _:
            client = user(root, "thief", [allow("*"), deny("*")]).client("cloudwatch")
    found = {operation: outcome(client, operation) for operation in OPERATIONS}
    code = "MissingAuthenticationToken" if who == "anonymous" else "AccessDenied"
    assert found == dict.fromkeys(OPERATIONS, code)


def test_who_may_gets_at_metrics(root: Person) -> None:
    may = user(root, "may", [allow("cloudwatch:*")]).client("cloudwatch")
    assert {operation: outcome(may, operation) for operation in OPERATIONS} == dict.fromkeys(OPERATIONS, "succeeded")


def measured_pair(root: Person) -> tuple[str, str]:
    """A source in us-east-1 and a destination in us-west-2, with a rule that is measured."""
    s3, there = root.client(), root.client("s3", "us-west-2")
    source, destination = (f"measured-{side}-{uuid4().hex[:12]}" for side in ("from", "to"))
    make_pair(s3, there, source, destination)
    role = ensure_role(root.server.client())
    put_rules(s3, source, rule(destination, ID="rule", Destination={"Metrics": {"Status": "Enabled"}}), role=role)
    return source, destination


def test_a_stranger_sees_no_metrics_of_another_account(server: Server, root: Person) -> None:
    """Nothing in a request of CloudWatch names an account: who asks sees its own, and so nothing of the victim's."""
    source, destination = measured_pair(root)
    there = {"Namespace": "AWS/S3", "Dimensions": [{"Name": "SourceBucket", "Value": source}]}
    metrics = root.client("cloudwatch", "us-west-2").list_metrics(**there)["Metrics"]
    assert metrics
    spy = stranger(server).client("cloudwatch", "us-west-2")
    assert spy.list_metrics(**there)["Metrics"] == []
    now = datetime.now(UTC)
    times = {"StartTime": now - timedelta(hours=1), "EndTime": now + timedelta(hours=1)}
    for metric in metrics:
        assert {"Name": "DestinationBucket", "Value": destination} in metric["Dimensions"]
        points = spy.get_metric_statistics(**metric, **times, Period=60, Statistics=["SampleCount"])
        assert points["Datapoints"] == []
        query = {"Id": "a", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "SampleCount"}}
        assert spy.get_metric_data(**times, MetricDataQueries=[query])["MetricDataResults"][0]["Values"] == []


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
    # The root of another account is told of its own buckets, of which there are none.
    # And whoever has a key learns from the status whether there is something that is hidden: test_commands says what.
    assert found == dict.fromkeys(found, 403) | {(OVERVIEW, 1): 200} | {(STATUS, place): 200 for place in (1, 2, 3)}
    may = user(root, "may", [allow(["s3:*", "organizations:*"])])
    allowed = [status_of(server, may, method, path, bucket) for method, path in OWN_PATHS]
    assert 403 not in allowed
