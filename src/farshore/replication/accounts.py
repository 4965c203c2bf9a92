"""What a batch of settled attempts adds to the accounts of its routes, written in the transaction that settles them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from farshore.metadata.metrics import MetricTransaction
from farshore.model.metrics import Route
from farshore.model.replication import FailureCode, ReplicationTask
from farshore.semantics.metric_points import add_to_account


class Settled:
    """Gathers what attempts came to, in one command: one write for each route, however many attempts.

    Args:
        now_us: when they are settled.
    """

    def __init__(self, now_us: int) -> None:
        self._now_us = now_us
        self._completed: dict[Route, list[tuple[int | None, int]]] = {}
        self._failed: dict[Route, Counter[FailureCode]] = {}
        self._retried: Counter[Route] = Counter()

    def completed(self, task: ReplicationTask) -> None:
        """It arrived. How long that took counts from when the task was written; of Batch Replication it does not."""
        latency_us = None if task.batch else max(0, self._now_us - task.enqueued_us)
        self._completed.setdefault(_route(task), []).append((latency_us, task.size))

    def failed(self, task: ReplicationTask, code: FailureCode) -> None:
        """It ended FAILED."""
        self._failed.setdefault(_route(task), Counter())[code] += 1

    def retried(self, task: ReplicationTask) -> None:
        """It met transient trouble and comes again."""
        self._retried[_route(task)] += 1

    def write(self, metrics: MetricTransaction) -> None:
        for route in self._routes():
            account = add_to_account(
                metrics.account(route),
                completed=self._completed.get(route, ()),
                failed=self._failed.get(route, {}),
                retried=self._retried[route],
            )
            metrics.put_account(account)

    def _routes(self) -> Iterable[Route]:
        return dict.fromkeys((*self._completed, *self._failed, *self._retried))


def _route(task: ReplicationTask) -> Route:
    return Route(task.bucket_id, task.destination, task.rule_id)
