"""Buckets for jobs of Batch Replication."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.support.batch import Jobs, Version, all_tasks, generator, listed, new_bucket


@dataclass
class BatchPair:
    """A source bucket with existing objects to come, a destination of another region, a bucket for reports."""

    server: Any
    jobs: Jobs
    source: str
    destination: str
    reports: str

    @property
    def s3(self) -> Any:
        return self.jobs.s3

    @property
    def there(self) -> Any:
        return self.server.client("s3", "us-west-2")

    def put(self, key: str, body: bytes = b"body", **members: Any) -> str:
        return self.s3.put_object(Bucket=self.source, Key=key, Body=body, **members)["VersionId"]

    def status(self, key: str, version_id: str) -> str | None:
        head = self.s3.head_object(Bucket=self.source, Key=key, VersionId=version_id)
        return head.get("ReplicationStatus")

    def replicate(self, **wanted: Any) -> dict[str, Any]:
        """Run a job on a generated manifest, with a report of all tasks; returns the job."""
        return self.jobs.run(ManifestGenerator=generator(self.source, **wanted), Report=all_tasks(self.reports))

    def results(self, job: dict[str, Any]) -> dict[tuple[str, str], tuple[str, str]]:
        """(key, version id) -> (task status, error code) of the job's report."""
        return {(row[1], row[2]): (row[3], row[5]) for row in self.jobs.report(job)}

    def here(self) -> list[Version]:
        return listed(self.s3, self.source)

    def arrived(self) -> list[Version]:
        return listed(self.there, self.destination)

    @classmethod
    def make(cls, server: Any) -> BatchPair:
        jobs = Jobs(server)
        return cls(
            server,
            jobs,
            new_bucket(jobs.s3, "us-east-1"),
            new_bucket(server.client("s3", "us-west-2"), "us-west-2"),
            new_bucket(jobs.s3, "us-east-1", versioned=False),
        )
