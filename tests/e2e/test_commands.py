"""What commands say to people: of what is missing, by its name, and in lines that a pipe can read."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.support.commands import as_person, command, run
from tests.support.pairs import Pair
from tests.support.people import allow, deny, owner, user
from tests.support.replication import put_rule
from tests.support.server import Server


@pytest.fixture
def pair(server: Server) -> Pair:
    return Pair(server)


def test_status_names_the_permission_that_a_user_without_any_lacks(server_factory: Callable[..., Server]) -> None:
    """On a server of its own: elsewhere there are buckets that anybody may list."""
    pair = Pair(server_factory(workers=0))
    nobody = user(owner(pair.server), "nobody", [])
    done = run("status", person=nobody)
    assert (done.returncode, done.stdout) == (1, "")
    assert "s3:ListBucket" in done.stderr


def test_status_says_that_replication_is_stopped_by_the_settings(server_factory: Callable[..., Server]) -> None:
    pair = Pair(server_factory(workers=0, environment={"FARSHORE_REPLICATE": "false"}))
    put_rule(pair.s3, pair.source, pair.destination)
    pair.put("waits")
    stopped = "Replication is STOPPED by the server's settings: what waits goes on waiting.\n"
    assert stopped in run("status", person=owner(pair.server)).stdout
    pair.server.stop()
    pair.server.environment["FARSHORE_REPLICATE"] = "true"
    pair.server.start()
    assert stopped not in run("status", person=owner(pair.server)).stdout


def test_status_shows_what_a_user_may_see_and_that_there_is_more(server_factory: Callable[..., Server]) -> None:
    """On a server of its own: elsewhere there are buckets of which even the root may not see all."""
    pair = Pair(server_factory(workers=0))
    some = user(owner(pair.server), "some", [allow("s3:ListBucket", f"arn:aws:s3:::{pair.source}")])
    done = run("status", person=some)
    assert (done.returncode, pair.source in done.stdout, pair.destination in done.stdout) == (0, True, False)
    assert "s3:ListBucket" in done.stderr
    whole = run("status", person=owner(pair.server))
    line = next(line for line in whole.stdout.splitlines() if line.startswith(pair.destination))
    assert line.split()[:4] == [pair.destination, "us-west-2", "Enabled", "0"] and whole.stderr == ""


def test_role_does_not_take_a_refusal_for_another_accounts_bucket(pair: Pair) -> None:
    nobody = user(owner(pair.server), "nobody", [])
    done = run("replication", "role", pair.source, pair.destination, person=nobody)
    assert done.returncode == 1
    assert "s3:ListBucket" in done.stderr and "s3:ListAllMyBuckets" in done.stderr
    lister = user(owner(pair.server), "lister", [allow("s3:ListAllMyBuckets")])
    done = run("replication", "role", pair.source, pair.destination, "--json", person=lister)
    assert (done.returncode, '"bucket_policies": {}' in done.stdout) == (0, True)


def test_role_refuses_a_bucket_that_would_be_its_own_destination(pair: Pair) -> None:
    done = run("replication", "role", pair.source, pair.source, person=owner(pair.server))
    assert (done.returncode, done.stdout) == (2, "")
    assert "cannot be replicated to itself" in done.stderr


def test_replication_status_of_a_bucket_without_configuration_is_a_sentence(pair: Pair) -> None:
    done = run("replication", "status", pair.source, person=owner(pair.server))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        f"{pair.source} (us-east-1) has no replication configuration: nothing of it is replicated.\n"
    )


def test_replication_status_in_a_pipe_has_whole_codes_and_names(pair: Pair) -> None:
    put_rule(pair.s3, pair.source, pair.destination)
    pair.there.delete_bucket(Bucket=pair.destination)
    pair.put("a/very/long/key/that/no/table/would/have/room/for/in/eighty/columns.jpg")
    assert pair.settled("a/very/long/key/that/no/table/would/have/room/for/in/eighty/columns.jpg") == "FAILED"
    lines = run("replication", "status", pair.source, person=owner(pair.server)).stdout.splitlines()
    (cause,) = (line for line in lines if line.startswith("DstBucketNotFound"))
    assert pair.destination in cause and cause.count("eighty/columns.jpg") == 2
    assert not any(symbol in line for line in lines for symbol in "┃│━…")


def test_batch_replicate_makes_nothing_for_a_bucket_without_configuration(pair: Pair) -> None:
    root = owner(pair.server)
    done = run("batch", "replicate", pair.source, person=root)
    assert (done.returncode, done.stdout) == (1, "")
    assert "has no replication configuration" in done.stderr and "put-bucket-replication" in done.stderr
    names = [role["RoleName"] for role in root.client("iam").list_roles()["Roles"]]
    assert not any(pair.source in name for name in names)


def test_status_tells_of_replication_only_who_may_see_it(server_factory: Callable[..., Server]) -> None:
    """Destinations and failures are what `replication status` shows, to who has the permissions that it needs.

    On a server of its own: elsewhere there are buckets that anybody may list, and whose replication not all may see.
    """
    pair = Pair(server_factory(workers=0))
    put_rule(pair.s3, pair.source, pair.destination)
    pair.there.delete_bucket(Bucket=pair.destination)
    pair.put("secret-key")
    assert pair.settled("secret-key") == "FAILED"
    root = owner(pair.server)
    bucket = f"arn:aws:s3:::{pair.source}"
    seeing = [allow("s3:*", bucket)]
    for number, (statements, shown) in enumerate(
        [
            (seeing, True),
            ([*seeing, deny("s3:GetReplicationConfiguration", bucket)], False),
            ([*seeing, deny("s3:ListBucketVersions", bucket)], False),
        ]
    ):
        done = run("status", person=user(root, f"looks-{pair.source}-{number}", statements))
        assert done.returncode == 0 and pair.source in done.stdout
        assert ("secret-key" in done.stdout, pair.destination in done.stdout) == (shown, shown)
        assert ("s3:GetReplicationConfiguration" in done.stderr) is not shown


def test_status_says_that_there_are_event_destinations_which_it_does_not_show(
    server_factory: Callable[..., Server], tmp_path: Path
) -> None:
    """On a server of its own: its settings say where events go."""
    account, arn = "111122223333", "arn:aws:sqs:us-east-1:111122223333:queue"
    events = json.dumps([{"arn": arn, "file": str(tmp_path / "queue.jsonl")}])
    environment = {"FARSHORE_EVENTS": events, "FARSHORE_ROOT_ACCOUNT_ID": account}
    server = server_factory(workers=0, environment=environment)
    s3 = server.client("s3")
    s3.create_bucket(Bucket="tells")
    queue = {"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}
    s3.put_bucket_notification_configuration(Bucket="tells", NotificationConfiguration={"QueueConfigurations": [queue]})
    root = owner(server)
    listing = allow("s3:ListBucket", "arn:aws:s3:::tells")
    reading = allow("s3:GetBucketNotification", "arn:aws:s3:::tells")
    for name, statements, shown in (("lists", [listing], False), ("reads", [listing, reading], True)):
        person = user(root, name, statements)
        assert ("s3:GetBucketNotification" in run("status", person=person).stderr) is not shown
        found = json.loads(run("status", "--json", person=person).stdout)
        assert [each["destination"] for each in found["events"]] == [arn] * shown
        assert found["events_hidden"] is not shown


def test_status_heeds_the_conditions_of_policies(pair: Pair) -> None:
    from_here = {"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}
    refused = {**deny("s3:ListBucket", f"arn:aws:s3:::{pair.source}"), "Condition": from_here}
    root = owner(pair.server)
    found = json.loads(
        run("status", "--json", person=user(root, f"here-{pair.source}", [allow("s3:*"), refused])).stdout
    )
    shown = {bucket["bucket"] for region in found["regions"] for bucket in region["buckets"]}
    assert pair.destination in shown and pair.source not in shown and found["hidden"]


def test_status_that_follows_a_server_goes_on_when_it_restarts(server_factory: Callable[..., Server]) -> None:
    pair = Pair(server_factory(workers=0))
    put_rule(pair.s3, pair.source, pair.destination)
    words = command("replication", "status", pair.source, "--follow", "--json")
    environment = pair.server.environment | as_person(owner(pair.server))
    with subprocess.Popen(
        words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as following:
        assert following.stdout is not None and following.stderr is not None
        too_long = threading.Timer(180, following.kill)  # Whatever is read then comes to its end.
        too_long.start()
        before = json.loads(following.stdout.readline())["at"]
        pair.server.stop()
        said = following.stderr.readline()
        assert pair.server.endpoint in said and "trying again for 120 s" in said
        pair.server.start()
        assert following.stderr.readline() == f"farshore: {pair.server.endpoint} answers again\n"
        back = datetime.now(UTC).isoformat()
        later = before
        while later < back:
            later = json.loads(following.stdout.readline())["at"]
        following.send_signal(signal.SIGINT)
        assert following.wait() == 0
        assert following.stderr.read() == ""
        too_long.cancel()


@pytest.mark.parametrize("form", ["s3://{}", "s3://{}/"])
@pytest.mark.parametrize(
    "words",
    [("replication", "status"), ("replication", "retry"), ("replication", "verify"), ("replication", "wait", "--all")],
    ids=" ".join,
)
def test_a_bucket_may_be_named_as_the_aws_cli_names_it(pair: Pair, words: tuple[str, ...], form: str) -> None:
    put_rule(pair.s3, pair.source, pair.destination)
    done = run(*words, form.format(pair.source), person=owner(pair.server))
    assert (done.returncode, done.stderr) == (0, "")


def test_an_object_where_a_bucket_is_asked_for_is_refused_with_what_to_give(pair: Pair) -> None:
    given = f"s3://{pair.source}/k"
    for words in (("replication", "status"), ("batch", "replicate"), ("replication", "role", pair.source)):
        done = run(*words, given, person=owner(pair.server))
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == f"farshore: {given!r} is no bucket: give BUCKET, s3://BUCKET or its ARN\n"


def test_explain_says_a_status_once_with_its_code(pair: Pair) -> None:
    put_rule(pair.s3, pair.source, pair.destination)
    pair.there.delete_bucket(Bucket=pair.destination)
    pair.put("k")
    assert pair.settled("k") == "FAILED"
    lines = run("explain", f"s3://{pair.source}/k", person=owner(pair.server)).stdout.splitlines()
    assert lines[1:3] == [
        "Status FAILED (DstBucketNotFound)",
        f"{pair.destination} refused it for good: DstBucketNotFound: bucket {pair.destination} does not exist.",
    ]


def test_wait_for_all_does_not_say_everything_of_a_bucket_whose_failures_stand(pair: Pair) -> None:
    """A refusal comes fast: it may stand before the command has begun."""
    put_rule(pair.s3, pair.source, pair.destination)
    root = owner(pair.server)
    good = run("replication", "wait", pair.source, "--all", person=root)
    assert (good.returncode, good.stdout) == (0, f"{pair.source} has brought everything.\n")
    pair.there.delete_bucket(Bucket=pair.destination)
    pair.put("k")
    assert pair.settled("k") == "FAILED"
    bad = run("replication", "wait", pair.source, "--all", person=root)
    assert (bad.returncode, bad.stdout) == (
        1,
        f"{pair.source} has brought everything, but for what FAILED: 1 DstBucketNotFound.\n",
    )


@pytest.mark.parametrize("command", ["retry", "verify"])
def test_help_does_not_offer_to_leave_out_a_bucket_that_is_required(pair: Pair, command: str) -> None:
    shown = run("replication", command, "--help", person=owner(pair.server))
    assert "The source bucket." in shown.stdout and "without one" not in shown.stdout


def test_retry_of_a_cause_that_there_is_none_of_names_those_that_there_are(pair: Pair) -> None:
    put_rule(pair.s3, pair.source, pair.destination)
    pair.there.delete_bucket(Bucket=pair.destination)
    pair.put("k")
    assert pair.settled("k") == "FAILED"
    root = owner(pair.server)
    bogus = run("replication", "retry", pair.source, "--cause", "bogus", person=root)
    assert (bogus.returncode, bogus.stdout) == (2, "")
    assert "'bogus' is no failure code; there are: 1 DstBucketNotFound" in bogus.stderr
    other = run("replication", "retry", pair.source, "--cause", "DstObjectHardDeleted", person=root)
    assert other.returncode == 0
    assert other.stderr == "No failures with the cause DstObjectHardDeleted; there are: 1 DstBucketNotFound.\n"
    assert pair.settled("k") == "FAILED"


def test_no_key_commands_the_terminal_of_who_looks(pair: Pair, tmp_path: Path) -> None:
    """Keys are chosen by whoever may write; here one that would name the window."""
    key, shown = "x\x1b]0;owned\x07y", r"x\u001b]0;owned\u0007y"
    put_rule(pair.s3, pair.source, pair.destination)
    pair.there.put_bucket_versioning(Bucket=pair.destination, VersioningConfiguration={"Status": "Suspended"})
    pair.put(key)
    assert pair.settled(key) == "FAILED"
    configuration = tmp_path / "configuration.json"
    put = pair.s3.get_bucket_replication(Bucket=pair.source)["ReplicationConfiguration"]
    configuration.write_text(json.dumps(put))
    root = owner(pair.server)
    for words in (
        ("explain", f"s3://{pair.source}/{key}"),
        ("replication", "status", pair.source),
        ("replication", "verify", pair.source),
        ("replication", "preview", pair.source, "--configuration", str(configuration)),
    ):
        said = run(*words, person=root).stdout
        assert shown in said, words
        assert "\x1b" not in said and "\x07" not in said, words
