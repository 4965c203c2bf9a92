"""Batch Operations jobs in a region's SQLite file: the port's `JobReader` and `JobTransaction`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import apsw
import msgspec

from farshore.metadata import named_sql
from farshore.metadata.sqlite_rows import Row
from farshore.metadata.sqlite_session import Session
from farshore.model.batch import Job, JobRequest, JobState, JobStatus, JobTask, Segment
from farshore.model.objects import VersionName

_SQL = named_sql.load("jobs")

_encode = msgspec.msgpack.Encoder().encode
_decode_request = msgspec.msgpack.Decoder(JobRequest).decode
_decode_state = msgspec.msgpack.Decoder(JobState).decode
_decode_tags = msgspec.msgpack.Decoder(dict[str, str]).decode


class SqliteJobs:
    """Both ports on one session: whether it may write is the session's affair."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._one = session.one
        self._all = session.all
        self._run = session.run

    def job(self, job_id: str) -> Job | None:
        return _to_job(self._one(_SQL["job"], (job_id,)))

    def by_number(self, number: int) -> Job | None:
        return _to_job(self._one(_SQL["job_by_number"], (number,)))

    def by_token(self, account_id: str, token: str) -> Job | None:
        return _to_job(self._one(_SQL["job_by_token"], (account_id, token)))

    def tags(self, number: int) -> dict[str, str]:
        row = self._one(_SQL["job_tags"], (number,))
        return {} if row is None or row[0] is None else _decode_tags(row[0])

    def unfinished(self) -> list[Job]:
        return [_job(row) for row in self._all(_SQL["unfinished_jobs"])]

    def listed(self, account_id: str, statuses: Collection[JobStatus], below: int, limit: int) -> list[Job]:
        found: list[Job] = []
        for row in self._session.iterate(_SQL["jobs_below"], (account_id, below)):
            if len(found) == limit:
                break
            if not statuses or row[4] in statuses:
                found.append(_job(row))
        return found

    def ended_before(self, before_us: int, limit: int) -> list[Job]:
        return [_job(row) for row in self._all(_SQL["jobs_ended_before"], (before_us, limit))]

    def segment(self, number: int, place: int) -> Segment:
        row = self._one(_SQL["job_segment"], (number, place))
        segment = None if row is None else Segment(*row)
        if segment is None or place >= segment.first + segment.rows:
            raise KeyError((number, place))
        return segment

    def has_tasks(self) -> bool:
        row = self._one(_SQL["has_job_tasks"])
        assert row is not None
        return row[0] == 1

    def places(self, number: int, after: int, limit: int) -> list[int]:
        return [row[0] for row in self._all(_SQL["job_places"], (number, after, limit))]

    def tasks_of_versions(self, versions: Iterable[VersionName]) -> list[JobTask]:
        names = [(bucket_id, key.encode(), version_id) for bucket_id, key, version_id in versions]
        return [_to_task(row) for row in self._session.all_of_many(_SQL["job_tasks_of_version"], names)]

    def result_block(self, number: int, failed: bool, after: int) -> int | None:
        row = self._one(_SQL["job_result_block"], (number, failed, after))
        return None if row is None else row[0]

    def results(self, number: int, failed: bool, block: int) -> list[bytes]:
        return [row[0] for row in self._all(_SQL["job_results"], (number, failed, block))]

    def add(self, job: Job, tags: dict[str, str]) -> Job:
        request = job.request
        try:
            self._run(
                _SQL["add_job"],
                (
                    job.id,
                    job.account_id,
                    request.token,
                    job.created_us,
                    job.status,
                    job.priority,
                    job.ended_us,
                    job.total,
                    job.drawn,
                    job.succeeded,
                    job.failed,
                    _encode(request),
                    _encode(job.state),
                    _tags_column(tags),
                ),
            )
        except apsw.ConstraintError as error:
            raise AssertionError(f"a job of {job.account_id} has the token {request.token!r}") from error
        return msgspec.structs.replace(job, number=self._session.connection.last_insert_rowid())

    def put(self, job: Job) -> None:
        self._run(
            _SQL["put_job"],
            (
                job.number,
                job.status,
                job.priority,
                job.ended_us,
                job.total,
                job.drawn,
                job.succeeded,
                job.failed,
                _encode(job.state),
            ),
        )
        assert self._session.connection.changes() == 1, f"no job {job.number}"

    def put_tags(self, number: int, tags: dict[str, str]) -> None:
        self._run(_SQL["put_job_tags"], (number, _tags_column(tags)))

    def add_segment(self, number: int, segment: Segment) -> None:
        self._run(_SQL["add_job_segment"], (number, *segment))

    def add_tasks(self, tasks: Sequence[JobTask]) -> None:
        self._session.run_many(_SQL["add_job_task"], [_task_row(task) for task in tasks])

    def remove_tasks(self, tasks: Sequence[JobTask]) -> None:
        self._session.run_many(_SQL["remove_job_task"], [_task_row(task)[:-1] for task in tasks])

    def add_results(self, number: int, failed: bool, block: int, content: bytes) -> None:
        self._run(_SQL["add_job_results"], (number, failed, block, content))

    def drop_work(self, number: int) -> None:
        for query in ("drop_job_segments", "drop_job_tasks", "drop_job_results"):
            self._run(_SQL[query], (number,))

    def delete(self, number: int) -> None:
        self._run(_SQL["delete_job"], (number,))


def _to_job(row: Row | None) -> Job | None:
    return None if row is None else _job(row)


def _job(row: Row) -> Job:
    (
        number,
        job_id,
        account_id,
        created_us,
        status,
        priority,
        ended_us,
        total,
        drawn,
        succeeded,
        failed,
        request,
        state,
    ) = row
    return Job(
        number=number,
        id=job_id,
        account_id=account_id,
        created_us=created_us,
        status=JobStatus(status),
        priority=priority,
        ended_us=ended_us,
        total=total,
        drawn=drawn,
        succeeded=succeeded,
        failed=failed,
        request=_decode_request(request),
        state=_decode_state(state),
    )


def _tags_column(tags: dict[str, str]) -> bytes | None:
    return _encode(tags) if tags else None


def _to_task(row: Row) -> JobTask:
    bucket_id, key, version_id, job, place, destinations = row
    return JobTask(
        job=job,
        place=place,
        bucket_id=bucket_id,
        key=key.decode(),
        version_id=version_id,
        destinations=tuple(destinations.split()),
    )


def _task_row(task: JobTask) -> Row:
    return task.bucket_id, task.key.encode(), task.version_id, task.job, task.place, " ".join(task.destinations)
