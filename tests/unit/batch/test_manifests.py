"""Manifests that users bring: inventory reports and CSV, and what is said of those that cannot be used."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.job_runs import JobRuns, on_job_runs
from tests.support.logs import captured_logs

from farshore.batch import preparing
from farshore.model.batch import JobStatus
from farshore.semantics.manifest_rows import SEGMENT_ROWS

pytestmark = pytest.mark.timeout(60)


@pytest.fixture(autouse=True)
def logs() -> Iterator[None]:
    with captured_logs():
        yield


def compressed(*rows: str) -> bytes:
    return gzip.compress("".join(f"{row}\n" for row in rows).encode())


async def inventory(runs: JobRuns, *files: bytes, **changed: Any) -> dict[str, Any]:
    """An inventory report of these files; returns what names it in CreateJob.

    Args:
        changed: members of manifest.json, or `md5` of every file, or `described`, all of manifest.json.
    """
    listed: list[dict[str, Any]] = []
    for number, content in enumerate(files):
        await runs.deployed.put("reports", f"data/{number}.csv.gz", content)
        md5 = changed.get("md5", hashlib.md5(content, usedforsecurity=False).hexdigest())
        listed.append({"key": f"data/{number}.csv.gz", "size": len(content), "MD5checksum": md5})
    described = {
        "destinationBucket": "arn:aws:s3:::reports",
        "fileFormat": "CSV",
        "fileSchema": "Bucket, Key, VersionId, Size",
        "files": listed,
        **changed,
    }
    content = changed.get("described", json.dumps(described)).encode()
    await runs.deployed.put("reports", "inventory/manifest.json", content)
    etag = hashlib.md5(content, usedforsecurity=False).hexdigest()
    return {
        "Spec": {"Format": "S3InventoryReport_CSV_20161130"},
        "Location": {"ObjectArn": "arn:aws:s3:::reports/inventory/manifest.json", "ETag": f'"{etag}"'},
    }


def test_an_inventory_report_is_read_file_after_file(tmp_path: Path) -> None:
    """Of several gzip members each; other columns count for nothing, keys are decoded, blanks may be `+`."""

    async def test(runs: JobRuns) -> None:
        await runs.rule()
        versions = [(key, await runs.deployed.put("source", key)) for key in ("a b", 'c,"d"', "e/ü")]
        rows = [
            f'"source","{key}","{version[1]}","4"'
            for key, version in zip(("a+b", "c%2C%22d%22", "e/%C3%BC"), versions, strict=True)
        ]
        first = compressed(rows[0]) + compressed(rows[1])
        job = await runs.run(await runs.create(Manifest=await inventory(runs, first, compressed(rows[2]))))
        assert (job.status, job.total, job.succeeded) == (JobStatus.COMPLETE, 3, 3)
        assert [row[1] for row in await runs.report(job)] == ["a+b", "c%2C%22d%22", "e/%C3%BC"]

    on_job_runs(tmp_path, test)


ROW = compressed('"source","k","null","1"')


@pytest.mark.parametrize(
    ("files", "changed", "code", "said"),
    [
        ((ROW,), {"md5": "0" * 32}, "InvalidManifestContent", "the MD5 of data/0.csv.gz differs"),
        ((ROW[:-9],), {}, "InvalidManifestContent", "a compressed file is cut off"),
        ((b"no gzip",), {}, "InvalidManifestContent", "incorrect header check"),
        ((ROW,), {"fileFormat": "ORC"}, "InvalidManifestContent", "the file format ORC is not CSV"),
        ((ROW,), {"fileSchema": "Bucket, Size"}, "InvalidManifestContent", "missing in the schema: Key"),
        ((ROW,), {"fileSchema": "Bucket, Key"}, "InvalidManifestContent", "Unexpected number of task fields"),
        ((ROW,), {"files": [{"key": "absent"}]}, "NoSuchKey", "The specified key does not exist."),
        ((), {"described": "{}"}, "InvalidManifestContent", "Manifest file is not properly formatted"),
        ((), {"described": "no json"}, "InvalidManifestContent", "Manifest file is not properly formatted"),
        ((), {}, "InvalidManifestContent", "it has no rows"),
    ],
)
def test_an_inventory_report_that_cannot_be_used_fails_the_job_and_says_why(
    tmp_path: Path, files: tuple[bytes, ...], changed: dict[str, Any], code: str, said: str
) -> None:
    async def test(runs: JobRuns) -> None:
        await runs.rule()
        job = await runs.run(await runs.create(Manifest=await inventory(runs, *files, **changed)))
        assert (job.status, job.drawn) == (JobStatus.FAILED, 0)
        (failure,) = job.state.failures
        assert failure.code == code and said in failure.reason

    on_job_runs(tmp_path, test)


def test_a_manifest_of_more_rows_than_a_segment_has_keeps_them_all_in_order(tmp_path: Path) -> None:
    count = SEGMENT_ROWS + 50

    async def test(runs: JobRuns) -> None:
        await runs.rule()
        manifest = await runs.manifest("".join(f"source,absent-{number},null\n" for number in range(count)))
        async with runs.running():
            job = await runs.until(await runs.create(Manifest=manifest, ConfirmationRequired=True), JobStatus.SUSPENDED)
        jobs = runs.deployed.stores["us-east-1"].metadata.reader.jobs
        segments = [jobs.segment(job.number, place) for place in (0, SEGMENT_ROWS)]
        assert [(segment.first, segment.rows) for segment in segments] == [(0, SEGMENT_ROWS), (SEGMENT_ROWS, 50)]
        text = gzip.decompress(b"".join(segment.content for segment in segments)).decode()
        assert text == "".join(f'"source","absent-{number}","null"\n' for number in range(count))

    on_job_runs(tmp_path, test)


def test_nothing_that_matches_is_no_manifest(tmp_path: Path) -> None:
    async def test(runs: JobRuns) -> None:
        await runs.rule()
        job = await runs.run(await runs.create())
        assert job.status is JobStatus.FAILED
        assert [(failure.code, failure.reason) for failure in job.state.failures] == [
            ("NoKeysFound", preparing.NO_KEYS)
        ]

    on_job_runs(tmp_path, test)
