"""How long a lane leaves its destination alone after transient trouble."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from farshore.replication.outcome import Attempt, Retry
from farshore.runtime.clock import Clock
from farshore.semantics.retry import backoff_s


class Rest:
    """Begins when all that was tried met transient trouble. Each is longer than the one before, until something goes
    well.

    Args:
        random: draws from [0, 1), for jitter.
    """

    def __init__(self, clock: Clock, random: Callable[[], float]) -> None:
        self.until_us = 0
        self._clock = clock
        self._random = random
        self._failures = 0
        self._unclaimed = False

    @property
    def lasts(self) -> bool:
        return self.until_us > self._clock.now_us()

    @property
    def ends_in_s(self) -> float | None:
        """Seconds until the end of the rest since which nothing was claimed; None when something was."""
        return max(0.0, (self.until_us - self._clock.now_us()) / 1e6) if self._unclaimed else None

    def judge(self, attempts: Sequence[Attempt]) -> bool:
        """Begin a rest when all attempts met transient trouble, which is not that of one task alone.

        Returns:
            whether to leave the destination alone now.
        """
        if not attempts:
            return False
        troubles = [attempt.outcome for attempt in attempts if isinstance(attempt.outcome, Retry)]
        if len(troubles) < len(attempts):
            self._failures = 0
            return False
        if len(troubles) == 1 and troubles[0].own:
            return False
        self.begin()
        return True

    def begin(self) -> None:
        """Leave the destination alone. What was under way when a rest began, and fails as well, makes it no longer."""
        self._unclaimed = True
        if not self.lasts:
            self._failures += 1
            self.until_us = self._clock.now_us() + int(backoff_s(self._failures, self._random) * 1e6)

    def claimed(self) -> None:
        """Hear that tasks are claimed: the end of an earlier rest brings no more."""
        self._unclaimed = False
