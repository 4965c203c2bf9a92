"""`farshore serve`, `status` and `demo` as programs: what they print, how they end, what survives."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import stat
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.replication import make_pair, put_rule, wait_for
from tests.support.server import Server, running

COMMAND_S_MAX = 120
Factory = Callable[..., Server]


def farshore(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, with nothing of the caller's AWS_* and FARSHORE_*."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "FARSHORE_"))}
    return subprocess.run(
        [sys.executable, "-m", "farshore", *arguments],
        env=bare | {"TERM": "dumb"} | environment,
        capture_output=True,
        text=True,
        timeout=COMMAND_S_MAX,
        check=False,
    )


def ready(server: Server) -> int:
    """The status of /-/health/ready."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        connection.request("GET", "/-/health/ready")
        return connection.getresponse().status
    finally:
        connection.close()


def test_the_first_start_makes_a_private_key_and_says_lines_that_work(server_factory: Factory, tmp_path: Path) -> None:
    server = server_factory()
    assert ready(server) == 200
    assert stat.S_IMODE((server.data / "credentials").stat().st_mode) == 0o600

    def lines_to_try() -> list[str]:
        """They follow the endpoint, for which one waits."""
        found = [line for line in server.log.read_text().splitlines() if line.startswith("  ")]
        return found if len(found) >= 3 else []

    lines = wait_for(lines_to_try, 60, "lines to try")
    assert len(lines) == 3
    assert str(server.data / "credentials") in server.log.read_text()
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    tried = subprocess.run(
        ["bash", "-euc", "\n".join(lines)],
        env={"PATH": path, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=COMMAND_S_MAX,
        check=False,
    )
    assert tried.returncode == 0, tried.stderr
    assert "hello.txt" in tried.stdout


@pytest.mark.parametrize(
    "path",
    ["/", "/bucket/key", "/-/health/ready", "/-/metrics", "/-/console/", "/-/console/none", "/-/explain", "/-/none"],
)
def test_no_answer_tells_what_the_server_is_built_of(server: Server, path: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=COMMAND_S_MAX)
    connection.request("GET", path)
    assert connection.getresponse().headers.get_all("Server") == ["Farshore"]
    connection.close()


def test_a_restart_keeps_the_key_and_the_objects(server_factory: Factory) -> None:
    server = server_factory()
    key = server.access_key_id
    s3 = server.client()
    s3.create_bucket(Bucket="kept")
    s3.put_object(Bucket="kept", Key="k", Body=b"v")
    assert server.stop() == 0
    assert not (server.data / "run" / "endpoint").exists()
    server.start()
    assert server.access_key_id == key
    assert server.client().get_object(Bucket="kept", Key="k")["Body"].read() == b"v"


def test_a_bucket_of_a_region_that_is_not_served_any_more_is_told_to_be_elsewhere(server_factory: Factory) -> None:
    server = server_factory()
    west = server.client(region="us-west-2")
    west.create_bucket(Bucket="west", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    server.stop()
    server.environment["FARSHORE_REGIONS"] = "us-east-1"
    server.start()
    for region in ("us-east-1", "us-west-2", "eu-west-1"):
        with pytest.raises(ClientError) as refused:
            server.client(region=region).list_objects_v2(Bucket="west")
        answer = refused.value.response
        assert (answer["Error"]["Code"], answer["Error"]["Endpoint"]) == ("PermanentRedirect", "us-west-2")
        assert answer["ResponseMetadata"]["HTTPHeaders"]["x-amz-bucket-region"] == "us-west-2"
    ended = farshore("replication", "status", "west", "--data", str(server.data))
    assert ended.returncode == 1
    assert ended.stderr.endswith(" west is in us-west-2, which this server does not serve.\n")


def test_the_root_key_of_the_environment_works_and_its_secret_is_never_printed(server_factory: Factory) -> None:
    root = {
        "FARSHORE_ROOT_ACCOUNT_ID": "111122223333",
        "FARSHORE_ROOT_ACCESS_KEY_ID": "AKIACHOSEN",
        "FARSHORE_ROOT_SECRET_ACCESS_KEY": "chosen-secret-0123",
    }
    server = server_factory(environment=root)
    assert (server.access_key_id, server.secret_access_key) == ("AKIACHOSEN", "chosen-secret-0123")
    server.client().create_bucket(Bucket="chosen")
    assert "chosen-secret-0123" not in server.log.read_text()


def test_regions_are_those_of_the_flags(server_factory: Factory) -> None:
    server = server_factory(arguments=["--region", "eu-central-1", "--region", "us-east-1"])
    frankfurt = server.client(region="eu-central-1")
    frankfurt.create_bucket(Bucket="far", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    assert frankfurt.get_bucket_location(Bucket="far")["LocationConstraint"] == "eu-central-1"


def test_a_port_in_use_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ended = farshore("serve", "--data", str(tmp_path / "data"), "--port", str(port))
    assert ended.returncode == 1
    instead = "--port takes another; 0 a free one"
    assert ended.stderr == f"farshore: cannot listen on 127.0.0.1 port {port}: Address already in use ({instead})\n"
    assert ended.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--port", "70000"], "--port: 70000 is not allowed"),
        (["--workers", "-1"], "--workers: -1 is not allowed"),
        (["--region", "Mars"], "--region: 'Mars' is not allowed"),
        (["--config", "/none.toml"], "cannot read /none.toml"),
        (["some-folder"], "--demo"),
        (["--demo", "/no-such-folder"], "/no-such-folder is not a folder"),
        (["--nonsense"], "--nonsense"),
    ],
)
def test_flags_that_make_no_sense_are_used_wrongly(tmp_path: Path, arguments: list[str], message: str) -> None:
    ended = farshore("serve", "--data", str(tmp_path / "data"), *arguments)
    assert ended.returncode == 2
    assert message in ended.stderr
    assert not (tmp_path / "data").exists()


def test_an_api_process_that_dies_is_replaced_and_what_was_written_is_there(server_factory: Factory) -> None:
    server = server_factory(workers=2)
    before = server.children()
    assert len(before) == 3
    server.client().create_bucket(Bucket="survives")
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: len(set(server.children()) - set(before)) == 3, 60, "three new processes")
    s3 = server.client(retries=8)
    s3.put_object(Bucket="survives", Key="k", Body=b"v")
    assert s3.get_object(Bucket="survives", Key="k")["Body"].read() == b"v"
    assert server.stop() == 0


