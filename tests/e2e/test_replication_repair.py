"""What a verification finds is repaired by servers that stop, start and are killed; the command tells scripts of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.support.damage import change, look
from tests.support.own_api import call
from tests.support.replication import wait_for
from tests.support.server import Server
from tests.support.verified_pair import HERE, THERE, Pair

LARGE = 200 * 1024
"""Beyond what is kept beside a version."""


def test_the_command_reports_and_exits_for_scripts(server: Server, tmp_path: Path) -> None:
    pair = Pair(server)
    pair.put("lost")
    pair.put("there")
    pair.arrived()
    done = pair.command("--report", str(tmp_path / "equal"))
    assert (done.returncode, b"equal" in done.stdout) == (0, True), done.stderr
    pair.change("DELETE FROM version", "lost")
    report = tmp_path / "report"
    done = pair.command("--report", str(report))
    assert done.returncode == 1
    assert b"MISSING lost" in done.stdout
    begun, difference, result = (json.loads(line) for line in report.read_text().splitlines())
    assert (begun["line"], difference["kind"], result["line"]) == ("begun", "MISSING", "result")
    assert (result["counts"]["missing"], len(result["digest"])) == (1, 64)
    shown = subprocess.run(
        [sys.executable, "-m", "farshore", "replication", "status", pair.source, "--data", str(pair.server.data)],
        env=pair.server.environment | {"COLUMNS": "200"},
        capture_output=True,
        timeout=120,
        check=True,
    )
    assert f"{pair.destination} was verified at ".encode() in shown.stdout
    assert b": NOT equal: 1 missing." in shown.stdout
    printed = [json.loads(line) for line in pair.command("--json").stdout.splitlines()]
    assert printed[-1]["digest"] == result["digest"]


def test_a_pending_version_that_lost_its_task_is_told_and_gets_a_new_one(server_factory: Callable[..., Server]) -> None:
    """By a verification with repair, and by reconciliation at the next start."""
    server = server_factory(environment={"FARSHORE_REPLICATE": "false"})
    pair = Pair(server)
    for key in ("told", "found"):
        pair.put(key)
    assert pair.verify()[0]["counts"]["pending"] == 2
    assert change(server.data, HERE, "DELETE FROM replication_task") == 2
    explained = call(server, "GET", "/-/explain", bucket=pair.source, key="told")
    (destination,) = explained["destinations"]
    assert destination["waiting"]["hold"] == "LOST"
    command = destination["remedy"]["command"]
    assert command.endswith(f"verify {pair.source} --destination {pair.destination} --prefix told --repair")
    _, (difference,) = pair.verify(prefix="told", repair="true")
    assert (difference["why"], difference["status"], difference["repair"]) == ("NO_TASK", "PENDING", "ON_ITS_WAY")
    assert look(server.data, HERE, "SELECT key FROM replication_task") == [(b"told",)]
    server.stop()
    server.environment.pop("FARSHORE_REPLICATE")
    server.start()
    pair = pair.again()
    pair.arrived()
    wait_for(lambda: pair.verify()[0]["counts"]["equal"] == 2, 60, "what reconciliation found")


def test_a_repair_goes_on_after_the_server_was_killed_in_the_middle(server_factory: Callable[..., Server]) -> None:
    pair = Pair(server_factory())
    for number in range(80):
        pair.put(f"{number:03}", os.urandom(100 if number % 20 else LARGE))
    pair.arrived()
    there = "bucket_id = (SELECT id FROM bucket WHERE name = ?)"
    damage = f"UPDATE version SET etag = 'damaged' WHERE {there}"
    assert change(pair.server.data, THERE, damage, pair.destination) == 80
    result, _ = pair.verify(repair="true")
    assert result["counts"]["repaired"] == 80
    pair.server.kill()
    pair.server.start()
    pair = pair.again()
    pair.arrived()
    result, differences = pair.verify(deep="true")
    assert (differences, result["counts"]["equal"]) == ([], 80)
