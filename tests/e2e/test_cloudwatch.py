"""Replication metrics as users of AWS read them: unmodified boto3 and AWS CLI, against a running server."""

from __future__ import annotations

import itertools
import json
import os
import random
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session
from tests.support.observed import Route
from tests.support.replication import wait_for

ARRIVAL_S = 60.0


@pytest.fixture
def route(server: Any) -> Route:
    return Route(server)


def test_boto3_reads_what_was_replicated_and_what_failed(route: Route) -> None:
    watch = route.server.client("cloudwatch", "us-west-2")
    pages = watch.get_paginator("list_metrics").paginate(Namespace="AWS/S3", Dimensions=route.dimensions)
    names = sorted(metric["MetricName"] for page in pages for metric in page["Metrics"])
    assert names == ["BytesPendingReplication", "OperationsPendingReplication", "ReplicationLatency"]
    route.s3.put_object(Bucket=route.source, Key="arrives", Body=b"x" * 100)
    wait_for(
        lambda: route.latest("OperationsFailedReplication", "SampleCount", "us-east-1") == 1, ARRIVAL_S, "a success"
    )
    assert route.latest("OperationsFailedReplication", "Sum", "us-east-1") == 0
    route.there.put_bucket_versioning(Bucket=route.destination, VersioningConfiguration={"Status": "Suspended"})
    route.s3.put_object(Bucket=route.source, Key="fails", Body=b"x")
    wait_for(lambda: route.latest("OperationsFailedReplication", "Sum", "us-east-1") == 1, ARRIVAL_S, "a failure")
    now = datetime.now(UTC)
    found = route.server.client("cloudwatch", "us-east-1").get_metric_statistics(
        **route.metric("OperationsFailedReplication"),
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=1),
        Period=3600,
        Statistics=["Sum", "SampleCount", "Average"],
    )
    assert found["Label"] == "OperationsFailedReplication"
    assert sum(point["Sum"] for point in found["Datapoints"]) == 1
    assert sum(point["SampleCount"] for point in found["Datapoints"]) == 2
    latency = route.latest("ReplicationLatency")
    assert latency is not None
    assert 0 <= latency < ARRIVAL_S


def test_errors_have_awss_codes_for_clients(route: Route) -> None:
    watch = route.server.client("cloudwatch", "us-west-2")
    now = datetime.now(UTC)
    with pytest.raises(ClientError) as refused:
        watch.get_metric_statistics(
            **route.metric("ReplicationLatency"), StartTime=now, EndTime=now, Period=60, Statistics=["Sum"]
        )
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValue"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    with pytest.raises(ClientError) as unknown:
        watch.describe_alarms()
    told = unknown.value.response["Error"]
    assert (told["Code"], told["Message"]) == ("NotImplemented", "DescribeAlarms is not implemented")
    stranger = boto3.client(
        "cloudwatch",
        region_name="us-west-2",
        endpoint_url=route.server.endpoint,
        aws_access_key_id=route.server.access_key_id,
        aws_secret_access_key="not the secret",
    )
    with pytest.raises(ClientError) as forged:
        stranger.list_metrics()
    assert forged.value.response["Error"]["Code"] == "SignatureDoesNotMatch"


