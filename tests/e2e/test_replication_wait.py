"""Waiting until replication has brought an object everywhere, or all of a bucket, or says what it has not."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.support.own_api import Refused, call
from tests.support.pairs import Pair
from tests.support.raw_requests import begin_raw
from tests.support.replication import enable_versioning, put_rule, put_rules, rule, wait_for
from tests.support.server import Server

WAIT = "/-/replication/wait"
SUSPENDED = {"Status": "Suspended"}
_numbers = itertools.count()


@pytest.fixture(params=[0, 2], ids=["one-process", "two-workers"])
def pair(request: pytest.FixtureRequest, server_factory: Callable[..., Server]) -> Pair:
    """Also where those who wait and those who replicate are not the same process."""
    return Pair(server_factory(workers=request.param))


@pytest.fixture
def waiting(pair: Pair) -> Iterator[Any]:
    """A client whose writes wait."""
    client = pair.server.client("s3")

    def ask(request: Any, **_: Any) -> None:
        request.headers["x-farshore-replication-wait"] = "60"

    for operation in ("PutObject", "CopyObject", "CompleteMultipartUpload", "DeleteObject", "PutObjectTagging"):
        client.meta.events.register(f"before-sign.s3.{operation}", ask)
    yield client


def headers(answer: dict[str, Any]) -> dict[str, str]:
    found = answer["ResponseMetadata"]["HTTPHeaders"]
    return {name: value for name, value in found.items() if name.startswith("x-farshore-")}


def status_of(answer: dict[str, Any]) -> str:
    return headers(answer)["x-farshore-replication"]


def test_a_write_that_waits_is_answered_when_every_destination_has_it(pair: Pair, waiting: Any) -> None:
    """PutObject, CopyObject, multipart, a delete marker, tags: what is answered is there."""
    put_rule(pair.s3, pair.source, pair.destination, ID="r", delete_markers=True)
    put = waiting.put_object(Bucket=pair.source, Key="k", Body=b"x")
    told = headers(put)
    assert told["x-farshore-replication"] == "COMPLETED"
    assert told["x-farshore-replication-1"].startswith(f"destination={pair.destination}; status=COMPLETED; rule=r; at=")
    pair.there.head_object(Bucket=pair.destination, Key="k", VersionId=put["VersionId"])
    copy = waiting.copy_object(Bucket=pair.source, Key="copy", CopySource=f"{pair.source}/k")
    assert status_of(copy) == "COMPLETED"
    pair.there.head_object(Bucket=pair.destination, Key="copy", VersionId=copy["VersionId"])
    upload = waiting.create_multipart_upload(Bucket=pair.source, Key="parts")["UploadId"]
    names = {"Bucket": pair.source, "Key": "parts", "UploadId": upload}
    part = waiting.upload_part(**names, PartNumber=1, Body=b"x" * 100_000)
    done = waiting.complete_multipart_upload(
        **names, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    )
    assert status_of(done) == "COMPLETED"
    pair.there.head_object(Bucket=pair.destination, Key="parts", VersionId=done["VersionId"])
    tagged = waiting.put_object_tagging(Bucket=pair.source, Key="k", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    assert status_of(tagged) == "COMPLETED"
    assert pair.there.get_object_tagging(Bucket=pair.destination, Key="k")["TagSet"] == [{"Key": "a", "Value": "b"}]
    marker = waiting.delete_object(Bucket=pair.source, Key="k")
    assert status_of(marker) == "COMPLETED"
    markers = pair.there.list_object_versions(Bucket=pair.destination, Prefix="k")["DeleteMarkers"]
    assert [each["VersionId"] for each in markers] == [marker["VersionId"]]


def test_a_write_that_waits_says_which_destination_has_refused_it(pair: Pair, waiting: Any) -> None:
    other = Pair(pair.server)
    put_rules(pair.s3, pair.source, rule(pair.destination, priority=1), rule(other.destination, priority=2))
    other.there.put_bucket_versioning(Bucket=other.destination, VersioningConfiguration=SUSPENDED)
    told = headers(waiting.put_object(Bucket=pair.source, Key="k", Body=b"x"))
    assert told["x-farshore-replication"] == "FAILED"
    by_destination = {value.split("; ")[0].split("=")[1]: value for name, value in told.items() if name[-1].isdigit()}
    assert "status=COMPLETED" in by_destination[pair.destination]
    assert "status=FAILED" in by_destination[other.destination]
    assert "reason=DstBucketUnversioned" in by_destination[other.destination]


def test_a_write_that_nothing_replicates_is_answered_at_once(pair: Pair, waiting: Any) -> None:
    began = time.monotonic()
    assert headers(waiting.put_object(Bucket=pair.source, Key="k", Body=b"x")) == {"x-farshore-replication": "NONE"}
    assert time.monotonic() - began < 30


def test_a_write_that_waits_is_answered_when_its_time_is_over_and_stands(server_factory: Callable[..., Server]) -> None:
    pair = Pair(server_factory(environment={"FARSHORE_REPLICATE": "false"}))
    put_rule(pair.s3, pair.source, pair.destination)

    def ask(request: Any, **_: Any) -> None:
        request.headers["x-farshore-replication-wait"] = "0.5"

    client = pair.server.client("s3")
    client.meta.events.register("before-sign.s3.PutObject", ask)
    began = time.monotonic()
    assert status_of(client.put_object(Bucket=pair.source, Key="k", Body=b"x")) == "PENDING"
    assert 0.5 <= time.monotonic() - began < 30
    assert client.get_object(Bucket=pair.source, Key="k")["Body"].read() == b"x"


@pytest.mark.parametrize("seconds", ["61", "-1", "soon", "nan", "", "٣"])
def test_a_wait_that_is_no_time_is_refused_before_anything_is_written(server: Server, seconds: str) -> None:
    pair = Pair(server)
    client = server.client("s3")

    def ask(request: Any, **_: Any) -> None:
        request.headers["x-farshore-replication-wait"] = seconds.encode().decode("latin-1")

    client.meta.events.register("before-sign.s3.PutObject", ask)
    with pytest.raises(client.exceptions.ClientError) as refused:
        client.put_object(Bucket=pair.source, Key="k", Body=b"x")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 403)
    assert pair.s3.list_objects_v2(Bucket=pair.source)["KeyCount"] == 0


def test_waiting_for_a_version_ends_when_it_has_arrived(pair: Pair) -> None:
    put_rule(pair.s3, pair.source, pair.destination, ID="r")
    version_id = pair.put("k")
    found = call(pair.server, "GET", WAIT, bucket=pair.source, key="k", timeout="60")
    assert (found["version_id"], found["settled"], found["arrived"], found["status"]) == (
        version_id,
        True,
        True,
        "COMPLETED",
    )
    (there,) = found["destinations"]
    assert (there["destination"], there["status"], there["rule"]) == (pair.destination, "COMPLETED", "r")


def test_waiting_for_a_bucket_ends_when_all_that_waited_is_settled_whatever_comes_later(pair: Pair) -> None:
    put_rule(pair.s3, pair.source, pair.destination)
    versions = [pair.put(f"k{number}") for number in range(30)]
    stop = threading.Event()

    def go_on() -> None:
        client = pair.server.client("s3")
        for number in itertools.count():
            if stop.is_set():
                return
            client.put_object(Bucket=pair.source, Key=f"later/{number}", Body=b"x")

    writer = threading.Thread(target=go_on)
    writer.start()
    try:
        found = call(pair.server, "GET", WAIT, bucket=pair.source, timeout="60")
    finally:
        stop.set()
        writer.join()
    assert (found["settled"], found["arrived"], found["failed"]) == (True, True, {})
    for number, version_id in enumerate(versions):
        pair.there.head_object(Bucket=pair.destination, Key=f"k{number}", VersionId=version_id)


def test_waiting_for_a_bucket_tells_what_stands_failed_whenever_it_failed(pair: Pair) -> None:
    put_rule(pair.s3, pair.source, pair.destination)
    pair.there.put_bucket_versioning(Bucket=pair.destination, VersioningConfiguration=SUSPENDED)
    pair.put("before")
    assert pair.settled("before") == "FAILED"
    first = call(pair.server, "GET", WAIT, bucket=pair.source, timeout="60")
    assert (first["settled"], first["arrived"], first["failed"]) == (True, False, {"DstBucketUnversioned": 1})
    pair.put("after")
    assert pair.settled("after") == "FAILED"
    again = call(pair.server, "GET", WAIT, bucket=pair.source, timeout="60", mark=first["mark"])
    assert (again["settled"], again["arrived"], again["failed"]) == (True, False, {"DstBucketUnversioned": 2})
    enable_versioning(pair.there, pair.destination)
    call(pair.server, "POST", "/-/replication/retry", bucket=pair.source)
    mended = call(pair.server, "GET", WAIT, bucket=pair.source, timeout="60")
    assert (mended["settled"], mended["arrived"], mended["failed"]) == (True, True, {})


def test_a_server_that_is_told_to_stop_answers_those_who_wait(server_factory: Callable[..., Server]) -> None:
    pair = Pair(server_factory(environment={"FARSHORE_REPLICATE": "false"}))
    put_rule(pair.s3, pair.source, pair.destination)
    pair.put("k")
    waiter = begin_raw(pair.server, "GET", f"{WAIT}?bucket={pair.source}&key=k&timeout=60")
    # A request that is sent later, on a connection that is made later, is answered: by then the other one waits.
    call(pair.server, "GET", WAIT, bucket=pair.source, key="k", timeout="1")
    began = time.monotonic()
    assert pair.server.stop() == 0
    answer = waiter.getresponse()
    assert (answer.status, json.loads(answer.read())["settled"]) == (200, False)
    waiter.close()
    assert time.monotonic() - began < 45


def test_who_may_not_read_the_object_learns_nothing_by_waiting(server: Server) -> None:
    pair = Pair(server)
    pair.put("k")
    stranger = server.cli("account", "create", f"waiter-{os.getpid()}-{next(_numbers)}")
    signer = (stranger["access_key_id"], stranger["secret_access_key"])
    for query in ({"key": "k"}, {"key": "absent"}, {}):
        with pytest.raises(Refused) as refused:
            call(server, "GET", WAIT, signer=signer, bucket=pair.source, timeout="0", **query)
        assert refused.value.status == 403


def test_the_command_tells_by_its_exit_code(server: Server, server_factory: Callable[..., Server]) -> None:
    pair = Pair(server)

    def run(*words: str, data: Any = None) -> int:
        command = [sys.executable, "-m", "farshore", "replication", "wait", *words]
        ran = subprocess.run(
            [*command, "--data", str(data or server.data)], capture_output=True, timeout=120, check=False
        )
        return ran.returncode

    pair.put("nowhere")
    put_rule(pair.s3, pair.source, pair.destination)
    pair.put("good")
    assert run(f"s3://{pair.source}/good") == 0
    assert run(pair.source, "--all") == 0
    assert run(f"s3://{pair.source}/nowhere") == 1
    pair.there.put_bucket_versioning(Bucket=pair.destination, VersioningConfiguration=SUSPENDED)
    pair.put("bad")
    assert run(f"s3://{pair.source}/bad") == 1
    assert run(pair.source, "--all") == 1, "it failed before the command began, and is not there"
    assert run(pair.source) == 2
    enable_versioning(pair.there, pair.destination)
    stopped = Pair(server_factory(environment={"FARSHORE_REPLICATE": "false"}))
    put_rule(stopped.s3, stopped.source, stopped.destination)
    stopped.put("k")
    assert run(f"s3://{stopped.source}/k", "--timeout", "0.2", data=stopped.server.data) == 3
    assert run(stopped.source, "--all", "--timeout", "0.2", data=stopped.server.data) == 3


@pytest.mark.parametrize("words", [("s3://{}/k",), ("{}", "--all")], ids=["an object", "a bucket"])
def test_the_command_goes_on_waiting_when_the_server_restarts(
    server_factory: Callable[..., Server], words: tuple[str, ...]
) -> None:
    """It has asked once, and been told that it has to wait, when the server goes away."""
    settings = {"FARSHORE_REPLICATE": "false", "FARSHORE_METRICS_ON_LOOPBACK": "true"}
    pair = Pair(server_factory(workers=0, environment=settings))
    put_rule(pair.s3, pair.source, pair.destination)
    pair.put("k")
    named = [word.format(pair.source) for word in words]
    command = [sys.executable, "-m", "farshore", "replication", "wait", *named, "--data", str(pair.server.data)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as waiting:
        assert waiting.stderr is not None
        too_long = threading.Timer(180, waiting.kill)  # Whatever is read then comes to its end.
        too_long.start()
        wait_for(lambda: waits_answered(pair.server), 60, "the first answer")
        pair.server.stop()
        assert "trying again for 120 s" in waiting.stderr.readline()
        pair.server.environment["FARSHORE_REPLICATE"] = "true"
        pair.server.start()
        assert waiting.wait() == 0
        too_long.cancel()


def waits_answered(server: Server) -> float:
    """How many questions whether something has arrived the server has answered."""
    with urllib.request.urlopen(f"{server.endpoint}/-/metrics", timeout=60) as answer:
        lines = answer.read().decode().splitlines()
    name = f'farshore_request_duration_seconds_count{{service="farshore",operation="{WAIT}",status="200"'
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))
