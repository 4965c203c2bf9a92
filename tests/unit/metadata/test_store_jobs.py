"""Batch Operations jobs in the metadata port: jobs and their order, manifests by place, tasks in flight, results."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.support.jobs import ACCOUNT, job_of, request_of
from tests.support.metadata import OpenStore, failed, task, version

from farshore.metadata.store import Transaction
from farshore.model.batch import Job, JobFailure, JobState, JobStatus, JobTask, ManifestPlace, Segment
from farshore.model.replication import DestinationState, ReplicationStatus


def add(store: OpenStore, **members: Any) -> Job:
    given = job_of(**members)
    return store.write(lambda tx: tx.jobs.add(given, {}))


def job_number(store: OpenStore, token: str = "token") -> int:
    return add(store, id=f"job-{token}", request=request_of(token=token)).number


def test_a_job_comes_back_as_it_was_stored_and_changed(store: OpenStore) -> None:
    made = add(store)
    state = JobState(
        since_us=9, failures=(JobFailure("A", "b"),), scanned=ManifestPlace(b"\xff", 3, "v"), saved={"ObjectArn": "a"}
    )
    changed = msgspec.structs.replace(
        made, status=JobStatus.ACTIVE, priority=2, total=9, drawn=5, succeeded=2, failed=1, state=state
    )
    store.write(lambda tx: tx.jobs.put(changed))
    store.reopen()
    jobs = store.reader.jobs
    assert jobs.by_number(made.number) == jobs.job(made.id) == jobs.by_token(ACCOUNT, "token") == changed
    assert jobs.by_token("444455556666", "token") is jobs.by_token(ACCOUNT, "other") is jobs.job("job-1") is None


def test_a_token_makes_one_job_of_an_account(store: OpenStore) -> None:
    add(store)
    with pytest.raises(AssertionError):
        add(store, id="another")
    assert [job.id for job in store.reader.jobs.unfinished()] == ["job-0"]
    assert add(store, id="another", account_id="444455556666").number == 2


def test_jobs_are_listed_newest_first_by_account_and_status(store: OpenStore) -> None:
    statuses = (JobStatus.READY, JobStatus.COMPLETE, JobStatus.READY, JobStatus.FAILED)
    for place, status in enumerate(statuses):
        ended_us = place if status in (JobStatus.COMPLETE, JobStatus.FAILED) else None
        add(store, id=str(place), status=status, ended_us=ended_us, request=request_of(token=str(place)))
    add(store, id="foreign", account_id="444455556666")
    jobs = store.reader.jobs

    def ids(*statuses: JobStatus, below: int = 100, limit: int = 10) -> list[str]:
        return [job.id for job in jobs.listed(ACCOUNT, statuses, below, limit)]

    assert ids() == ["3", "2", "1", "0"] and ids(limit=2) == ["3", "2"] and ids(below=3) == ["1", "0"]
    assert ids(JobStatus.READY, limit=1) == ["2"] and ids(JobStatus.NEW) == []
    assert [job.id for job in jobs.unfinished()] == ["0", "2", "foreign"]
    assert [job.id for job in jobs.ended_before(3, 10)] == ["1"]


def test_a_segment_is_found_by_any_of_its_places(store: OpenStore) -> None:
    number, other = job_number(store), job_number(store, "other")
    segments = [Segment(0, 2, b"a"), Segment(2, 5, b"b"), Segment(7, 1, b"c")]

    def command(tx: Transaction) -> None:
        for segment in segments:
            tx.jobs.add_segment(number, segment)
        tx.jobs.add_segment(other, Segment(0, 100, b"other"))

    store.write(command)
    found = [store.reader.jobs.segment(number, place).content for place in range(8)]
    assert b"".join(found) == b"aabbbbbc" and store.reader.jobs.segment(number, 6) == segments[1]
    for absent in ((number, 8), (number + 100, 0)):
        with pytest.raises(KeyError):
            store.reader.jobs.segment(*absent)


def test_tasks_in_flight_are_found_by_their_version(store: OpenStore) -> None:
    """Of every job that waits for it; those that wait for none are found by their places."""
    given = [
        JobTask(job=1, place=5, bucket_id=3, key="ü/\U0001f600", version_id="v", destinations=("a", "b")),
        JobTask(job=2, place=5, bucket_id=3, key="ü/\U0001f600", version_id="v", destinations=("b",)),
        JobTask(job=1, place=6, bucket_id=3, key="k", version_id="v", destinations=("a",)),
        *(JobTask(job=1, place=place) for place in (9, 7, 8)),
        JobTask(job=2, place=7),
    ]
    assert not store.reader.jobs.has_tasks()
    store.write(lambda tx: tx.jobs.add_tasks(given))
    store.reopen()
    jobs = store.reader.jobs
    assert jobs.has_tasks()
    assert jobs.tasks_of_versions([(3, "ü/\U0001f600", "v"), (3, "k", "other"), (4, "k", "v")]) == given[:2]
    assert jobs.places(1, -1, 2) == [7, 8] and jobs.places(1, 8, 10) == [9] and jobs.places(2, -1, 10) == [7]
    store.write(lambda tx: tx.jobs.remove_tasks([given[0], given[3]]))
    assert jobs.tasks_of_versions([(3, "ü/\U0001f600", "v"), (3, "k", "v")]) == given[1:3]
    assert jobs.places(1, -1, 10) == [7, 8]
    store.write(lambda tx: tx.jobs.drop_work(1))
    assert jobs.tasks_of_versions([(3, "k", "v")]) == jobs.places(1, -1, 10) == []
    assert jobs.places(2, -1, 10) == [7]


def test_results_are_kept_block_by_block(store: OpenStore) -> None:
    def command(tx: Transaction) -> None:
        for failed_, block, content in ((False, 7, b"a"), (False, 0, b"b"), (True, 3, b"c"), (False, 7, b"d")):
            tx.jobs.add_results(1, failed_, block, content)
        tx.jobs.add_results(2, False, 1, b"foreign")

    store.write(command)
    jobs = store.reader.jobs
    assert jobs.result_block(1, False, -1) == 0 and jobs.result_block(1, False, 0) == 7
    assert jobs.result_block(1, False, 7) is jobs.result_block(1, True, 3) is jobs.result_block(3, False, -1) is None
    assert jobs.results(1, False, 7) == [b"a", b"d"] and jobs.results(1, True, 7) == []
    store.write(lambda tx: tx.jobs.drop_work(1))
    assert jobs.result_block(1, False, -1) is None and jobs.result_block(2, False, -1) == 1


def test_a_replication_task_keeps_the_task_of_a_job_that_it_carries(store: OpenStore) -> None:
    given = task(1, job=7, place=2**40, batch=True)
    store.write(lambda tx: tx.add_tasks([given]))
    (stored,) = store.reader.pending_tasks(0, 10)
    assert (stored.job, stored.place) == (7, 2**40)


def test_many_versions_are_found_at_once(store: OpenStore) -> None:
    """Whatever their ids are like: our own, which hold their time, foreign ones, null ones; the absent are left out."""
    one, two = store.bucket("one"), store.bucket("two")
    ours = "AAAAAAAAAA0AAAAAAAAAAAAAAAAAAAAA"
    stored = store.insert(
        version(one, "a", created_us=0xD00, version_id=ours),
        version(one, "a", created_us=5, version_id="foreign", latest=False),
        version(one, "ü", created_us=7),
        version(two, "a", created_us=7),
    )
    names = [(each.bucket_id, each.key, each.version_id) for each in stored]
    absent = [(one, "b", "null"), (one, "a", ours[::-1]), (two, "a", ours), (9, "a", "null")]
    for reads in (store.read, store.write):
        assert reads(lambda reader: reader.versions([*absent, *names])) == dict(zip(names, stored, strict=True))
    assert store.reader.versions([]) == {}


def test_many_bodies_are_read_at_once(store: OpenStore) -> None:
    bucket = store.bucket()
    stored = store.insert(*(version(bucket, key, inline=True) for key in ("a", "ü")))
    rows = [each.row for each in stored]
    assert store.reader.bodies([99, *rows]) == dict(zip(rows, (b"a", "ü".encode()), strict=True))
    assert store.reader.bodies([]) == {}


def test_statuses_of_many_versions_are_set_at_once(store: OpenStore) -> None:
    """Failures among them are found as those that are set one by one."""
    bucket = store.bucket()
    stored = store.insert(*(version(bucket, key) for key in "abc"))
    done = (DestinationState("there", ReplicationStatus.COMPLETED, "rule", 5),)
    lost = (failed("there", 9),)
    changes = [(stored[0].row, ReplicationStatus.COMPLETED, done), (stored[1].row, ReplicationStatus.FAILED, lost)]
    store.write(lambda tx: tx.set_replications([*changes, (stored[2].row, None, ())]))
    found = [store.reader.version(bucket, key, "null") for key in "abc"]
    assert [(each.replication_status, each.destinations) for each in found if each is not None] == [
        (ReplicationStatus.COMPLETED, done), (ReplicationStatus.FAILED, lost), (None, ()),
    ]  # fmt: skip
    assert [failure.key for failure in store.reader.failures(bucket, 10)] == ["b"]
