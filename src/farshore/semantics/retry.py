"""How long a replication task waits after a transient failure."""

from __future__ import annotations

from collections.abc import Callable

SHORTEST_S = 0.5
LONGEST_S = 60.0


def backoff_s(attempt: int, random: Callable[[], float]) -> float:
    """Seconds to wait after the `attempt`-th failed attempt (1 is the first): exponential, with full jitter.

    The bound doubles from 1 s to 60 s; the wait is drawn evenly between half a second and the bound, so that tasks that
    failed together do not come back together.

    Args:
        random: draws from [0, 1).
    """
    assert attempt >= 1, attempt
    bound = min(LONGEST_S, SHORTEST_S * 2 ** min(attempt, 10))
    return SHORTEST_S + random() * (bound - SHORTEST_S)