def test_the_aws_cli_reads_metrics(route: Route, tmp_path: Path) -> None:
    environment = {
        "AWS_ACCESS_KEY_ID": route.server.access_key_id,
        "AWS_SECRET_ACCESS_KEY": route.server.secret_access_key,
        "AWS_ENDPOINT_URL": route.server.endpoint,
        "AWS_DEFAULT_REGION": "us-west-2",
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
    }

    def aws(*arguments: str) -> Any:
        command = [str(Path(sys.executable).with_name("aws")), "cloudwatch", *arguments, "--output", "json"]
        done = subprocess.run(command, env=environment, capture_output=True, timeout=180, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return json.loads(done.stdout)

    listed = aws("list-metrics", "--namespace", "AWS/S3", "--dimensions", f"Name=SourceBucket,Value={route.source}")
    assert len(listed["Metrics"]) == 3
    query = {"Id": "q", "MetricStat": {"Metric": route.metric("ReplicationLatency"), "Period": 60, "Stat": "Maximum"}}
    now = datetime.now(UTC)
    times = (
        "--start-time",
        (now - timedelta(minutes=5)).isoformat(),
        "--end-time",
        (now + timedelta(minutes=1)).isoformat(),
    )
    found = aws("get-metric-data", "--metric-data-queries", json.dumps([query]), *times)
    (result,) = found["MetricDataResults"]
    assert (result["Id"], result["Label"], result["StatusCode"]) == ("q", "ReplicationLatency", "Complete")
    assert result["Values"] and len(result["Values"]) == len(result["Timestamps"])


def test_metric_math_as_dashboards_ask_for_it(route: Route) -> None:
    """A rate of two metrics, and their sum over all; what feeds them is not shown."""
    route.s3.put_object(Bucket=route.source, Key="arrives", Body=b"x")
    wait_for(
        lambda: route.latest("OperationsFailedReplication", "SampleCount", "us-east-1") == 1, ARRIVAL_S, "a success"
    )
    route.there.put_bucket_versioning(Bucket=route.destination, VersioningConfiguration={"Status": "Suspended"})
    route.s3.put_object(Bucket=route.source, Key="fails", Body=b"x")
    wait_for(lambda: route.latest("OperationsFailedReplication", "Sum", "us-east-1") == 1, ARRIVAL_S, "a failure")
    queries: list[dict[str, Any]] = [
        {"Id": "rate", "Expression": "100 * failed / all", "Label": "failure rate in percent"},
        {"Id": "both", "Expression": "SUM(METRICS())"},
    ]
    now = datetime.now(UTC)
    for query_id, stat in (("failed", "Sum"), ("all", "SampleCount")):
        metric = {"Metric": route.metric("OperationsFailedReplication"), "Period": whole_period_s(now), "Stat": stat}
        queries.append({"Id": query_id, "MetricStat": metric, "ReturnData": False})
    watch = route.server.client("cloudwatch", "us-east-1")
    times = {"StartTime": now - timedelta(minutes=30), "EndTime": now + timedelta(minutes=1)}
    results = watch.get_metric_data(MetricDataQueries=queries, **times)["MetricDataResults"]
    assert [(each["Id"], each["Label"], each["Values"]) for each in results] == [
        ("rate", "failure rate in percent", [50.0]),
        ("both", "both", [3.0]),
    ]
    schema = "{AWS/S3,SourceBucket,DestinationBucket,RuleId}"
    term = f'MetricName="OperationsFailedReplication" SourceBucket="{route.source}"'
    search = {"Id": "s", "Expression": f"SEARCH('{schema} {term}', 'Sum', 3600)"}
    (found,) = watch.get_metric_data(MetricDataQueries=[search], **times)["MetricDataResults"]
    assert found["Values"] == [1.0]
    with pytest.raises(ClientError) as refused:
        search = {"Id": "s", "Expression": "SEARCH('{AWS/S3', 'Sum', 60)"}
        watch.get_metric_data(MetricDataQueries=[search], **times)
    told = refused.value.response["Error"]
    assert (told["Code"], "in the search" in told["Message"]) == ("ValidationError", True)


def whole_period_s(now: datetime) -> int:
    """The length of a period that began more than ten minutes ago: all that a test has just done falls into it."""
    return next(period_s for period_s in range(3600, 86_401, 60) if now.timestamp() % period_s > 600)


PROTOCOLS = {
    "smithy-rpc-v2-cbor": ("Smithy-Protocol", b"rpc-v2-cbor"),
    "json": ("X-Amz-Target", b"GraniteServiceVersion20100801.ListMetrics"),
    "query": ("Content-Type", b"application/x-www-form-urlencoded; charset=utf-8"),
}
"""A header by which each is known."""


def client_of(server: Any, protocol: str, sent: list[Any]) -> Any:
    """CloudWatch as an SDK sees it that speaks this protocol: each chooses one of those that AWS's model names."""
    session = Session()
    model = session.get_component("data_loader").load_service_model("cloudwatch", "service-2")
    assert protocol in model["metadata"]["protocols"], "the SDKs speak others now"
    model["metadata"]["protocols"] = [protocol]
    client = session.create_client(
        "cloudwatch",
        region_name="us-west-2",
        endpoint_url=server.endpoint,
        aws_access_key_id=server.access_key_id,
        aws_secret_access_key=server.secret_access_key,
    )

    def remember(request: Any, **_: Any) -> None:
        sent.append(request.headers)

    client.meta.events.register("before-send.cloudwatch.ListMetrics", remember)
    return client


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_protocol_of_the_sdks_tells_the_same(route: Route, protocol: str) -> None:
    sent: list[Any] = []
    watch = client_of(route.server, protocol, sent)
    listed = watch.list_metrics(Namespace="AWS/S3", Dimensions=route.dimensions)["Metrics"]
    (headers,) = sent
    name, value = PROTOCOLS[protocol]
    assert headers[name] == value, "else this tests another protocol"
    assert len(listed) == 3
    assert all(metric["Dimensions"] == route.dimensions for metric in listed)
    wait_for(lambda: route.latest("OperationsPendingReplication") is not None, ARRIVAL_S, "the first minute")
    now = datetime.now(UTC)
    times = {"StartTime": now - timedelta(minutes=30), "EndTime": now + timedelta(minutes=1)}
    metric = route.metric("OperationsPendingReplication")
    statistics = watch.get_metric_statistics(**metric, **times, Period=1800, Statistics=["Maximum", "SampleCount"])
    assert {point["Maximum"] for point in statistics["Datapoints"]} == {0.0}
    assert all(times["StartTime"] - timedelta(hours=1) < each["Timestamp"] < now for each in statistics["Datapoints"])
    query = {"Id": "q", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Maximum"}}
    (result,) = watch.get_metric_data(MetricDataQueries=[query], **times)["MetricDataResults"]
    assert set(result["Values"]) == {0.0} and len(result["Timestamps"]) == len(result["Values"])
    with pytest.raises(ClientError) as refused:
        watch.get_metric_statistics(**metric, **{**times, "EndTime": times["StartTime"]}, Period=60, Statistics=["Sum"])
    told = refused.value.response
    assert (told["Error"]["Code"], told["ResponseMetadata"]["HTTPStatusCode"]) == ("InvalidParameterValue", 400)
    with pytest.raises(ClientError) as unknown:
        watch.describe_alarms()
    assert unknown.value.response["Error"]["Code"] == "NotImplemented"


def test_metrics_are_exact_after_kills(server_factory: Any, request: pytest.FixtureRequest) -> None:
    """Whatever dies, and whenever, what waits is counted to the operation and to the byte, and then what arrived is."""
    kills = 10 if request.config.getoption("--slow") else 3
    seed = random.randrange(2**32)
    print("seed", seed)
    chance = random.Random(seed)
    server = server_factory(workers=0, environment={"FARSHORE_REPLICATE": "false"})
    route = Route(server)
    for _ in range(kills):
        answered = threading.Event()
        arguments = (server, route.source, answered)
        writers = [threading.Thread(target=write_until_it_ends, args=arguments) for _ in range(4)]
        for writer in writers:
            writer.start()
        assert answered.wait(60), "nothing was written"
        threading.Event().wait(chance.uniform(0.0, 0.3))
        server.kill()
        for writer in writers:
            writer.join(30)
        server.start()
    pages = route.s3.get_paginator("list_object_versions").paginate(Bucket=route.source)
    sizes = [version["Size"] for page in pages for version in page.get("Versions", [])]
    assert len(sizes) >= kills
    assert route.latest("OperationsPendingReplication") == len(sizes)
    assert route.latest("BytesPendingReplication") == sum(sizes)
    server.stop()
    server.environment["FARSHORE_REPLICATE"] = "true"
    server.start()

    def settled() -> float:
        points = server.client("cloudwatch").get_metric_statistics(
            **route.metric("OperationsFailedReplication"),
            StartTime=datetime.now(UTC) - timedelta(hours=1),
            EndTime=datetime.now(UTC) + timedelta(minutes=1),
            Period=3600,
            Statistics=["SampleCount"],
        )["Datapoints"]
        return sum(point["SampleCount"] for point in points)

    server.kill()
    server.start()
    wait_for(lambda: settled() == len(sizes), ARRIVAL_S, "every operation to be counted once")
    assert all(lane["tasks_pending"] == 0 for lane in waiting(server)), "nothing is left"


def write_until_it_ends(server: Any, bucket: str, answered: threading.Event) -> None:
    client = server.client("s3", retries=0)
    try:
        for number in itertools.count():
            client.put_object(Bucket=bucket, Key=f"k{number % 7}", Body=b"x" * (number % 100))
            answered.set()
    except (BotoCoreError, ClientError):
        return


def waiting(server: Any) -> list[dict[str, Any]]:
    return [
        lane for region in server.cli("status")["regions"] for bucket in region["buckets"] for lane in bucket["waiting"]
    ]
