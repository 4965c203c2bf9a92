"""What Prometheus reads of a running server, and the alert rules and dashboard that come with it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
from botocore.exceptions import ClientError
from tests.support.observed import TOKEN, scrape
from tests.support.replication import make_pair, put_rule, wait_for
from tests.support.server import Server

DEPLOY = Path(__file__).parents[2] / "deploy"
QUEUE = "arn:aws:sqs:us-east-1:111122223333:queue"
ARRIVAL_S = 60.0


def refused(server: Any, token: str | None) -> tuple[int, str]:
    """The status, and what it says."""
    with pytest.raises(HTTPError) as error:
        scrape(server, token)
    with error.value:
        return error.value.code, error.value.read().decode()


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A server of two API processes and a background process, with one replicated and one failed object."""
    folder = tmp_path_factory.mktemp("watched")
    events = json.dumps([{"arn": QUEUE, "file": str(folder / "events.jsonl")}])
    environment = {
        "FARSHORE_METRICS_TOKEN": TOKEN,
        "FARSHORE_AUDIT_LOG": "file",
        "FARSHORE_EVENTS": events,
        "FARSHORE_ROOT_ACCOUNT_ID": QUEUE.split(":")[4],
    }
    server = Server(folder / "data", workers=2, environment=environment)
    server.start()
    client, there = server.client("s3"), server.client("s3", "us-west-2")
    make_pair(client, there, "source", "there")
    put_rule(client, "source", "there", ID='a "rule"')
    listening = {"QueueConfigurations": [{"QueueArn": QUEUE, "Events": ["s3:ObjectCreated:*"]}]}
    client.put_bucket_notification_configuration(Bucket="source", NotificationConfiguration=listening)
    client.put_object(Bucket="source", Key="arrives", Body=b"x" * 1000)
    wait_for(lambda: scrape(server).sum("farshore_replication_operations_completed_total") == 1, ARRIVAL_S, "a replica")
    there.put_bucket_versioning(Bucket="there", VersioningConfiguration={"Status": "Suspended"})
    client.put_object(Bucket="source", Key="fails", Body=b"x")
    wait_for(lambda: scrape(server).sum("farshore_replication_operations_failed_total") == 1, ARRIVAL_S, "a failure")
    yield server
    server.stop()


def test_replication_by_rule_and_destination_whatever_its_metrics_setting(watched: Any) -> None:
    found = scrape(watched)
    labels = {"region": "us-east-1", "source_bucket": "source", "destination_bucket": "there", "rule_id": r"a \"rule\""}
    assert found.sum("farshore_replication_operations_completed_total", **labels) == 1
    assert found.sum("farshore_replication_bytes_completed_total", **labels) == 1000
    assert found.sum("farshore_replication_operations_failed_total", **labels, code="DstBucketUnversioned") == 1
    assert found.sum("farshore_replication_operations_pending", **labels) == 0
    assert found.sum("farshore_replication_oldest_pending_age_seconds", **labels) == 0
    assert found.sum("farshore_replication_latency_seconds_count", **labels) == 1
    assert found.sum("farshore_replication_latency_seconds_bucket", **labels, le="+Inf") == 1
    for region in ("us-east-1", "us-west-2", "eu-west-1"):
        assert found.sum("farshore_replication_worker_seen_timestamp_seconds", region=region) > 1.7e9
        assert found.sum("farshore_metadata_bytes", region=region, part="data") > 0


def test_requests_of_all_processes_are_added_up(watched: Any) -> None:
    """Connections are spread over the processes by the kernel; each request is counted once, by whoever answers it."""
    count = 40
    before = scrape(watched)
    for _ in range(count):
        client = watched.client("s3", retries=0)
        client.head_object(Bucket="source", Key="arrives")
        with pytest.raises(ClientError):
            client.get_object(Bucket="source", Key="nothing")
    after = scrape(watched)

    def more(**labels: str) -> float:
        name = "farshore_request_duration_seconds_count"
        return after.sum(name, service="s3", **labels) - before.sum(name, service="s3", **labels)

    assert more(operation="HeadObject", status="200", code="") == count
    assert more(operation="GetObject", status="404", code="NoSuchKey") == count
    files = list((watched.data / "run" / "counters").iterdir())
    assert sorted(file.name for file in files) == ["api 1", "api 2", "background"]


def test_a_process_that_is_replaced_counts_on(watched: Any) -> None:
    name = "farshore_request_duration_seconds_count"
    watched.client("s3").head_object(Bucket="source", Key="arrives")
    before = scrape(watched).sum(name, operation="HeadObject")
    for pid in watched.children()[:2]:
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: answers(watched), ARRIVAL_S, "new API processes")
    watched.client("s3").head_object(Bucket="source", Key="arrives")
    assert scrape(watched).sum(name, operation="HeadObject") == before + 1


def answers(server: Any) -> bool:
    try:
        return bool(scrape(server).samples)
    except OSError:
        return False


def test_without_the_token_nothing_is_told(watched: Any) -> None:
    status, said = refused(watched, None)
    assert status == 401 and said.startswith("A token is needed: send that of FARSHORE_METRICS_TOKEN as ")
    for token in ("another token", "ü"):
        status, said = refused(watched, token)
        assert status == 401 and said.startswith("This is not the token of FARSHORE_METRICS_TOKEN")


def test_without_a_token_set_metrics_are_closed_unless_loopback_is_opened(server: Any, server_factory: Any) -> None:
    assert [refused(server, token)[0] for token in (None, "any token")] == [403, 403]
    opened = server_factory(environment={"FARSHORE_METRICS_ON_LOOPBACK": "true"})
    assert "farshore_metadata_bytes" in scrape(opened, None).names


def promtool(*arguments: str, given: str | None = None) -> str:
    path = shutil.which("promtool")
    if path is None:
        pytest.skip("promtool is not installed (apt-get install prometheus)")
    done = subprocess.run([path, *arguments], input=given, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_prometheus_takes_the_format(watched: Any) -> None:
    promtool("check", "metrics", given=scrape(watched).text)


def test_alert_rules_hold_and_do_what_they_say() -> None:
    promtool("check", "rules", str(DEPLOY / "prometheus" / "alerts.yml"))
    promtool("test", "rules", str(DEPLOY / "prometheus" / "alerts_test.yml"))


def test_the_dashboard_is_made_of_queries_that_prometheus_takes(tmp_path: Path) -> None:
    rules = [{"record": f"panel:{number}", "expr": expression} for number, expression in enumerate(expressions())]
    assert len(rules) > 20
    file = tmp_path / "panels.yml"
    file.write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))
    promtool("check", "rules", str(file))


def test_dashboard_and_alerts_ask_for_metrics_that_there_are(watched: Any) -> None:
    asked = set(re.findall(r"\bfarshore_\w+", (DEPLOY / "prometheus" / "alerts.yml").read_text()))
    asked |= {name for expression in expressions() for name in re.findall(r"\bfarshore_\w+", expression)}
    assert asked - scrape(watched).names == set()


def expressions() -> list[str]:
    dashboard = json.loads((DEPLOY / "grafana" / "farshore.json").read_text())
    targets = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
    return [re.sub(r"\$__\w+", "5m", expression).replace('"$', '".*') for expression in targets]
