"""GetMetricData with expressions: what is answered, under which names, in which order, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.support.delivery import put_rule
from tests.support.deployment import START_US, WEST, Deployed, in_deployment

from farshore.metadata.store import Transaction
from farshore.model.metrics import MetricName, Point, Route
from farshore.model.query_errors import ValidationError
from farshore.service.metric_data import get_metric_data

START_S = START_US // 1_000_000
START = datetime.fromtimestamp(START_S, UTC)
VALUES = {
    MetricName.OPERATIONS_PENDING: {-4: 10, -3: 20, -1: 40},
    MetricName.LATENCY: {-4: 1, -3: 2, -2: 3, -1: 4},
}


async def measured(deployed: Deployed) -> None:
    """Points of two metrics in the four minutes before the start; of one of them a minute is missing."""
    bucket_id = await deployed.bucket("source")
    await deployed.bucket("there", WEST)
    await put_rule(deployed, "source", "there", ID="rule")

    def command(tx: Transaction) -> None:
        for name, values in VALUES.items():
            series_id = tx.metrics.series_id(Route(bucket_id, "there", "rule"), name, WEST)
            for minute, value in values.items():
                tx.metrics.raise_point(series_id, Point(START_S + minute * 60, 60, 1, value, value, value))

    await deployed.write(command)


def stat(name: MetricName, period: int = 60) -> dict[str, Any]:
    values = {"SourceBucket": "source", "DestinationBucket": "there", "RuleId": "rule"}
    dimensions = [{"Name": key, "Value": value} for key, value in values.items()]
    metric = {"Namespace": "AWS/S3", "MetricName": name.value, "Dimensions": dimensions}
    return {"Metric": metric, "Period": period, "Stat": "Maximum"}


M1 = {"Id": "m1", "MetricStat": stat(MetricName.OPERATIONS_PENDING)}
M2 = {"Id": "m2", "MetricStat": stat(MetricName.LATENCY)}
HIDDEN = {"ReturnData": False}


async def ask(deployed: Deployed, queries: Sequence[dict[str, Any]], **more: Any) -> dict[str, Any]:
    params = {
        "MetricDataQueries": queries,
        "StartTime": START - timedelta(minutes=4),
        "EndTime": START,
        "ScanBy": "TimestampAscending",
        **more,
    }
    return await get_metric_data(deployed.request("GetMetricData", region=WEST, **params))


def minutes(result: dict[str, Any]) -> dict[int, float]:
    times = [(at_us // 1_000_000 - START_S) // 60 for at_us in result["Timestamps"]]
    return dict(zip(times, result["Values"], strict=True))


def test_an_expression_is_answered_in_its_place_and_what_it_needs_may_be_hidden(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        await measured(deployed)
        rate = {"Id": "e1", "Expression": "m1 / m2", "Label": "pending per second of latency"}
        answer = await ask(deployed, [rate, {**M1, **HIDDEN}, M2])
        first, second = answer["MetricDataResults"]
        assert (first["Id"], first["Label"], first["StatusCode"]) == ("e1", "pending per second of latency", "Complete")
        assert minutes(first) == {-4: 10, -3: 10, -1: 10}
        assert (second["Id"], second["Label"]) == ("m2", "ReplicationLatency")
        assert minutes(second) == VALUES[MetricName.LATENCY]
        (backwards,) = (await ask(deployed, [rate, {**M1, **HIDDEN}, {**M2, **HIDDEN}], ScanBy="TimestampDescending"))[
            "MetricDataResults"
        ]
        assert list(minutes(backwards)) == [-1, -3, -4]

    in_deployment(tmp_path, test)


def test_expressions_may_build_on_each_other_in_any_order(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        await measured(deployed)
        queries = [
            {"Id": "e2", "Expression": "e1 - FILL(m1, 0)"},
            {"Id": "e1", "Expression": "m2 * 100", **HIDDEN},
            {**M1, **HIDDEN},
            {**M2, **HIDDEN},
        ]
        (found,) = (await ask(deployed, queries))["MetricDataResults"]
        assert (found["Id"], found["Label"]) == ("e2", "e2")
        assert minutes(found) == {-4: 90, -3: 180, -2: 300, -1: 360}

    in_deployment(tmp_path, test)


def test_an_array_is_answered_as_several_time_series_with_the_labels_of_both(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        await measured(deployed)
        queries = [{**M1, **HIDDEN}, {**M2, **HIDDEN}, {"Id": "e1", "Expression": "METRICS() * 2", "Label": "twice"}]
        results = (await ask(deployed, queries))["MetricDataResults"]
        assert [(each["Id"], each["Label"]) for each in results] == [
            ("e1", "twice OperationsPendingReplication"),
            ("e1", "twice ReplicationLatency"),
        ]
        assert minutes(results[0]) == {-4: 20, -3: 40, -1: 80}
        (total,) = (await ask(deployed, [*queries[:2], {"Id": "e1", "Expression": "SUM(METRICS())"}]))[
            "MetricDataResults"
        ]
        assert minutes(total) == {-4: 11, -3: 22, -2: 3, -1: 44}

    in_deployment(tmp_path, test)


@pytest.mark.parametrize("limit", [1, 2, 3, 5])
def test_pages_go_through_arrays_and_hold_every_value_once(tmp_path: Path, limit: int) -> None:
    async def test(deployed: Deployed) -> None:
        await measured(deployed)
        queries = [M1, {**M2, **HIDDEN}, {"Id": "e1", "Expression": "METRICS()"}, {"Id": "e2", "Expression": "m2"}]
        found: dict[tuple[str, str], list[float]] = {}
        token: dict[str, str] = {}
        while True:
            answer = await ask(deployed, queries, MaxDatapoints=limit, **token)
            assert sum(len(each["Values"]) for each in answer["MetricDataResults"]) <= limit
            for each in answer["MetricDataResults"]:
                found.setdefault((each["Id"], each["Label"]), []).extend(each["Values"])
            if "NextToken" not in answer:
                break
            token = {"NextToken": answer["NextToken"]}
        pending, latency = (list(values.values()) for values in VALUES.values())
        assert found == {
            ("m1", "OperationsPendingReplication"): pending,
            ("e1", "e1 OperationsPendingReplication"): pending,
            ("e1", "e1 ReplicationLatency"): latency,
            ("e2", "e2"): latency,
        }

    in_deployment(tmp_path, test)


def test_a_search_finds_time_series_that_expressions_go_on_with(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        await measured(deployed)
        schema = "{AWS/S3,SourceBucket,DestinationBucket,RuleId}"
        queries = [
            {"Id": "one", "Expression": f"SEARCH('{schema} MetricName=\"ReplicationLatency\"', 'Average', 60)"},
            {"Id": "longer", "Expression": f"SEARCH('{schema} pending', 'Maximum')", "Period": 120},
            {"Id": "sum", "Expression": "SUM(SEARCH('latency OR pending', 'Maximum', 60))", "Label": "all"},
            {"Id": "nothing", "Expression": "SEARCH('SourceBucket=other', 'Sum', 60)"},
        ]
        results = (await ask(deployed, queries))["MetricDataResults"]
        assert [(each["Id"], each["Label"]) for each in results] == [
            ("one", "one source there rule ReplicationLatency"),
            ("longer", "longer source there rule OperationsPendingReplication"),
            ("sum", "all"),
        ]
        latency, pending, both = map(minutes, results)
        assert latency == VALUES[MetricName.LATENCY]
        assert pending == {-4: 20, -2: 40}
        assert both[-1] == 44 and both[-2] == 3

    in_deployment(tmp_path, test)


def test_a_time_series_of_a_number_has_the_period_that_is_asked_for(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        await measured(deployed)
        threshold = {"Id": "e1", "Expression": "TIME_SERIES(900)", "Period": 120}
        (found,) = (await ask(deployed, [threshold]))["MetricDataResults"]
        assert minutes(found) == {-4: 900, -2: 900}

    in_deployment(tmp_path, test)


@pytest.mark.parametrize(
    ("expressions", "message"),
    [
        (["m1 +"], "Error in expression 'e1': The expression ends too early."),
        (["m3 + 1"], "Error in expression 'e1': No query has the id 'm3'."),
        (["SUM(m1)"], "Error in expression 'e1': The result must be a time series"),
        (["SEARCH('{AWS/S3', 'Sum', 60)"], "Error in expression 'e1': Unexpected '{' in the search."),
        (["SUM(SEARCH('{AWS/S3}', 'Sum', 61))"], "Error in expression 'e1': The period must be a multiple of 60."),
        (["SORT(m1, SUM, DESC)"], "Error in expression 'e1': "),
        (["sum(m1)"], "Error in expression 'e1': There is no function sum."),
        (["SELECT AVG(x) FROM y"], "Error in expression 'e1': Metrics Insights is not implemented."),
        (["e1 + 1"], "Error in expression 'e1': It refers to itself."),
        (["e2", "m1 + e1"], "refers to itself."),
        ([""], "Error in expression 'e1'"),
        (["m1+" * 683 + "m1"], "must not be longer than 2048 characters"),
        (["[m1, m1]", *(f"[e{number}, e{number}]" for number in range(1, 100))], "more than 500 time series"),
    ],
)
def test_expressions_that_are_refused(tmp_path: Path, expressions: list[str], message: str) -> None:
    async def test(deployed: Deployed) -> None:
        await measured(deployed)
        queries = [{"Id": f"e{number}", "Expression": text} for number, text in enumerate(expressions, 1)]
        with pytest.raises(ValidationError) as refused:
            await ask(deployed, [M1, *queries])
        assert message in refused.value.message

    in_deployment(tmp_path, test)


def test_a_long_chain_of_expressions_that_share_others_costs_no_more_than_each_once(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        await measured(deployed)
        chain = [{"Id": f"e{number}", "Expression": f"(e{number - 1} + e{number - 2}) / 2"} for number in range(2, 499)]
        first = [{"Id": f"e{number}", "Expression": "m1 / m1"} for number in (0, 1)]
        hidden = [{**each, **HIDDEN} for each in (M1, *first, *chain[:-1])]
        (found,) = (await ask(deployed, [*hidden, chain[-1]]))["MetricDataResults"]
        assert minutes(found) == dict.fromkeys((-4, -3, -1), 1.0)

    in_deployment(tmp_path, test)
