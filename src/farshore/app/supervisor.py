"""The parent of the server's processes: starts them, replaces those that die, ends them together.

The parent opens no store and runs no event loop or thread, so that forking from it is safe, and quick. Two pipes tie
each child to it. Over one the child says that it is up; the end of that pipe is the child's death. Over the other, the
lifeline, nothing is ever sent; its end is the parent's death, whatever killed it, and the child then ends too.

    starting --up--> up --death--> waiting (back-off) --> starting …
    SIGTERM, SIGINT: all are told to drain; a second one, or the deadline: all are killed
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from farshore.app.cannot_serve import CannotServe

BACKOFF_S_MIN = 0.1
BACKOFF_S_MAX = 10.0
HEALTHY_S = 60.0
"""A process that lived this long begins its back-off anew."""

START_S_MAX = 60.0
"""For all processes to come up, at the server's start."""

KILL_GRACE_S = 15.0
"""Beyond the drain deadline, for closing the stores."""

_ENDING = frozenset({signal.SIGTERM, signal.SIGINT})

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Ties:
    """A child's two pipes to its parent."""

    status: int
    lifeline: int

    def up(self) -> None:
        """Tell the parent that this process serves."""
        os.write(self.status, b"+")


@dataclass(frozen=True, slots=True)
class Role:
    """One process to keep running. main runs in the child until it is told to end (SIGTERM); returns its exit code."""

    name: str
    main: Callable[[Ties], int]


@dataclass(slots=True)
class _Child:
    role: Role
    pid: int = 0
    """0 while it waits to be started again."""
    status: int = -1
    up: bool = False
    started_s: float = 0.0
    deaths: int = 0
    restart_s: float = 0.0


class Supervisor:
    """Runs roles as processes, from the calling process's main thread.

    Args:
        drain_s: how long children may take to finish what is under way.
        announce: called once, when all are up; may return a program that ends with the server.
        release: called when the server is told to stop, before the children are (closes the listening sockets, so
            that no connection waits for a process that does not come).
    """

    def __init__(
        self,
        roles: Sequence[Role],
        *,
        drain_s: float,
        announce: Callable[[], subprocess.Popen[bytes] | None],
        release: Callable[[], None],
    ) -> None:
        self._children = [_Child(role) for role in roles]
        self._drain_s = drain_s
        self._announce = announce
        self._release = release
        self._announced = False
        self._companion: subprocess.Popen[bytes] | None = None
        self._selector = selectors.DefaultSelector()
        self._lifeline_read, self._lifeline_write = os.pipe()
        self._signal_read, self._signal_write = os.pipe()
        self._signals = 0

    def run(self) -> int:
        """Serve until told to stop. Returns 0 when every process ended well.

        Raises:
            CannotServe: a process did not come up at the start.
        """
        os.set_blocking(self._signal_read, False)
        os.set_blocking(self._signal_write, False)
        self._selector.register(self._signal_read, selectors.EVENT_READ)
        before = {number: signal.signal(number, _only_wake) for number in _ENDING}
        wakeup = signal.set_wakeup_fd(self._signal_write, warn_on_full_buffer=False)
        try:
            deadline = time.monotonic() + START_S_MAX
            while not self._signals:
                self._start_due()
                if not self._announced and time.monotonic() > deadline:
                    raise CannotServe(f"not all processes came up within {START_S_MAX:.0f} s")
                self._wait(self._next_restart_s())
            return self._drain()
        finally:
            self._kill()
            signal.set_wakeup_fd(wakeup)
            for number, handler in before.items():
                signal.signal(number, handler)
            self._close()

    def _start_due(self) -> None:
        now = time.monotonic()
        for child in self._children:
            if not child.pid and child.restart_s <= now:
                self._start(child)

    def _next_restart_s(self) -> float:
        now = time.monotonic()
        waiting = [child.restart_s - now for child in self._children if not child.pid]
        return max(0.0, min([1.0, *waiting]))

    def _start(self, child: _Child) -> None:
        status_read, status_write = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        # Signals wait while the processes part: the child must not take one with the parent's handlers.
        signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
        child.pid = os.fork()
        if not child.pid:
            self._become(child.role, Ties(status_write, self._lifeline_read), status_read)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
        os.close(status_write)
        child.status, child.up, child.started_s = status_read, False, time.monotonic()
        self._selector.register(status_read, selectors.EVENT_READ, child)

    def _become(self, role: Role, ties: Ties, status_read: int) -> None:
        """The child's whole life; never returns."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # A terminal sends it to all; the parent decides.
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
            for descriptor in (status_read, self._lifeline_write, self._signal_read, self._signal_write):
                os.close(descriptor)
            for sibling in self._children:
                if sibling.status >= 0:
                    os.close(sibling.status)
            self._selector.close()
            code = role.main(ties)
        except BaseException:
            log.exception("process ends")
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _wait(self, timeout_s: float) -> None:
        """Handle what happens within the time: signals, children that come up or die."""
        for key, _ in self._selector.select(timeout_s):
            if key.data is None:
                self._signals += len(os.read(self._signal_read, 64))
                continue
            child: _Child = key.data
            if os.read(child.status, 16):
                child.up = True
                self._announce_when_all_up()
            else:
                self._bury(child)

    def _announce_when_all_up(self) -> None:
        if not self._announced and all(child.up for child in self._children):
            self._announced = True
            self._companion = self._announce()

    def _bury(self, child: _Child) -> None:
        """A child has died: reap it, and decide when the next one starts."""
        self._selector.unregister(child.status)
        os.close(child.status)
        _, status = os.waitpid(child.pid, 0)
        code = os.waitstatus_to_exitcode(status)
        pid, child.pid, child.status, child.up = child.pid, 0, -1, False
        if self._signals:
            return
        if not self._announced:
            raise CannotServe(f"the {child.role.name} process ended at its start ({_exit_text(code)})")
        now = time.monotonic()
        child.deaths = 0 if now - child.started_s > HEALTHY_S else child.deaths + 1
        pause_s = min(BACKOFF_S_MAX, BACKOFF_S_MIN * 2 ** min(child.deaths, 10))
        child.restart_s = now + pause_s
        log.error("process died", name=child.role.name, pid=pid, how=_exit_text(code), restart_in_s=pause_s)

    def _drain(self) -> int:
        """Tell all to finish, and wait for them; a second signal or the deadline ends the waiting."""
        self._release()
        if self._companion is not None:
            self._companion.terminate()
        told = self._signals
        running = [child for child in self._children if child.pid]
        for child in running:
            os.kill(child.pid, signal.SIGTERM)
        deadline = time.monotonic() + self._drain_s + KILL_GRACE_S
        while any(child.pid for child in running):
            left_s = deadline - time.monotonic()
            if self._signals > told or left_s <= 0:
                log.warning("killing processes that did not finish", names=[c.role.name for c in running if c.pid])
                return 1
            self._wait(min(left_s, 1.0))
        return 0

    def _kill(self) -> None:
        for child in self._children:
            if child.pid:
                os.kill(child.pid, signal.SIGKILL)
        for child in self._children:
            if child.pid:
                os.waitpid(child.pid, 0)
                os.close(child.status)
                child.pid = 0
        if self._companion is not None:
            self._companion.kill()
            self._companion.wait()

    def _close(self) -> None:
        self._selector.close()
        for descriptor in (self._lifeline_read, self._lifeline_write, self._signal_read, self._signal_write):
            os.close(descriptor)


def _only_wake(_number: int, _frame: object) -> None:
    """The wake-up descriptor has told already."""


def _exit_text(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
