"""The completion report, joined of results and manifest; and the manifest's rows by their places."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest
from tests.support.deployment import EAST
from tests.support.job_runs import JobRuns, on_job_runs
from tests.support.jobs import job_of
from tests.support.metadata import OpenStore, SqlitePlace

from farshore.batch.manifest_cursor import ManifestCursor
from farshore.metadata.store import Transaction
from farshore.model.batch import JobStatus, ManifestRow, Segment
from farshore.model.replication import FailureCode
from farshore.semantics.manifest_rows import inventory_line, pack
from farshore.service.job_tasks import BLOCK_ROWS, finish, not_replicated, replicated

pytestmark = pytest.mark.timeout(60)


def rows_of(first: int, end: int) -> list[ManifestRow]:
    return [ManifestRow("source", f"k{place}", "v") for place in range(first, end)]


def segment(first: int, end: int) -> Segment:
    return Segment(first, end - first, pack([inventory_line(row) for row in rows_of(first, end)]))


def test_rows_are_drawn_from_where_a_job_stands_segment_by_segment(tmp_path: Path) -> None:
    """A draw ends with its segment; the next one goes on in the middle of one, also in another process."""
    store = OpenStore(SqlitePlace(str(tmp_path / "metadata.sqlite")))

    def command(tx: Transaction) -> None:
        for each in (segment(0, 5), segment(5, 6), segment(6, 10)):
            tx.jobs.add_segment(1, each)

    async def draws(drawn: int, *limits: int) -> list[tuple[int, list[str]]]:
        found = await ManifestCursor(store.reader.jobs, 1).draws(job_of(drawn=drawn, total=10), limits)
        return [(draw.place, [row.key for row in draw.rows]) for draw in found]

    store.write(command)
    assert asyncio.run(draws(3, 3, 3, 3)) == [(3, ["k3", "k4"]), (5, ["k5"]), (6, ["k6", "k7", "k8"])]
    assert asyncio.run(draws(9, 3, 3)) == [(9, ["k9"])]
    assert asyncio.run(draws(10, 3)) == []
    store.close()


def test_the_report_has_the_rows_of_its_results_wherever_they_are_in_the_manifest(tmp_path: Path) -> None:
    """Results come in any order and of any part; rows without a result are not in it."""
    end = BLOCK_ROWS + 7
    succeeded = [end - 1, 0, BLOCK_ROWS - 1, 4]
    failed = [BLOCK_ROWS, 1]

    async def test(runs: JobRuns) -> None:
        job = await runs.create()
        store = runs.deployed.stores[EAST].metadata

        def command(tx: Transaction) -> None:
            for each in (segment(0, 3), segment(3, BLOCK_ROWS + 2), segment(BLOCK_ROWS + 2, end)):
                tx.jobs.add_segment(job.number, each)
            drawn = msgspec.structs.replace(job, status=JobStatus.CANCELLING, total=end, drawn=6)
            for place in succeeded:
                drawn = finish(tx, drawn, [replicated(place)], 1)
            for place in failed:
                drawn = finish(tx, drawn, [not_replicated(place, FailureCode.SRC_KEY_NOT_FOUND)], 1)
            tx.jobs.put(drawn)

        await store.write(command)
        ended = await runs.run(job)
        assert (ended.status, ended.succeeded, ended.failed) == (JobStatus.CANCELLED, 4, 2)
        rows = await runs.report(ended)
        assert [row[1] for row in rows if row[3] == "succeeded"] == [f"k{place}" for place in sorted(succeeded)]
        assert [(row[1], row[5]) for row in rows if row[3] == "failed"] == [
            (f"k{place}", "SrcKeyNotFound") for place in sorted(failed)
        ]
        assert len(rows) == 6 and store.reader.jobs.result_block(job.number, False, -1) is None

    on_job_runs(tmp_path, test)
