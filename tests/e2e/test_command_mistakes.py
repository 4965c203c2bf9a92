"""What commands say to whoever names the wrong thing: which one, what there is instead, and never that all is well."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from pathlib import Path

import pytest
from tests.support.commands import command, environment_of, run
from tests.support.pairs import Pair
from tests.support.people import allow, owner, stranger, user
from tests.support.replication import enable_versioning, put_rule
from tests.support.server import Server


@pytest.fixture
def pair(server: Server) -> Pair:
    return Pair(server)


def test_of_several_buckets_the_one_that_does_not_exist_is_named(pair: Pair) -> None:
    put_rule(pair.s3, pair.source, pair.destination)
    root = owner(pair.server)
    done = run("replication", "verify", pair.source, "--destination", "misspelt", person=root)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith("refused: NoSuchBucket: The specified bucket does not exist: misspelt\n")


def test_a_prefix_that_no_key_has_is_told_since_nothing_is_equal_to_nothing(pair: Pair) -> None:
    put_rule(pair.s3, pair.source, pair.destination)
    pair.put("photos/1")
    assert pair.settled("photos/1") == "COMPLETED"
    root = owner(pair.server)
    for prefix, said in (("photos/", ""), ("phtos/", f"No key of {pair.source} begins with 'phtos/'")):
        done = run("replication", "verify", pair.source, "--prefix", prefix, person=root)
        assert done.returncode == 0
        assert done.stderr.startswith(said) and bool(done.stderr) is bool(said)


def test_a_report_that_the_disk_does_not_take_is_told_in_one_line(pair: Pair) -> None:
    put_rule(pair.s3, pair.source, pair.destination)
    done = run("replication", "verify", pair.source, "--report", "/dev/full", person=owner(pair.server))
    assert (done.returncode, done.stderr) == (1, "farshore: cannot write /dev/full: No space left on device\n")


def test_a_bucket_that_nothing_is_replicated_to_is_not_found_equal(pair: Pair) -> None:
    put_rule(pair.s3, pair.source, pair.destination)
    other = f"{pair.source}-other"
    pair.s3.create_bucket(Bucket=other)
    root = owner(pair.server)
    done = run("replication", "verify", pair.source, "--destination", f"arn:aws:s3:::{other}", person=root)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"{other} is no destination of {pair.source}: no rule names it, and nothing went there" in done.stderr
    # One that an earlier rule named may be: what went there ought to be there still.
    enable_versioning(pair.s3, other)
    put_rule(pair.s3, pair.source, other)
    for destination in (pair.destination, other):
        done = run("replication", "verify", pair.source, "--destination", destination, person=root)
        assert done.returncode == 0, done.stderr


def test_who_may_not_list_a_destination_of_another_account_is_told_what_is_lacking(pair: Pair) -> None:
    theirs = f"{pair.source}-theirs"
    there = stranger(pair.server).client()
    there.create_bucket(Bucket=theirs)
    enable_versioning(there, theirs)
    put_rule(pair.s3, pair.source, theirs)
    done = run("replication", "verify", pair.source, person=owner(pair.server))
    assert (done.returncode, done.stdout) == (1, "")
    assert f"AccessDenied: s3:ListBucketVersions on arn:aws:s3:::{theirs} is not permitted to you" in done.stderr


def test_retry_says_that_nothing_has_failed_at_the_destination_that_was_named_and_where_something_has(
    pair: Pair,
) -> None:
    put_rule(pair.s3, pair.source, pair.destination)
    root = owner(pair.server)
    nothing = "Nothing that was asked for has failed.\n"
    for words in ((), ("--dry-run",), ("--key", "k")):
        done = run("replication", "retry", pair.source, *words, person=root)
        assert (done.returncode, done.stdout, done.stderr) == (0, nothing, "")
    pair.there.delete_bucket(Bucket=pair.destination)
    pair.put("k")
    assert pair.settled("k") == "FAILED"
    done = run("replication", "retry", pair.source, "--destination", "misspelt", person=root)
    assert (done.returncode, done.stdout) == (0, nothing)
    assert done.stderr == "Nothing has failed at misspelt; elsewhere there are: 1 DstBucketNotFound.\n"
    arn = f"arn:aws:s3:::{pair.destination}"
    done = run("replication", "retry", pair.source, "--dry-run", "--destination", arn, person=root)
    assert done.stdout == "1 failures would be tried again: 1 DstBucketNotFound.\n"


def test_a_profile_that_does_not_own_the_destination_is_named_and_what_is_made_by_then(
    pair: Pair, tmp_path: Path
) -> None:
    theirs = f"{pair.source}-theirs"
    stranger(pair.server).client().create_bucket(Bucket=theirs)
    root = owner(pair.server)
    profiles = tmp_path / "credentials"
    profiles.write_text(f"[wrong]\naws_access_key_id = {root.key_id}\naws_secret_access_key = {root.secret}\n")
    words = command("replication", "role", pair.source, theirs, "--create", "--destination-profile", "wrong")
    environment = environment_of(root) | {"AWS_SHARED_CREDENTIALS_FILE": str(profiles)}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    said = f"farshore: --destination-profile wrong may not change the bucket policy of {theirs}: AccessDenied: "
    assert done.stderr.startswith(said) and done.stderr.count("\n") == 1
    assert f"(the role arn:aws:iam::{root.account_id}:role/s3-replication-{pair.source} is made)" in done.stderr


def test_a_version_without_its_key_is_no_selection_of_failures(pair: Pair) -> None:
    done = run("replication", "retry", pair.source, "--version-id", "v", person=owner(pair.server))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "farshore: --version-id is of a key: give --key too\n"


def test_a_configuration_that_is_not_there_is_told_in_one_line_without_a_number(pair: Pair, tmp_path: Path) -> None:
    missing, binary = tmp_path / "none.json", tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe")
    for path, why in ((missing, "No such file or directory"), (binary, "it is no text in UTF-8")):
        words = ("replication", "preview", pair.source, "--configuration", str(path))
        done = run(*words, person=owner(pair.server))
        assert (done.returncode, done.stderr) == (2, f"farshore: cannot read {path}: {why}\n")


def test_preview_says_that_a_role_was_not_looked_at_for_who_may_not_pass_it(pair: Pair, tmp_path: Path) -> None:
    put_rule(pair.s3, pair.source, pair.destination)
    configuration = tmp_path / "rules.json"
    configuration.write_text(json.dumps(pair.s3.get_bucket_replication(Bucket=pair.source)["ReplicationConfiguration"]))
    words = ("replication", "preview", pair.source, "--configuration", str(configuration))
    root = owner(pair.server)
    for person, said in ((user(root, "looks", [allow("s3:*")]), True), (root, False)):
        done = run(*words, person=person)
        assert done.returncode == 0, done.stderr
        assert ("you need iam:PassRole" in done.stdout) is said
        assert ("allowed: s3:ReplicateObject" in done.stdout) is not said


def test_wait_says_why_there_is_nothing_to_wait_for(pair: Pair) -> None:
    root = owner(pair.server)
    version_id = pair.put("before")
    done = run("replication", "wait", f"s3://{pair.source}/before", person=root)
    said = f"s3://{pair.source}/before (version {version_id}): no status: no rule took it; farshore explain says why\n"
    assert (done.returncode, done.stdout) == (1, said)
    put_rule(pair.s3, pair.source, pair.destination)
    version_id = pair.put("k")
    assert pair.settled("k") == "COMPLETED"
    done = run("replication", "wait", f"s3://{pair.destination}/k", person=root)
    assert done.returncode == 1
    assert done.stdout.endswith(": REPLICA: it is itself a replica, and these are not replicated onwards\n")


def test_status_that_is_followed_into_a_pipe_shows_every_look_as_it_comes(pair: Pair) -> None:
    put_rule(pair.s3, pair.source, pair.destination)
    words = command("replication", "status", pair.source, "--follow")
    environment = environment_of(owner(pair.server))
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, text=True) as following:
        assert following.stdout is not None
        too_long = threading.Timer(180, following.kill)  # What is read then comes to its end.
        too_long.start()
        looks = (line for line in following.stdout if line.startswith(f"{pair.source} (us-east-1) at "))
        assert next(looks) < next(looks), "two looks, at two times, while it goes on"
        following.send_signal(signal.SIGINT)
        assert following.wait() == 0
        too_long.cancel()
