"""Unmodified clients: the AWS CLI, s3cmd, rclone and restic, on a real tree of files, into a replicated bucket."""

from __future__ import annotations

import filecmp
import hashlib
import os
import random
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tests.support.replication import make_pair, put_rule, wait_for
from tests.support.shell import Shell, tool

LONG_AGO_S = 1_700_000_000
"""When files were changed last: `aws s3 sync` takes one of the very second of its upload for newer."""


@pytest.fixture
def shell(server: Any, tmp_path: Path) -> Shell:
    return Shell(server, tmp_path)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with names and sizes that hurt."""
    root = tmp_path / "tree"
    chance = random.Random(7)
    sizes = [0, 1, 8191, 65_536, 65_537, 1_000_000, 9_000_000]
    names = [
        "plain.txt",
        "with space",
        "ümlaut/ß.txt",
        "a+b%20c",
        "deep/er/and/deeper/x",
        'quote\'s "q"',
        "~tilde",
        "#hash",
    ]
    for number, name in enumerate([*names, *(f"many/{number:03}" for number in range(60))]):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(chance.randbytes(sizes[number] if number < len(sizes) else chance.randrange(3000)))
        os.utime(path, (LONG_AGO_S, LONG_AGO_S))
    return root


@pytest.fixture
def pair(server: Any, request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """A replicated pair of buckets."""
    unique = hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:12]
    source, destination = f"clients-{unique}-a", f"clients-{unique}-b"
    s3, west = server.client("s3"), server.client("s3", "us-west-2")
    make_pair(s3, west, source, destination)
    put_rule(s3, source, destination)
    yield source, destination


def same(one: Path, other: Path) -> bool:
    """Whether two trees have the same files with the same bytes."""
    files = sorted(path.relative_to(one) for path in one.rglob("*") if path.is_file())
    others = sorted(path.relative_to(other) for path in other.rglob("*") if path.is_file())
    return files == others and all(filecmp.cmp(one / path, other / path, shallow=False) for path in files)


def keys(client: Any, bucket: str) -> set[str]:
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return {entry["Key"] for page in pages for entry in page.get("Contents", [])}


def arrived(server: Any, pair: tuple[str, str]) -> None:
    """What stands at the source stands at the destination. (Keys that a client deleted since stay there.)"""
    s3, west = server.client("s3"), server.client("s3", "us-west-2")
    wait_for(lambda: keys(s3, pair[0]) <= keys(west, pair[1]), 60, "every key at the destination")


def test_aws_cli_syncs_a_tree_and_it_arrives_whole(
    shell: Shell, tree: Path, server: Any, pair: tuple[str, str]
) -> None:
    source, destination = pair
    shell.aws("s3", "sync", str(tree), f"s3://{source}/t")
    arrived(server, pair)
    shell.aws("s3", "sync", f"s3://{destination}/t", str(tree.with_name("back")), AWS_REGION="us-west-2")
    assert same(tree, tree.with_name("back"))
    assert shell.aws("s3", "sync", str(tree), f"s3://{source}/t", "--dryrun") == ""


def test_aws_cli_walks_through_the_buckets_and_objects_api(shell: Shell, tree: Path) -> None:
    shell.aws("s3", "mb", "s3://cli-walk")
    shell.aws("s3", "cp", str(tree / "plain.txt"), "s3://cli-walk/plain.txt")
    assert "plain.txt" in shell.aws("s3", "ls", "s3://cli-walk")
    url = shell.aws("s3", "presign", "s3://cli-walk/plain.txt").strip()
    assert shell.run("curl", "-sf", url) == ""
    shell.aws("s3", "mv", "s3://cli-walk/plain.txt", "s3://cli-walk/moved.txt")
    shell.aws("s3", "rm", "s3://cli-walk", "--recursive")
    shell.aws("s3", "rb", "s3://cli-walk")


def test_the_cli_follows_a_bucket_to_its_region(shell: Shell, tree: Path, pair: tuple[str, str]) -> None:
    """Signed for us-east-1, the bucket is in us-west-2: the answer names the region, and the SDK signs again."""
    shell.aws("s3", "cp", str(tree / "ümlaut/ß.txt"), f"s3://{pair[1]}/elsewhere")
    assert "elsewhere" in shell.aws("s3", "ls", f"s3://{pair[1]}")


def test_rclone_copies_a_tree_there_and_checks_it(shell: Shell, tree: Path, server: Any, pair: tuple[str, str]) -> None:
    source, _ = pair
    shell.rclone("copy", str(tree), f":s3:{source}/t", "--s3-upload-cutoff=6M", "--s3-chunk-size=5M")
    shell.rclone("check", str(tree), f":s3:{source}/t", "--download")
    arrived(server, pair)


def test_s3cmd_puts_lists_gets_and_deletes(shell: Shell, tree: Path, pair: tuple[str, str]) -> None:
    source, _ = pair
    shell.s3cmd("put", "--recursive", f"{tree}/", f"s3://{source}/t/")
    assert "with space" in shell.s3cmd("ls", "--recursive", f"s3://{source}/t/")
    back = tree.with_name("back")
    back.mkdir()
    shell.s3cmd("get", "--recursive", f"s3://{source}/t/", f"{back}/")
    assert same(tree, back)
    shell.s3cmd("info", f"s3://{source}/t/plain.txt")
    shell.s3cmd("del", f"s3://{source}/t/plain.txt")
    assert "plain.txt" not in shell.s3cmd("ls", f"s3://{source}/t/")


def test_restic_backs_up_and_restores_also_from_the_replica(
    shell: Shell, tree: Path, server: Any, pair: tuple[str, str]
) -> None:
    source, destination = pair
    restic, password = tool("restic"), {"RESTIC_PASSWORD": "only for this test"}

    def run(bucket: str, *arguments: str, **environment: str) -> str:
        repository = f"s3:{shell.endpoint}/{bucket}/repository"
        return shell.run(restic, "--no-cache", "--repo", repository, *arguments, **password, **environment)

    run(source, "init")
    run(source, "backup", str(tree))
    run(source, "check", "--read-data")
    arrived(server, pair)
    back = tree.with_name("back")
    run(destination, "restore", "latest", "--no-lock", "--target", str(back), AWS_DEFAULT_REGION="us-west-2")
    assert same(tree, back / tree.relative_to("/"))


def test_a_url_that_an_sdk_presigned_with_the_checksum_of_an_empty_body(server: Any, pair: tuple[str, str]) -> None:
    """The JavaScript SDK does so of every PUT, since it has no body then. S3 leaves these parameters unread."""
    source, _ = pair
    parameters = "x-amz-checksum-crc32=AAAAAA%3D%3D&x-amz-sdk-checksum-algorithm=CRC32&x-id=PutObject"
    request: Any = AWSRequest("PUT", f"{server.endpoint}/{source}/presigned?{parameters}")
    credentials = Credentials(server.access_key_id, server.secret_access_key)
    S3SigV4QueryAuth(credentials, "s3", "us-east-1", expires=60).add_auth(request)
    with urllib.request.urlopen(urllib.request.Request(request.url, b"a body", method="PUT")) as answer:
        assert answer.status == 200
    assert server.client().get_object(Bucket=source, Key="presigned")["Body"].read() == b"a body"
