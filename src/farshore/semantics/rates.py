"""The present rate of something that happens now and then, in constant space: an exponentially weighted average.

The state is (since_us, at_us, rate): since when it counts, when it last did, and the average then.
"""

from __future__ import annotations

import math

WINDOW_S = 60.0
"""What happened so long ago weighs a third of what happens now."""

_FORGOTTEN_S = 10 * WINDOW_S
"""After so long a pause counting begins anew."""

_FIRST_S = 1.0
"""The first events count as spread over this time, so that a rate has a bound at once."""


def counted(since_us: int, at_us: int, rate: float, *, count: float, now_us: int) -> tuple[int, int, float]:
    """The state after `count` more events."""
    if now_us - at_us > _FORGOTTEN_S * 1e6:
        since_us, at_us, rate = now_us - int(_FIRST_S * 1e6), now_us, 0.0
    decay = math.exp(-max(0, now_us - at_us) / 1e6 / WINDOW_S)
    return since_us, max(at_us, now_us), rate * decay + count / WINDOW_S


def rate_now(since_us: int, at_us: int, rate: float, now_us: int) -> float:
    """Events a second, now. A short history is weighed as if it had gone on so before."""
    if at_us == 0 or now_us - at_us > _FORGOTTEN_S * 1e6:
        return 0.0
    decayed = rate * math.exp(-max(0, now_us - at_us) / 1e6 / WINDOW_S)
    return decayed / -math.expm1(-max(1, now_us - since_us) / 1e6 / WINDOW_S)


def time_left_s(count: float, rate: float) -> float | None:
    """Seconds until `count` events have happened at this rate; None when it cannot be said."""
    if count <= 0:
        return 0.0
    return count / rate if rate > 0 else None
