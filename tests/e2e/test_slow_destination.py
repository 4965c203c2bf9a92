"""A destination that is slow is shown by everything that tells of replication, and by nothing as a failure.

It is made slow by holding the turn to write its region's metadata, as another process of the deployment would: what is
brought there waits, and no error comes back. Time is not waited for: what waits is dated back in the source's store.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.support.damage import held
from tests.support.dating import TIMED, date_back
from tests.support.observed import TOKEN, Route, Scrape, scrape
from tests.support.own_api import call
from tests.support.replication import put_rule, wait_for
from tests.support.server import Server

ARRIVAL_S = 60.0
ALERTS = Path(__file__).parents[2] / "deploy" / "prometheus" / "alerts.yml"
AGE = "farshore_replication_oldest_pending_age_seconds"
BACK_S = 1200.0


def fires(alert: str, found: Scrape, folder: Path) -> bool:
    """Whether an alert's expression is true of what was scraped, as Prometheus itself evaluates it."""
    path = shutil.which("promtool")
    if path is None:
        pytest.skip("promtool is not installed (apt-get install prometheus)")
    expression = re.search(rf"- alert: {alert}\n\s+expr: (.+)\n", ALERTS.read_text())
    assert expression is not None, alert
    series = "".join(
        f"      - {{series: '{name}{{{labels(has)}}}', values: '{value}x2'}}\n"
        for name, has, value in found.samples
        if name == AGE
    )
    file = folder / "fires.yml"
    file.write_text(
        f"rule_files: []\nevaluation_interval: 1m\ntests:\n  - interval: 1m\n    input_series:\n{series}"
        f"    promql_expr_test:\n      - {{expr: '{expression[1]}', eval_time: 1m, exp_samples: []}}\n"
    )
    done = subprocess.run([path, "test", "rules", str(file)], capture_output=True, text=True, timeout=120, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 0 or f'got: {{__name__="{AGE}"' in said, said
    return done.returncode != 0


def labels(has: dict[str, str]) -> str:
    return ", ".join(f'{name}="{value}"' for name, value in has.items())


def test_a_slow_destination_is_shown_by_status_metrics_the_alert_and_explanations(
    server_factory: Any, tmp_path: Path
) -> None:
    server: Server = server_factory(environment={"FARSHORE_METRICS_TOKEN": TOKEN})
    route = Route(server)
    put_rule(route.s3, route.source, route.destination, ID="rule", Destination=TIMED)

    def waiting(key: str) -> dict[str, Any]:
        found = call(server, "GET", "/-/explain", bucket=route.source, key=key)
        return found["destinations"][0]["waiting"] or {}

    def status() -> dict[str, Any]:
        (found,) = server.cli("replication", "status", route.source)["destinations"]
        return found

    route.s3.put_object(Bucket=route.source, Key="quick", Body=b"12345")
    wait_for(lambda: status()["completed_operations"] == 1, ARRIVAL_S, "the first arrival")
    assert not fires("FarshoreReplicationBehind", scrape(server), tmp_path)

    with held(server.data, "us-west-2"):
        route.s3.put_object(Bucket=route.source, Key="under-way", Body=b"1234567")
        wait_for(lambda: waiting("under-way").get("hold") == "BEING_TRIED", ARRIVAL_S, "an attempt")
        route.s3.put_object(Bucket=route.source, Key="behind", Body=b"123")
        date_back(server, BACK_S)
        found = status()
        assert (found["pending_operations"], found["pending_bytes"], found["failed"]) == (2, 10, 0)
        assert BACK_S < found["oldest_age_s"] < BACK_S + ARRIVAL_S
        assert route.latest("OperationsPendingReplication") == 2
        assert route.latest("BytesPendingReplication") == 10
        latency = route.latest("ReplicationLatency")
        assert latency is not None and BACK_S < latency < BACK_S + ARRIVAL_S
        assert route.latest("OperationsFailedReplication", "Sum", "us-east-1") in (0, None)
        scraped = scrape(server)
        assert BACK_S < scraped.sum(AGE, source_bucket=route.source) < BACK_S + ARRIVAL_S
        assert scraped.sum("farshore_replication_operations_pending", source_bucket=route.source) == 2
        assert fires("FarshoreReplicationBehind", scraped, tmp_path)
        under_way, behind = waiting("under-way"), waiting("behind")
        assert (under_way["hold"], under_way["attempts"], under_way["error"]) == ("BEING_TRIED", 1, "")
        assert (behind["hold"], behind["attempts"]) == ("QUEUED", 0)
        assert under_way["missed_threshold"] and behind["missed_threshold"]
        told = call(server, "GET", "/-/explain", bucket=route.source, key="behind")
        assert "missed threshold" in told["summary"]
        assert told["remedy"]["action"] == "Wait", "nothing is wrong that one could mend"

    farshore, *words = shlex.split(told["remedy"]["command"])
    assert (farshore, server.cli(*words)["arrived"]) == ("farshore", True)
    wait_for(lambda: status()["pending_operations"] == 0, ARRIVAL_S, "all of it, once the destination goes on")
    assert (status()["completed_operations"], status()["failed"], status()["oldest_age_s"]) == (3, 0, None)
    latency = route.latest("ReplicationLatency")
    assert latency is not None and latency < BACK_S + 4 * ARRIVAL_S
    assert not fires("FarshoreReplicationBehind", scrape(server), tmp_path)
