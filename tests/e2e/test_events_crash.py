"""Events come through kills: of all that was stored, at least once, and of each key in the order of its changes."""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from tests.support.receiver import receiver
from tests.support.replication import enable_versioning, wait_for
from tests.support.server import Server

ACCOUNT = "111122223333"
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:queue"
BUCKET = "told"
KEYS = 5
"""Of each writer: few, so that the order of each has something to say."""

SETTLED_S = 120.0


class Writer(threading.Thread):
    """Puts and deletes keys of its own until it is told to end. A process that dies under it is nothing to it."""

    def __init__(self, server: Server, name: int, seed: int) -> None:
        super().__init__(daemon=True)
        self._server, self._name, self._random = server, name, random.Random(seed)
        self.ends = threading.Event()
        self.answered: list[str] = []
        """Version ids."""

    def run(self) -> None:
        client: Any = None
        while not self.ends.is_set():
            key = f"{self._name}-{self._random.randrange(KEYS)}"
            try:
                client = client or self._server.client("s3", retries=0)
                if self._random.random() < 0.8:
                    answer = client.put_object(Bucket=BUCKET, Key=key, Body=b"x")
                else:
                    answer = client.delete_object(Bucket=BUCKET, Key=key)
                self.answered.append(answer["VersionId"])
            except (BotoCoreError, ClientError):
                client = None
                self.ends.wait(0.02)  # The server is gone for a moment.


def until_more_is_answered(writers: Sequence[Writer]) -> None:
    """However slow the machine is, no kill falls into nothing."""
    before = [len(writer.answered) for writer in writers]
    wait_for(
        lambda: all(len(writer.answered) > count for writer, count in zip(writers, before, strict=True)),
        SETTLED_S,
        "more answers to each writer",
    )


def kill_something(server: Server, chance: random.Random) -> None:
    """All of the server, or one of its processes, which its supervisor makes anew."""
    children = server.children()
    if chance.random() < 0.5 or not children:
        server.kill()
        server.start()
        return
    with suppress(ProcessLookupError):
        os.kill(chance.choice(children), signal.SIGKILL)


def stored(server: Server) -> set[str]:
    """Version ids of all that is there: what was answered, and what was stored without its answer coming through."""
    pages = server.client("s3").get_paginator("list_object_versions").paginate(Bucket=BUCKET)
    return {
        version["VersionId"]
        for page in pages
        for version in itertools.chain(page.get("Versions", []), page.get("DeleteMarkers", []))
    }


def test_everything_that_was_stored_is_told_in_order_whatever_is_killed_and_refused(
    server_factory: Any, request: pytest.FixtureRequest
) -> None:
    kills = 10 if request.config.getoption("--slow") else 3
    seed = random.randrange(2**32)
    print("seed", seed)
    chance = random.Random(seed)
    moods = random.Random(seed)
    with receiver() as hook:
        hook.answer = lambda _message: moods.choice((200, 200, 200, 200, 429, 500))
        environment = {
            "FARSHORE_EVENTS": json.dumps([{"arn": QUEUE, "webhook": hook.url, "events_max": 5}]),
            "FARSHORE_ROOT_ACCOUNT_ID": ACCOUNT,
        }
        server: Server = server_factory(workers=2, environment=environment)
        client = server.client("s3")
        client.create_bucket(Bucket=BUCKET)
        enable_versioning(client, BUCKET)
        listening = {"QueueArn": QUEUE, "Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]}
        client.put_bucket_notification_configuration(
            Bucket=BUCKET, NotificationConfiguration={"QueueConfigurations": [listening]}
        )
        writers = [Writer(server, name, chance.randrange(2**32)) for name in range(2)]
        for writer in writers:
            writer.start()
        for _ in range(kills):
            until_more_is_answered(writers)
            threading.Event().wait(chance.uniform(0.0, 0.5))
            kill_something(server, chance)
        until_more_is_answered(writers)
        for writer in writers:
            writer.ends.set()
            writer.join(SETTLED_S)
            assert not writer.is_alive()
        hook.answer = lambda _message: 200
        there = stored(server)
        assert {version_id for writer in writers for version_id in writer.answered} <= there
        wait_for(lambda: told(hook.records) == there, SETTLED_S, "an event of each version, and of no other")
        assert out_of_order(hook.records) == []


def told(records: Sequence[dict[str, Any]]) -> set[str]:
    return {record["s3"]["object"]["versionId"] for record in records}


def out_of_order(records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Events that came the first time after a later one of their key. What comes again may come whenever."""
    latest: dict[str, str] = {}
    seen: set[str] = set()
    found = []
    for record in records:
        object_ = record["s3"]["object"]
        key, sequencer = object_["key"], object_["sequencer"]
        if sequencer in seen:
            continue
        seen.add(sequencer)
        if sequencer < latest.get(key, ""):
            found.append(record)
        latest[key] = max(sequencer, latest.get(key, ""))
    return found
