"""Whose turn it is to write to a database file, among processes that may hang or die."""

from __future__ import annotations

import fcntl
import os
import threading
from pathlib import Path

from farshore.metadata.store import StoreUnavailable

TURN_S_MAX = 30.0
"""How long a turn is waited for. A holder gives it back after a group and its flush: in seconds, on a slow disk."""

_LOCKS = Path("/proc/locks")


class TurnTaken(StoreUnavailable):
    """Whoever has the turn has not given it back in time. Says who it is, and what to do."""


class FileTurn:
    """The right to write to a database file: one holder at a time among processes, and among objects of one process.

    Two advisory locks: whoever wants the turn first queues at `<file>.next`, then waits for `<file>.writer`. A holder
    that wants the turn again finds the queue taken by whoever waits, so nobody starves. The kernel releases the locks
    of a process that dies. An object has the turn once: it serves one user.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._locks = _Locks(path)

    def take(self, within_s: float = TURN_S_MAX) -> None:
        """Wait for the turn. For threads that may block.

        Raises:
            TurnTaken: there was none within the time.
        """
        if self.take_if_free():
            return
        place = _Place(self._path)
        if not place.reached(within_s):
            raise self.taken(within_s)
        self._locks.close()
        self._locks = place.locks

    def take_if_free(self) -> bool:
        """Take the turn if nobody has it or waits for it."""
        try:
            fcntl.flock(self._locks.next, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        try:
            fcntl.flock(self._locks.writer, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            fcntl.flock(self._locks.next, fcntl.LOCK_UN)
        return True

    def wait(self) -> None:
        """Wait for the turn for as long as it takes: for threads that nobody waits for without a deadline.

        It saves what `take` costs, a thread for each turn that is not free.
        """
        self._locks.wait()

    def taken(self, waited_s: float) -> TurnTaken:
        """The error of whoever has waited so long."""
        holder = self._locks.holder()
        told = f"Process {holder}" if holder else f"A process (`fuser {self._path}.writer` names it)"
        return TurnTaken(
            f"{told} has had the turn to write to {self._path} for more than {waited_s:g} s. "
            f"If it is stopped, let it go on (kill -CONT {holder or 'PID'}); if it hangs, end it (kill -KILL "
            f"{holder or 'PID'}): nothing that was answered is lost, and others go on at once."
        )

    def release(self) -> None:
        fcntl.flock(self._locks.writer, fcntl.LOCK_UN)

    def __enter__(self) -> None:
        self.take()

    def __exit__(self, *_: object) -> None:
        self.release()

    def close(self) -> None:
        self._locks.close()


class _Locks:
    """The descriptors of the two locks, which are locked through them, each by one at a time."""

    def __init__(self, path: Path) -> None:
        self.next = _open_lock(path, ".next")
        self.writer = _open_lock(path, ".writer")

    def wait(self) -> None:
        fcntl.flock(self.next, fcntl.LOCK_EX)
        try:
            fcntl.flock(self.writer, fcntl.LOCK_EX)
        finally:
            fcntl.flock(self.next, fcntl.LOCK_UN)

    def holder(self) -> int | None:
        """The process that has the turn, as the kernel tells it: on Linux, and of a process that is seen from here."""
        place = os.fstat(self.writer)
        wanted = f"{os.major(place.st_dev):02x}:{os.minor(place.st_dev):02x}:{place.st_ino}"
        try:
            lines = [line.split() for line in _LOCKS.read_text("ascii").splitlines()]
        except OSError:
            return None
        held = [int(line[4]) for line in lines if len(line) > 5 and line[1] == "FLOCK" and line[5] == wanted]
        return held[0] if held and held[0] > 0 else None

    def close(self) -> None:
        os.close(self.next)
        os.close(self.writer)


class _Place:
    """A place in the queue, which can be given up: the kernel's own waiting knows no deadline.

    It has descriptors of its own, so that nobody else's locks are touched when it comes to its turn too late.
    """

    def __init__(self, path: Path) -> None:
        self.locks = _Locks(path)
        self._lock = threading.Lock()
        self._reached = threading.Event()
        self._given_up = False
        self._error: OSError | None = None
        threading.Thread(target=self._wait, name=f"turn {path.name}", daemon=True).start()

    def reached(self, within_s: float) -> bool:
        """Whether the turn came within the time. If not, the place is given up."""
        try:
            self._reached.wait(within_s)
        finally:
            with self._lock:
                self._given_up = not self._reached.is_set()
        if self._given_up:
            return False
        if self._error is not None:
            self.locks.close()
            raise self._error
        return True

    def _wait(self) -> None:
        try:
            self.locks.wait()
        except OSError as error:
            self._error = error
        with self._lock:
            if self._given_up:
                self.locks.close()
            else:
                self._reached.set()


def _open_lock(path: Path, suffix: str) -> int:
    return os.open(path.with_name(path.name + suffix), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