def test_what_one_process_changes_holds_for_the_next_request_to_another(server_factory: Factory) -> None:
    """Connections are spread over the processes: each of these is a new one."""
    server = server_factory(workers=2)
    for number in range(10):
        server.client().create_bucket(Bucket=f"seen-{number}")
        for _ in range(4):
            fresh = server.client(retries=0)
            fresh.put_object(Bucket=f"seen-{number}", Key="k", Body=b"v")
            assert fresh.list_objects_v2(Bucket=f"seen-{number}")["KeyCount"] == 1


def test_all_processes_end_with_their_parent_and_the_folder_is_free_at_once(server_factory: Factory) -> None:
    server = server_factory(workers=2)
    children = server.children()
    assert server.process is not None
    server.process.kill()
    server.wait()
    server.start()
    assert not any(running(pid) for pid in children)
    assert ready(server) == 200


@pytest.mark.parametrize("workers", [0, 2])
def test_told_to_end_it_finishes_the_upload_under_way(server_factory: Factory, workers: int) -> None:
    server = server_factory(workers=workers)
    s3 = server.client()
    s3.create_bucket(Bucket="drained")
    url = s3.generate_presigned_url("put_object", {"Bucket": "drained", "Key": "half"})
    body = os.urandom(400_000)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.putrequest("PUT", url.removeprefix(server.endpoint))
    connection.putheader("Content-Length", str(len(body)))
    connection.putheader("Expect", "100-continue")
    connection.endheaders()
    assert connection.sock.recv(100).startswith(b"HTTP/1.1 100")  # The request is under way.
    connection.send(body[:200_000])
    assert server.process is not None
    server.process.send_signal(signal.SIGTERM)
    wait_for(lambda: not accepts(server.port), 60, "no new connections")
    connection.send(body[200_000:])
    assert connection.getresponse().status == 200
    connection.close()
    assert server.wait() == 0
    server.start()
    assert server.client().get_object(Bucket="drained", Key="half")["Body"].read() == body


def accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


