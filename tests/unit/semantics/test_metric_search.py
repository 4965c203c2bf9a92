"""Search expressions of CloudWatch: which metrics a text finds, and texts that are no searches."""

from __future__ import annotations

import pytest

from farshore.semantics.metric_expression import Call, parse
from farshore.semantics.metric_search import SEARCH_MAX, Found, Unsearchable, compile_search, read_search

PENDING = Found(
    "AWS/S3",
    "OperationsPendingReplication",
    {"SourceBucket": "media-source", "DestinationBucket": "media-copy", "RuleId": "everything"},
)
FAILED = Found(
    "AWS/S3",
    "OperationsFailedReplication",
    {"SourceBucket": "logs", "DestinationBucket": "Archive2026", "RuleId": "only logs"},
)
NAMES = {"pending": PENDING, "failed": FAILED}


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("{AWS/S3,SourceBucket,DestinationBucket,RuleId}", "pending failed"),
        ("{AWS/S3, RuleId, SourceBucket, DestinationBucket}", "pending failed"),
        ('{"AWS/S3", "RuleId", "SourceBucket", DestinationBucket}, pending', "pending"),
        ("{AWS/S3}", "pending failed"),
        ("{AWS/S3,SourceBucket}", ""),
        ("{AWS/EC2,SourceBucket,DestinationBucket,RuleId}", ""),
        ('{AWS/S3,SourceBucket,DestinationBucket,RuleId} MetricName="OperationsPendingReplication"', "pending"),
        ('MetricName="Operations"', ""),
        ('"OperationsFailedReplication"', "failed"),
        ('"operationsfailedreplication"', ""),
        ("operationsfailedreplication", "failed"),
        ("operations", "pending failed"),
        ("FailedReplication", "failed"),
        ("operationsReplication", ""),
        ("oper", ""),
        ("media", "pending"),
        ("media-source", "pending"),
        ("archive", "failed"),
        ("2026", "failed"),
        ("SourceBucket=media", "pending"),
        ("SourceBucket = media", "pending"),
        ("RuleId=media", ""),
        ('RuleId="only logs"', "failed"),
        ("RuleId=(everything OR logs)", "pending failed"),
        ("RuleId=(everything OR logs) failed", "failed"),
        ("Owner=x", ""),
        # As Grafana's data source writes them: with dimensions that must match, and without.
        (
            '{AWS/S3,DestinationBucket,RuleId,SourceBucket} MetricName="OperationsPendingReplication"'
            ' "RuleId"="everything" "SourceBucket"=("logs" OR "media-source")',
            "pending",
        ),
        ('Namespace="AWS/S3" MetricName="OperationsFailedReplication" "SourceBucket" "RuleId"', "failed"),
        ('Namespace="AWS/S3" "RuleId"="a \\"quoted\\" rule"', ""),
        ('"RuleId" = "only logs"', "failed"),
        ("Namespace=AWS/S3 failed", "failed"),
        ("failed OR pending", "pending failed"),
        ("failed AND pending", ""),
        ("failed pending", ""),
        ("NOT failed", "pending"),
        ("replication NOT failed", "pending"),
        ("replication AND NOT (failed OR pending)", ""),
        ("logs failed OR media pending", "pending failed"),
        ("logs (failed OR media) pending", ""),
    ],
)
def test_what_a_search_finds(search: str, found: str) -> None:
    finds = compile_search(search)
    assert [name for name, metric in NAMES.items() if finds(metric)] == found.split()


@pytest.mark.parametrize(
    "search",
    ["", "  ", "{}", "{AWS/S3", "}", "{AWS/S3} (failed", "failed )", "failed OR", "OR failed", "NOT", "RuleId=", "=x",
     '"failed', "(" * 51 + "x" + ")" * 51, "NOT " * 60 + "x", "x" * (SEARCH_MAX + 1), "{,}", "RuleId=SourceBucket=x"],
)  # fmt: skip
def test_what_is_no_search(search: str) -> None:
    with pytest.raises(Unsearchable):
        compile_search(search)


@pytest.mark.parametrize(
    ("arguments", "stat", "period_s"), [("'x', 'Sum'", "Sum", None), ("'x', 'p99', 300", "p99", 300)]
)
def test_a_call_has_a_search_and_a_statistic_and_may_have_a_period(
    arguments: str, stat: str, period_s: int | None
) -> None:
    call = parse(f"SEARCH({arguments})")
    assert isinstance(call, Call)
    search = read_search(call)
    assert (search.stat, search.period_s) == (stat, period_s)


@pytest.mark.parametrize(
    "arguments",
    ["", "'x'", "'x', 'Sum', 61", "'x', 'Sum', 0", "'x', 'Sum', 'm'", "'x', 'Some'", "m1, 'Sum'", "60, 'Sum'"],
)
def test_calls_that_are_refused(arguments: str) -> None:
    call = parse(f"SEARCH({arguments})")
    assert isinstance(call, Call)
    with pytest.raises(Unsearchable):
        read_search(call)
