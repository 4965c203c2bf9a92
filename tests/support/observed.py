"""What tests read of replication as it is measured: a metered rule and its metrics, a reading of `/-/metrics`."""

from __future__ import annotations

import itertools
import os
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.request import Request, urlopen

from tests.support.replication import enable_versioning, put_rule

METERED = {"Metrics": {"Status": "Enabled"}}
TOKEN = "a-token-for-tests-0123456789"
_SAMPLE = re.compile(r"(\w+)(?:\{(.*)\})? (\S+)")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_numbers = itertools.count()


class Route:
    """A metered rule from us-east-1 to us-west-2, and CloudWatch in both regions."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self.s3 = server.client("s3")
        self.there = server.client("s3", "us-west-2")
        number = next(_numbers)
        self.source, self.destination = (f"metrics-{os.getpid()}-{number}-{side}" for side in ("from", "to"))
        self.s3.create_bucket(Bucket=self.source)
        west = {"LocationConstraint": "us-west-2"}
        self.there.create_bucket(Bucket=self.destination, CreateBucketConfiguration=west)
        enable_versioning(self.s3, self.source)
        enable_versioning(self.there, self.destination)
        put_rule(self.s3, self.source, self.destination, ID="rule", Destination=METERED)

    @property
    def dimensions(self) -> list[dict[str, str]]:
        values = {"SourceBucket": self.source, "DestinationBucket": self.destination, "RuleId": "rule"}
        return [{"Name": name, "Value": value} for name, value in values.items()]

    def metric(self, name: str) -> dict[str, Any]:
        return {"Namespace": "AWS/S3", "MetricName": name, "Dimensions": self.dimensions}

    def latest(self, name: str, stat: str = "Maximum", region: str = "us-west-2") -> float | None:
        """The value of the latest minute, which may be under way."""
        query = {"Id": "q", "MetricStat": {"Metric": self.metric(name), "Period": 60, "Stat": stat}}
        now = datetime.now(UTC)
        answer = self.server.client("cloudwatch", region).get_metric_data(
            MetricDataQueries=[query], StartTime=now - timedelta(hours=1), EndTime=now + timedelta(minutes=1)
        )
        values = answer["MetricDataResults"][0]["Values"]
        return values[0] if values else None


class Scrape:
    """One reading of `/-/metrics`."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.samples: list[tuple[str, dict[str, str], float]] = []
        for line in text.splitlines():
            if not line.startswith("#"):
                match = _SAMPLE.fullmatch(line)
                assert match is not None, line
                self.samples.append((match[1], dict(_LABEL.findall(match[2] or "")), float(match[3])))

    @property
    def names(self) -> set[str]:
        return {name for name, _, _ in self.samples}

    def sum(self, name: str, **labels: str) -> float:
        return sum(value for found, has, value in self.samples if found == name and labels.items() <= has.items())


def scrape(server: Any, token: str | None = TOKEN) -> Scrape:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    with urlopen(Request(f"{server.endpoint}/-/metrics", headers=headers), timeout=30) as answer:
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        return Scrape(answer.read().decode())
