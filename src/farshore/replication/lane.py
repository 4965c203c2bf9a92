"""A lane: what waits in one source bucket for one destination, delivered with a concurrency and a back-off of its own.

One slow or dead destination so holds up no other. Small changes go batch by batch; versions with blobs are streamed
beside them, a few at a time. Claims are leases in the store: whatever dies, its tasks become due again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

import structlog

from farshore.metadata.store import StoreUnavailable, Transaction
from farshore.metadata.tasks import BatchLimits
from farshore.model.replication import ReplicationTask
from farshore.replication.defects import result_or_defect
from farshore.replication.outcome import Attempt, Retry
from farshore.replication.replicate import Ready, Replicator, Turn
from farshore.replication.rest import Rest
from farshore.replication.settle import settle
from farshore.replication.streams import Streams
from farshore.runtime.clock import Clock
from farshore.runtime.slices import slices
from farshore.runtime.together import all_or_first_error
from farshore.semantics.retry import backoff_s
from farshore.service.bodies import INLINE_BYTES_MAX
from farshore.service.deployment import Region

CLAIMED_MAX = 512
"""Tasks claimed at once."""

SETTLED_MAX = 128
"""Tasks settled in one command of the source's writer, during which others wait."""

LEASE_S = 60.0
RENEW_S = 20.0

T = TypeVar("T")

log = structlog.get_logger()


def _nobody_waits() -> None:
    """No jobs are run beside this lane."""