def test_status_shows_the_callers_buckets_and_why_replication_failed(server_factory: Factory) -> None:
    server = server_factory()
    s3, west = server.client(), server.client(region="us-west-2")
    make_pair(s3, west, "status-a", "status-b")
    put_rule(s3, "status-a", "status-b", ID="the-rule")
    west.delete_bucket(Bucket="status-b")
    version_id = s3.put_object(Bucket="status-a", Key="k", Body=b"12345")["VersionId"]
    shown = wait_for(lambda: (found := status(server))["failures"] and found, 60, "the failure")
    assert [region["region"] for region in shown["regions"]] == ["us-east-1", "us-west-2", "eu-west-1"]
    assert shown["regions"][0]["buckets"] == [
        {
            "bucket": "status-a",
            "versioning": "Enabled",
            "objects": 1,
            "bytes": 5,
            "replication_hidden": False,
            "waiting": [],
        }
    ]
    (failure,) = shown["failures"]
    assert failure["key"] == "k"
    assert failure["version_id"] == version_id
    assert (failure["bucket"], failure["destination"], failure["rule"]) == ("status-a", "status-b", "the-rule")
    assert failure["code"] == "DstBucketNotFound"
    for_people = farshore("status", "--data", str(server.data))
    assert for_people.returncode == 0
    assert "status-a" in for_people.stdout
    assert "DstBucketNotFound" in for_people.stdout


def status(server: Server) -> dict[str, Any]:
    ended = farshore("status", "--json", "--data", str(server.data))
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_status_is_refused_without_rights(server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("GET", "/-/status")
    assert connection.getresponse().status == 403
    connection.close()
    wrong = {"AWS_ACCESS_KEY_ID": server.access_key_id, "AWS_SECRET_ACCESS_KEY": "wrong"}
    ended = farshore("status", "--endpoint-url", server.endpoint, **wrong)
    assert ended.returncode == 1
    assert "SignatureDoesNotMatch" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_command_without_an_answering_server_does_not_hold(tmp_path: Path) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "s"}
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # The port is taken, and nobody listens.
        endpoint = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        ended = farshore("status", "--endpoint-url", endpoint, **keys)
    assert ended.returncode == 1
    assert f"no answer from {endpoint}" in ended.stderr


def test_the_demo_holds_again_and_again(server: Server) -> None:
    for _ in range(2):
        ended = farshore("demo", "--json", "--data", str(server.data))
        assert ended.returncode == 0, ended.stderr
        result = json.loads(ended.stdout)
        assert result["held"]
        assert len(result["checks"]) == 5
        statuses = {each["replication_status"] for each in result["objects"]}
        assert statuses == {"", "COMPLETED"}


def test_serve_demo_walks_with_the_given_files_and_goes_on_serving(server_factory: Factory, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    for number in range(4):
        (folder / f"file {number}.bin").write_bytes(os.urandom(number * 40_000))
    server = server_factory(arguments=["--demo", str(folder)])
    assert server.process is not None
    assert server.process.stdout is not None
    seen = ""
    while "held. Look around" not in seen:
        line = server.process.stdout.readline().decode()
        assert line, seen + server.log.read_text()
        seen += line
    assert "file 3.bin" in seen
    assert "NOT HELD" not in seen  # A version id may hold the letters NOT.
    assert ready(server) == 200
    assert server.stop() == 0


def test_clients_that_leave_are_no_errors(server_factory: Factory) -> None:
    """In the middle of a download or an upload, by a reset: monitoring would take a line of the log for trouble."""
    server = server_factory(workers=0)
    s3 = server.client()
    s3.create_bucket(Bucket="left")
    s3.put_object(Bucket="left", Key="k", Body=bytes(32 * 1024 * 1024))
    for method, more in (("get_object", b""), ("put_object", b"x" * 100_000)):
        url = s3.generate_presigned_url(method, {"Bucket": "left", "Key": "k"})
        target = url[url.index("/", 8) :]
        connection = socket.create_connection(("127.0.0.1", server.port), timeout=30)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        verb, length = method.partition("_")[0].upper(), 30_000_000 if more else 0
        head = f"{verb} {target} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Length: {length}\r\n\r\n"
        connection.sendall(head.encode() + more)
        if not more:
            assert connection.recv(4096).startswith(b"HTTP/1.1 200")
        connection.close()
    wait_for(lambda: s3.list_objects_v2(Bucket="left")["KeyCount"] == 1, 60, "the server goes on")
    assert server.stop() == 0
    lines = [json.loads(line) for line in server.log.read_text().splitlines() if line.startswith("{")]
    assert [line for line in lines if line["level"] in ("error", "critical", "warning")] == []


def test_mfa_delete_is_refused_and_not_ignored(server_factory: Factory) -> None:
    s3 = server_factory(workers=0).client()
    s3.create_bucket(Bucket="mfa")
    asked = {"Status": "Enabled", "MFADelete": "Enabled"}
    with pytest.raises(ClientError, match="NotImplemented"):
        s3.put_bucket_versioning(Bucket="mfa", VersioningConfiguration=asked, MFA="arn:aws:iam::1:mfa/x 123456")
    assert "Status" not in s3.get_bucket_versioning(Bucket="mfa")
