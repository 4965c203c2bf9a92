"""Counts requests by service, operation, status and error code, with the time that each took."""

from __future__ import annotations

from bisect import bisect_left
from time import perf_counter_ns

from farshore.runtime.counters import Counters
from farshore.service.exposition import DURATION_BOUNDS_S, REQUESTS, SUM_SLOT

_BOUNDS_NS = tuple(int(bound * 1e9) for bound in DURATION_BOUNDS_S)


class RequestCounters:
    """The counters of one process's requests. A request costs a look-up and two additions in shared memory."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._blocks: dict[tuple[str, str, int, str], memoryview] = {}

    def observe(self, service: str, operation: str, status: int, code: str, begun_ns: int) -> None:
        """Count an answered request.

        Args:
            operation: empty when the request meant none.
            code: AWS's error code; empty for a success.
            begun_ns: when it began, by `perf_counter_ns`.
        """
        took_ns = perf_counter_ns() - begun_ns
        key = (service, operation, status, code)
        block = self._blocks.get(key)
        if block is None:
            block = self._blocks[key] = self._counters.block(REQUESTS, service, operation, str(status), code)
        block[bisect_left(_BOUNDS_NS, took_ns)] += 1
        block[SUM_SLOT] += took_ns // 1000
