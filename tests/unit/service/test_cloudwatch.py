"""What CloudWatch's operations answer of replication metrics, to whom, and in which region."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.support.delivery import METERED, deliver, put_rule
from tests.support.deployment import ACCOUNT, EAST, START_US, STRANGER, WEST, Deployed, in_deployment

from farshore.auth.evaluate import IdentityPolicies
from farshore.auth.policy import PolicyKind, parse_policy
from farshore.maintenance.metric_recorder import MetricRecorder
from farshore.metadata.store import Transaction
from farshore.model.access import PrincipalKind
from farshore.model.metrics import MetricName, Point
from farshore.model.query_errors import (
    AccessDenied,
    InvalidNextToken,
    InvalidParameterCombination,
    InvalidParameterValue,
    ValidationError,
)
from farshore.semantics.metric_points import DAY_S
from farshore.service import cloudwatch, metric_data
from farshore.service.published_metrics import find_metric

START = datetime.fromtimestamp(START_US / 1e6, UTC)
PENDING = "OperationsPendingReplication"
LATENCY = "ReplicationLatency"
FAILED = "OperationsFailedReplication"
OPERATIONS = {
    "GetMetricData": metric_data.get_metric_data,
    "GetMetricStatistics": cloudwatch.get_metric_statistics,
    "ListMetrics": cloudwatch.list_metrics,
}


class Watch:
    """CloudWatch as an account's root sees it in a region."""

    def __init__(self, deployed: Deployed, region: str = WEST, account: str = ACCOUNT) -> None:
        self.deployed = deployed
        self.region = region
        self.account = account

    async def call(self, operation: str, **params: Any) -> dict[str, Any]:
        request = self.deployed.request(operation, region=self.region, account=self.account, **params)
        return await OPERATIONS[operation](request)

    async def names(self, **filters: Any) -> list[str]:
        return [metric["MetricName"] for metric in (await self.call("ListMetrics", **filters))["Metrics"]]

    async def values(self, name: str, stat: str = "Maximum", period: int = 60, **more: Any) -> list[float]:
        query = {"Id": "q", "MetricStat": {"Metric": metric(name), "Period": period, "Stat": stat}}
        times = {"StartTime": START - timedelta(hours=1), "EndTime": START + timedelta(hours=1)}
        answer = await self.call(
            "GetMetricData", MetricDataQueries=[query], ScanBy="TimestampAscending", **{**times, **more}
        )
        # Each request comes a microsecond after the one before.
        return [round(value, 3) for value in answer["MetricDataResults"][0]["Values"]]


def metric(name: str, source: str = "source", destination: str = "there", rule: str = "rule") -> dict[str, Any]:
    values = {"SourceBucket": source, "DestinationBucket": destination, "RuleId": rule}
    dimensions = [{"Name": key, "Value": value} for key, value in values.items()]
    return {"Namespace": "AWS/S3", "MetricName": name, "Dimensions": dimensions}


async def metered(deployed: Deployed) -> MetricRecorder:
    await deployed.bucket("source")
    await deployed.bucket("there", WEST)
    await put_rule(deployed, "source", "there", ID="rule", Destination=METERED)
    recorder = MetricRecorder(deployed.deployment, deployed.stores[EAST])
    await recorder.record()
    return recorder


