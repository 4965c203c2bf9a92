"""A program with stand-ins for the server's processes: `python supervised.py KIND`, for the supervisor's tests.

Prints `up PIDS` when all are up.
"""

from __future__ import annotations

import os
import signal
import sys

from farshore.app.cannot_serve import CannotServe
from farshore.app.supervisor import Role, Supervisor, Ties


def say(word: str) -> None:
    """A line in one piece, among those of other processes."""
    os.write(sys.stdout.fileno(), f"{word}\n".encode())


def obedient(ties: Ties) -> int:
    ties.up()
    os.read(ties.lifeline, 1)
    return 1


def stubborn(ties: Ties) -> int:
    signal.signal(signal.SIGTERM, lambda *_: say("told"))
    return obedient(ties)


def draining(ties: Ties) -> int:
    told = {signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, told)
    ties.up()
    signal.sigwait(told)
    say("drained")
    return 0


def failing(_ties: Ties) -> int:
    return 3


ROLES = {"obedient": obedient, "stubborn": stubborn, "draining": draining, "failing": failing}


def main() -> int:
    roles = [Role(name, ROLES[name]) for name in sys.argv[1:]]
    supervisor = Supervisor(
        roles,
        drain_s=30.0,
        announce=lambda: print("up", flush=True),
        release=lambda: print("released", flush=True),
    )
    try:
        return supervisor.run()
    except CannotServe as error:
        print(error, flush=True)
        return 1


if __name__ == "__main__":
    sys.exit(main())