class Lane:
    """One lane of a region. `run` delivers what is due; between runs it remembers how long the destination is to rest.

    Args:
        random: draws from [0, 1), for jitter.
        batch_share: how much of what it delivers may be Batch Replication while live changes wait, from 0 to 1.
        job_went_on: called when a job of Batch Replication has come a step further.
    """

    def __init__(
        self,
        replicator: Replicator,
        region: Region,
        bucket_id: int,
        destination: str,
        *,
        clock: Clock,
        random: Callable[[], float],
        batch_share: float = 0.5,
        job_went_on: Callable[[], None] = _nobody_waits,
    ) -> None:
        self._replicator = replicator
        self._region = region
        self._bucket_id = bucket_id
        self._destination = destination
        self._clock = clock
        self._random = random
        self._batch_share = batch_share
        self._job_went_on = job_went_on
        self._rest = Rest(clock, random)
        self._streams = Streams(self._deliver_streamed, self._settle_streamed)
        self._more = asyncio.Event()
        self._claimed: dict[int, ReplicationTask] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until nothing is due, the destination is found unavailable, or `stop` is set.

        Raises:
            StoreUnavailable: the source's own store. The next run takes up what was claimed.
        """
        renewing = asyncio.create_task(self._renew())
        try:
            tasks = await self._take_up() if self._claimed else await self._claim_more()
            while not stop.is_set():
                if tasks:
                    tasks = await self._turn(tasks)
                elif not self._streams:
                    break
                else:
                    # What is streamed takes long; what comes meanwhile does not wait for it.
                    await self._wait_for_more(stop)
                    if not self._rest.lasts and not self._streams.full:
                        tasks = await self._claim_more()
                self._streams.check()
                if renewing.done():
                    renewing.result()  # Raises: it ends by nothing but a defect.
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)
            await self._streams.end()

    @property
    def rests_until_us(self) -> int:
        """The destination is left alone until then; a time that has passed when it is not."""
        return self._rest.until_us

    def due_us(self, next_us: int) -> int:
        """When to run again, if its next task is due at that time: at once where an earlier run left some claimed."""
        return max(0 if self._claimed else next_us, self.rests_until_us)

    def wake(self) -> None:
        """Hear, while `run` goes on, that there are due tasks that it may not know of."""
        self._more.set()

    def crashed(self) -> None:
        """Hear that `run` ended by an error."""
        self._rest.begin()

    async def _turn(self, tasks: Sequence[ReplicationTask]) -> Sequence[ReplicationTask]:
        """Deliver claimed tasks and settle them, and claim the next in the same flush."""
        turn = self._replicator.begin(self._region, self._bucket_id, self._destination)
        attempts, streamed = await self._attempt(turn, tasks)
        for ready in streamed:
            self._streams.add(ready)
        resting = self._rest.judge(attempts)
        settling = [self._settle(some) for some in slices(attempts, SETTLED_MAX)]
        if resting or self._streams.full:
            await all_or_first_error(settling)
            return ()
        # All of them, whichever fails: what came back from a claim after this run would be in no run's hands.
        *_, claimed = await all_or_first_error([*settling, self._claim_more()])
        assert claimed is not None
        return claimed

    async def _attempt(self, turn: Turn, tasks: Sequence[ReplicationTask]) -> tuple[Sequence[Attempt], Sequence[Ready]]:
        """What came of the tasks, and those that are still to be streamed.

        A defect is looked for by halves: only the task that it shows in stays undelivered, to be tried again later.
        """
        done = await result_or_defect(self._deliver(turn, tasks))
        if not isinstance(done, Exception):
            return done
        if len(tasks) == 1:
            return [Attempt(tasks[0], self._defect(tasks[0], done))], ()
        middle = len(tasks) // 2
        attempts, streamed = await self._attempt(turn, tasks[:middle])
        more_attempts, more_streamed = await self._attempt(turn, tasks[middle:])
        return [*attempts, *more_attempts], [*streamed, *more_streamed]

    async def _deliver(self, turn: Turn, tasks: Sequence[ReplicationTask]) -> tuple[Sequence[Attempt], Sequence[Ready]]:
        attempts: list[Attempt] = []
        small: list[Ready] = []
        streamed: list[Ready] = []
        for prepared in self._replicator.prepare(turn, tasks):
            if isinstance(prepared, Attempt):
                attempts.append(prepared)
            else:
                (streamed if prepared.streamed else small).append(prepared)
        if small:
            attempts += await self._replicator.deliver_many(self._region, small)
        return attempts, streamed

    def _defect(self, task: ReplicationTask, error: Exception) -> Retry:
        log.error("replication task failed", region=self._region.name, task=task, exc_info=error)
        return Retry(f"internal error: {type(error).__name__}: {error}", own=True)

    async def _settle(self, attempts: Sequence[Attempt]) -> None:
        """Write what came of tasks. What a defect keeps from being written is tried again later."""
        went_on = await result_or_defect(self._write_settled(attempts))
        if not isinstance(went_on, Exception):
            if went_on:
                self._job_went_on()
        elif len(attempts) > 1:
            middle = len(attempts) // 2
            await self._settle(attempts[:middle])
            await self._settle(attempts[middle:])
        else:
            task, outcome = attempts[0].task, self._defect(attempts[0].task, went_on)
            due_us = self._clock.now_us() + int(backoff_s(task.attempts, self._random) * 1e6)
            await self._write(lambda tx: tx.reschedule_tasks([(task.id, due_us, outcome.error)]))
        for attempt in attempts:
            self._claimed.pop(attempt.task.id, None)

    async def _write_settled(self, attempts: Sequence[Attempt]) -> bool:
        now_us, rests_until_us = self._clock.now_us(), self.rests_until_us

        def command(tx: Transaction) -> bool:
            announcing = self._replicator.announcing(self._region, now_us)
            return settle(tx, attempts, now_us, self._random, announcing=announcing, rests_until_us=rests_until_us)

        return await self._write(command)

    async def _take_up(self) -> Sequence[ReplicationTask]:
        """What an earlier run left claimed: nobody else has it, even where its leases have ended."""
        left = list(self._claimed.values())
        until_us = self._lease_until_us()
        await self._write(lambda tx: tx.renew_tasks([task.id for task in left], until_us))
        return left

    async def _claim_more(self) -> Sequence[ReplicationTask]:
        self._rest.claimed()
        tasks = await self._write(self._claim)
        # Where the clock jumps, leases end of what is still in these hands.
        tasks = [task for task in tasks if task.id not in self._claimed]
        self._claimed.update((task.id, task) for task in tasks)
        return tasks

    def _claim(self, tx: Transaction) -> Sequence[ReplicationTask]:
        return tx.claim_tasks(
            bucket_id=self._bucket_id,
            destination=self._destination,
            now_us=self._clock.now_us(),
            lease_until_us=self._lease_until_us(),
            limit=CLAIMED_MAX,
            batch=BatchLimits(
                share=self._batch_share,
                large=self._streams.batch_room,
                large_bytes=INLINE_BYTES_MAX,
            ),
        )

    def _lease_until_us(self) -> int:
        return self._clock.now_us() + int(LEASE_S * 1e6)

    async def _deliver_streamed(self, ready: Ready) -> Attempt:
        done = await result_or_defect(self._replicator.deliver_streamed(self._region, ready))
        return Attempt(ready.task, self._defect(ready.task, done)) if isinstance(done, Exception) else done

    async def _settle_streamed(self, attempt: Attempt) -> None:
        self._rest.judge([attempt])
        await self._settle([attempt])

    async def _wait_for_more(self, stop: asyncio.Event) -> None:
        """Wait until something that is streamed is done, there may be new tasks, a rest is over, or the end."""
        # While it is full, the end of a rest changes nothing: it would only wake at once, over and over.
        await self._streams.wait(stop, self._more, timeout_s=None if self._streams.full else self._rest.ends_in_s)
        self._more.clear()

    async def _renew(self) -> None:
        """Keep the leases of what takes long."""
        while True:
            await asyncio.sleep(RENEW_S)
            held, until_us = list(self._claimed), self._lease_until_us()
            try:
                await self._write(lambda tx, held=held, until_us=until_us: tx.renew_tasks(held, until_us))
            except StoreUnavailable as error:
                log.warning("leases could not be renewed", region=self._region.name, error=str(error))

    async def _write(self, command: Callable[[Transaction], T]) -> T:
        return await self._region.metadata.write(command)
