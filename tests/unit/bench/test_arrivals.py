"""Arrivals at a destination: seen by listings that ask only for what is new."""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qs, urlsplit

from farshore.bench.fetch import Fetcher
from farshore.bench.loads import Endpoint
from farshore.bench.replication import Arrivals


class Destination(Fetcher):
    """A bucket that lists `page` keys at a time. asked: the places where listings began."""

    def __init__(self, page: int) -> None:
        super().__init__(Endpoint(host="127.0.0.1", port=1, access_key_id="key", secret="secret", region="us-west-2"))
        self.numbers: set[int] = set()
        self.asked: list[int | None] = []
        self._page = page

    async def get(self, target: str) -> bytes:
        after = parse_qs(urlsplit(target).query).get("start-after")
        start = None if after is None else int(after[0])
        self.asked.append(start)
        later = sorted(number for number in self.numbers if start is None or number > start)
        listed = "".join(f"<Contents><Key>{number:08d}</Key></Contents>" for number in later[: self._page])
        truncated = str(len(later) > self._page).lower()
        return f"<ListBucketResult><IsTruncated>{truncated}</IsTruncated>{listed}</ListBucketResult>".encode()


def test_what_came_without_a_gap_is_not_listed_again() -> None:
    async def main() -> None:
        destination = Destination(page=3)
        arrivals = Arrivals(destination, "bucket", 10)
        destination.numbers = {0, 1, 2, 3, 5}
        await arrivals.look()
        assert destination.asked == [None, 2]
        assert arrivals.arrived == 5
        assert [bool(seen) for seen in arrivals.seen_ns] == [n in destination.numbers for n in range(10)]
        first = arrivals.seen_ns[5]
        destination.numbers = set(range(10))
        destination.asked.clear()
        await arrivals.watch()
        assert destination.asked == [3, 6]
        assert arrivals.arrived == 10
        assert arrivals.seen_ns[5] == first

    asyncio.run(main())