async def next_minute(deployed: Deployed, recorder: MetricRecorder) -> None:
    deployed.clock.move_to((deployed.clock.now_us() // 60_000_000 + 1) * 60_000_000)
    await recorder.record()


def test_metrics_are_listed_where_they_are_published(tmp_path: Path) -> None:
    """What waits in the destination's region, failures in the source's, once something was replicated."""

    async def test(deployed: Deployed) -> None:
        await metered(deployed)
        assert sorted(await Watch(deployed).names()) == ["BytesPendingReplication", PENDING, LATENCY]
        assert await Watch(deployed, EAST).names() == []
        await deployed.put("source", "a")
        await deliver(deployed)
        answer = await Watch(deployed, EAST).call("ListMetrics")
        assert answer == {"Metrics": [metric(FAILED)]}
        assert await Watch(deployed, "eu-west-1").names() == []

    in_deployment(tmp_path, test)


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({}, 3),
        ({"Namespace": "AWS/S3"}, 3),
        ({"Namespace": "AWS/EC2"}, 0),
        ({"MetricName": LATENCY}, 1),
        ({"Dimensions": [{"Name": "RuleId"}]}, 3),
        ({"Dimensions": [{"Name": "RuleId", "Value": "rule"}, {"Name": "SourceBucket", "Value": "source"}]}, 3),
        ({"Dimensions": [{"Name": "RuleId", "Value": "other"}]}, 0),
        ({"Dimensions": [{"Name": "Nothing"}]}, 0),
        ({"RecentlyActive": "PT3H"}, 3),
    ],
)
def test_filters_of_list_metrics(tmp_path: Path, filters: dict[str, Any], count: int) -> None:
    async def test(deployed: Deployed) -> None:
        await metered(deployed)
        assert len(await Watch(deployed).names(**filters)) == count

    in_deployment(tmp_path, test)


