"""A source and its destination on a running server, and verifications of them."""

from __future__ import annotations

import copy
import itertools
import os
import subprocess
import sys
from typing import Any

from tests.support.damage import change
from tests.support.own_api import call, lines
from tests.support.replication import make_pair, put_rule, wait_for
from tests.support.server import Server

HERE, THERE = "us-east-1", "us-west-2"

_numbers = itertools.count()


class Pair:
    """A source and its destination, versioned, with a rule for everything."""

    def __init__(self, server: Server, **members: Any) -> None:
        self.server = server
        self.s3, self.there = server.client("s3"), server.client("s3", THERE)
        self.source = f"verify-{os.getpid()}-{next(_numbers)}"
        self.destination = f"{self.source}-there"
        make_pair(self.s3, self.there, self.source, self.destination)
        put_rule(self.s3, self.source, self.destination, delete_markers=True, ID="all", **members)

    def again(self) -> Pair:
        """After another start of the server."""
        one = copy.copy(self)
        one.s3, one.there = self.server.client("s3"), self.server.client("s3", THERE)
        return one

    def put(self, key: str, body: bytes = b"x", **members: Any) -> str:
        return self.s3.put_object(Bucket=self.source, Key=key, Body=body, **members)["VersionId"]

    def arrived(self) -> None:
        def settled() -> bool:
            found = call(self.server, "GET", "/-/replication/wait", bucket=self.source, timeout="10")
            return found["settled"]

        wait_for(settled, 60, "everything at the destination")

    def verify(self, **asked: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """The result, and the differences."""
        found = lines(self.server, "/-/replication/verify", bucket=self.source, **asked)
        assert found[0]["line"] == "begun"
        assert found[-1]["line"] == "result", found[-1]
        assert found[-1]["complete"]
        return found[-1], [line for line in found if line["line"] == "difference"]

    def change(self, statement: str, key: str) -> None:
        """Change the one row of a key in the destination's metadata file; the statement ends with its WHERE."""
        bucket = "(SELECT id FROM bucket WHERE name = ?)"
        where = f"WHERE key = ? AND bucket_id = {bucket}"
        changed = change(self.server.data, THERE, f"{statement} {where}", key.encode(), self.destination)
        assert changed == 1, (statement, key)

    def command(self, *more: str) -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-m", "farshore", "replication", "verify", self.source, *more]
        return subprocess.run(
            [*command, "--data", str(self.server.data)],
            env=self.server.environment,
            capture_output=True,
            timeout=120,
            check=False,
        )
