"""Completion reports as S3 Batch Operations writes them.

AWS: `ReportSchema` names ErrorCode before HTTPStatusCode, and the rows have them the other way round (recorded; the
User Guide's samples too). Rows end with CR LF.
Source: S3 User Guide, "Examples: S3 Batch Operations completion reports"; reports recorded on AWS.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Sequence

import msgspec

from farshore.model.batch import ManifestRow, TaskResult
from farshore.runtime.iso_time import zulu_time

SCHEMA = "Bucket, Key, VersionId, TaskStatus, ErrorCode, HTTPStatusCode, ResultMessage"
FORMAT = "Report_CSV_20180820"


class ReportFile(msgspec.Struct, frozen=True):
    """One file of a report. md5: hex."""

    failed: bool
    key: str
    md5: str


def folder(prefix: str | None, job_id: str) -> str:
    """Where a job's report stands. AWS: a prefix that ends with a slash gets a second one (recorded)."""
    return f"job-{job_id}" if prefix is None else f"{prefix}/job-{job_id}"


def file_key(prefix: str | None, job_id: str, failed: bool, number: int) -> str:
    """The key of a file of results: the same again when the report is written again."""
    name = hashlib.sha1(f"{job_id} {failed} {number}".encode(), usedforsecurity=False).hexdigest()
    return f"{folder(prefix, job_id)}/results/{name}.csv"


def rows(results: Iterable[tuple[ManifestRow, TaskResult]]) -> bytes:
    """Lines of a file of results, each with the row of the manifest that it is of."""
    text = io.StringIO()
    csv.writer(text).writerows(
        (
            row.bucket,
            row.key,
            row.version,
            "failed" if result.failed else "succeeded",
            result.http_status,
            result.code,
            result.message,
        )
        for row, result in results
    )
    return text.getvalue().encode()


def manifest(bucket: str, files: Sequence[ReportFile], now_us: int) -> bytes:
    """`manifest.json`, which names the files."""
    document = {
        "Format": FORMAT,
        "ReportCreationDate": zulu_time(now_us),
        "Results": [
            {
                "TaskExecutionStatus": "failed" if file.failed else "succeeded",
                "Bucket": bucket,
                "MD5Checksum": file.md5,
                "Key": file.key,
            }
            for file in files
        ],
        "ReportSchema": SCHEMA,
    }
    return json.dumps(document).encode()