def test_a_rule_that_is_gone_is_listed_for_two_weeks_and_recently_active_for_three_hours(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        recorder = await metered(deployed)
        await next_minute(deployed, recorder)
        await deployed.s3("DeleteBucketReplication", Bucket="source")
        watch = Watch(deployed)
        for after_s, all_of_them, recent in ((0, 3, 3), (4 * 3600, 3, 0), (15 * DAY_S, 0, 0)):
            deployed.clock.move_to(START_US + 61_000_000 + after_s * 1_000_000)
            assert len(await watch.names()) == all_of_them
            assert len(await watch.names(RecentlyActive="PT3H")) == recent
        assert await watch.values(PENDING) == [0, 0], "its points stay, also of the minute in which it went"

    in_deployment(tmp_path, test)


def test_nothing_is_told_to_another_account(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        await metered(deployed)
        await deployed.put("source", "a")
        stranger = Watch(deployed, account=STRANGER)
        assert await stranger.names() == []
        assert await stranger.values(PENDING) == []
        assert find_metric(deployed.deployment, STRANGER, WEST, metric(PENDING)) is None

    in_deployment(tmp_path, test)


def test_the_minute_under_way_is_told_as_it_stands(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        recorder = await metered(deployed)
        watch = Watch(deployed)
        assert await watch.values(PENDING) == [0]
        await deployed.put("source", "a")
        deployed.clock.move(7)
        assert await watch.values(PENDING) == [1]
        assert await watch.values(LATENCY) == [7]
        await next_minute(deployed, recorder)
        assert await watch.values(PENDING) == [1, 1]
        assert await watch.values(LATENCY) == [60, 60]

    in_deployment(tmp_path, test)


@pytest.mark.parametrize(
    ("stat", "expected"),
    [("SampleCount", [2.0]), ("Sum", [1.0]), ("Average", [0.5]), ("Minimum", [0]), ("Maximum", [1]), ("p50", [])],
)
def test_statistics_of_failures(tmp_path: Path, stat: str, expected: list[float]) -> None:
    """Sum: failures. Average: their rate. SampleCount: all operations."""

    async def test(deployed: Deployed) -> None:
        await metered(deployed)
        await deployed.put("source", "arrives")
        await deliver(deployed)
        await deployed.s3("DeleteBucketReplication", Bucket="source")
        await put_rule(deployed, "source", "there", ID="rule", Destination=METERED)
        await deployed.put("source", "fails")
        suspended = {"Status": "Suspended"}
        await deployed.s3("PutBucketVersioning", Bucket="there", region=WEST, VersioningConfiguration=suspended)
        await deliver(deployed)
        assert await Watch(deployed, EAST).values(FAILED, stat) == expected

    in_deployment(tmp_path, test)


async def fill(deployed: Deployed, *minutes: int, name: MetricName = MetricName.LATENCY) -> None:
    """Points whose value is the minute's number, from the start on."""

    def command(tx: Transaction) -> None:
        found = find_metric(deployed.deployment, ACCOUNT, WEST, metric(name))
        assert found is not None
        series_id = tx.metrics.series_id(found.route, name, WEST)
        for minute in minutes:
            at_s = START_US // 1_000_000 + minute * 60
            tx.metrics.add_point(series_id, Point(at_s, 60, 1, minute, minute, minute))

    await deployed.write(command)


def test_points_are_gathered_into_longer_periods_from_the_start_time(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        await metered(deployed)
        await fill(deployed, *range(-10, -2))
        watch = Watch(deployed)
        query = {"MetricStat": {"Metric": metric(LATENCY), "Period": 300, "Stat": "Sum"}, "Id": "q"}
        answer = await watch.call(
            "GetMetricData",
            MetricDataQueries=[query],
            StartTime=START - timedelta(minutes=9, seconds=-30),
            EndTime=START - timedelta(minutes=3),
        )
        (result,) = answer["MetricDataResults"]
        minutes = [(at - START_US) // 60_000_000 for at in result["Timestamps"]]
        assert minutes == [-4, -9], "newest first, unless asked otherwise"
        assert result["Values"] == [-4, -9 - 8 - 7 - 6 - 5]
        assert (result["Label"], result["StatusCode"]) == (LATENCY, "Complete")

    in_deployment(tmp_path, test)


def test_pages_hold_every_value_once_and_tell_what_is_missing(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        await metered(deployed)
        await fill(deployed, *range(-7, 0))
        stat = {"Metric": metric(LATENCY), "Period": 60, "Stat": "Maximum"}
        queries = [{"Id": name, "MetricStat": stat} for name in ("a", "b")]
        for order in ("TimestampAscending", "TimestampDescending"):
            asked: dict[str, Any] = {
                "MetricDataQueries": queries,
                "StartTime": START - timedelta(hours=1),
                "EndTime": START,
                "ScanBy": order,
                "MaxDatapoints": 3,
            }
            found: dict[str, list[float]] = {"a": [], "b": []}
            pages = 0
            while True:
                answer = await Watch(deployed).call("GetMetricData", **asked)
                pages += 1
                for result in answer["MetricDataResults"]:
                    found[result["Id"]] += result["Values"]
                    assert (result["StatusCode"] == "PartialData") == (
                        "NextToken" in answer and result is answer["MetricDataResults"][-1]
                    )
                if "NextToken" not in answer:
                    break
                asked["NextToken"] = answer["NextToken"]
            expected = list(range(-7, 0)) if order == "TimestampAscending" else list(range(-1, -8, -1))
            assert found == {"a": expected, "b": expected}
            assert pages == 5

    in_deployment(tmp_path, test)


def test_a_token_is_good_for_its_own_request_alone(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        await metered(deployed)
        with pytest.raises(InvalidNextToken):
            await Watch(deployed).names(NextToken="bm8=")
        with pytest.raises(InvalidNextToken):
            await Watch(deployed).values(LATENCY, NextToken="ü")

    in_deployment(tmp_path, test)


STAT = {"Metric": metric(LATENCY), "Period": 60, "Stat": "Maximum"}


@pytest.mark.parametrize(
    ("queries", "message"),
    [
        ([], "must contain at least one item"),
        ([{"Id": "A", "MetricStat": STAT}], "MetricDataQueries.member.1.Id is not matching the expected pattern"),
        ([{"Id": "a", "MetricStat": STAT}] * 2, "The values for parameter id in MetricDataQueries are not unique."),
        (
            [{"Id": "a", "MetricStat": {**STAT, "Stat": "test"}}],
            "The value test for parameter MetricDataQueries.member.1.MetricStat.Stat is not a valid statistic.",
        ),
        ([{"Id": "a", "MetricStat": {**STAT, "Period": 61}}], "must be a multiple of 60"),
        ([{"Id": "a"}], "must be specified"),
        ([{"Id": "a", "MetricStat": STAT, "Expression": "b+1"}], "mutually exclusive"),
        ([{"Id": f"a{number}", "MetricStat": STAT} for number in range(501)], "500"),
    ],
)
def test_queries_that_are_refused(tmp_path: Path, queries: Sequence[dict[str, Any]], message: str) -> None:
    async def test(deployed: Deployed) -> None:
        with pytest.raises(ValidationError) as refused:
            await Watch(deployed).call(
                "GetMetricData", MetricDataQueries=queries, StartTime=START, EndTime=START + timedelta(hours=1)
            )
        assert message in refused.value.message

    in_deployment(tmp_path, test)


def statistics(**more: Any) -> dict[str, Any]:
    return {
        **metric(LATENCY),
        "StartTime": START - timedelta(hours=1),
        "EndTime": START,
        "Period": 60,
        "Statistics": ["Maximum", "Sum"],
        **more,
    }


def test_metric_statistics(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        await metered(deployed)
        await fill(deployed, -2, -1)
        answer = await Watch(deployed).call("GetMetricStatistics", **statistics(ExtendedStatistics=["p99"]))
        assert answer["Label"] == LATENCY
        assert answer["Datapoints"] == [
            {
                "Timestamp": START_US + minute * 60_000_000,
                "Maximum": minute,
                "Sum": minute,
                "ExtendedStatistics": {"p99": minute},
                "Unit": "Seconds",
            }
            for minute in (-2, -1)
        ]
        assert (await Watch(deployed).call("GetMetricStatistics", **statistics(Unit="Bytes")))["Datapoints"] == []
        other = statistics(MetricName="Something")
        assert await Watch(deployed).call("GetMetricStatistics", **other) == {"Label": "Something", "Datapoints": []}

    in_deployment(tmp_path, test)


@pytest.mark.parametrize(
    ("more", "error", "message"),
    [
        (
            {"Statistics": []},
            InvalidParameterCombination,
            "At least one of the parameters Statistics and ExtendedStatistics must be specified.",
        ),
        ({"StartTime": START}, InvalidParameterValue, "The parameter StartTime must not equal parameter EndTime."),
        (
            {"StartTime": START + timedelta(hours=1)},
            InvalidParameterValue,
            "The parameter StartTime must be less than the parameter EndTime.",
        ),
        (
            {"StartTime": START - timedelta(minutes=1608)},
            InvalidParameterCombination,
            "You have requested up to 1,608 datapoints, which exceeds the limit of 1,440. You may reduce the "
            "datapoints requested by increasing Period, or decreasing the time range.",
        ),
        ({"Period": 90}, InvalidParameterValue, "The parameter Period must be a multiple of 60."),
        (
            {"ExtendedStatistics": ["tm99"]},
            InvalidParameterValue,
            "The value tm99 for parameter ExtendedStatistics is not supported.",
        ),
    ],
)
def test_statistics_that_are_refused(
    tmp_path: Path, more: dict[str, Any], error: type[InvalidParameterValue], message: str
) -> None:
    async def test(deployed: Deployed) -> None:
        with pytest.raises(error) as refused:
            await Watch(deployed).call("GetMetricStatistics", **statistics(**more))
        assert refused.value.message == message

    in_deployment(tmp_path, test)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_who_is_not_allowed_is_told_so_by_name(tmp_path: Path, operation: str) -> None:
    async def test(deployed: Deployed) -> None:
        request = deployed.request(operation, region=WEST)
        arn = f"arn:aws:iam::{ACCOUNT}:user/ann"
        request.principal = type(request.principal)(
            account_id=ACCOUNT, arn=arn, access_key_id="AKIA", kind=PrincipalKind.USER, name="ann"
        )
        allow = '{"Statement":[{"Effect":"Allow","Action":"cloudwatch:Describe*","Resource":"*"}]}'
        policy = parse_policy(allow, kind=PolicyKind.IDENTITY, source="a policy")
        request.policies = IdentityPolicies(identity=(policy,))
        with pytest.raises(AccessDenied) as refused:
            await OPERATIONS[operation](request)
        assert refused.value.message == (
            f"User: {arn} is not authorized to perform: cloudwatch:{operation} because no identity-based policy "
            f"allows the cloudwatch:{operation} action"
        )

    in_deployment(tmp_path, test)
