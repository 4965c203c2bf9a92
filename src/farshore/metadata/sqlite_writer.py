"""The writer of one database file: runs commands in groups, one transaction and one flush a group.

Commands run on the event loop; what waits runs in a thread: for the file's turn (`FileTurn`) when another process has
it, and for the disk at COMMIT. (Commands in a thread of their own lose the interpreter's lock at every statement and,
beside a busy loop, wait for it hundreds of times in a group: a tenth of the writes, fifty times the latency.)
While a group is being flushed the next one gathers by itself, so groups grow with the load and nothing ever sleeps.

When a command raises:
- having changed nothing, it gets its exception and the group goes on;
- having changed something, the group is rolled back and its other commands run again, each under its own savepoint;
- because the disk refuses, the group is rolled back, and all of it gets `StoreUnavailable`. The writer goes on.

When another process keeps the turn, what waits gets `StoreUnavailable` at the deadline, and so does what comes later.
The thread waits on, so that the writer goes on once the turn is free.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from time import perf_counter
from typing import Any, Generic, Protocol, TypeVar, TypeVarTuple, Unpack

import apsw

from farshore.metadata.sqlite_checkpoint import Checkpointer
from farshore.metadata.sqlite_session import Session, connect
from farshore.metadata.sqlite_turn import TURN_S_MAX, FileTurn
from farshore.metadata.store import StoreUnavailable

GROUP_MAX = 256
"""Commands in one transaction."""

GROUP_S_MAX = 0.005
"""After so long a group takes in no further command: the loop has other work."""

WAITING_MAX = 4096
"""Commands that wait; more are refused."""

T = TypeVar("T")
Tx = TypeVar("Tx", bound="Gathers")
Ts = TypeVarTuple("Ts")


class Gathers(Protocol):
    """What commands work with. It may gather some of what they change (`Session.gathered`)."""

    def write_gathered(self) -> None:
        """Write what was gathered; called before a group is flushed."""
        ...


class _Entry:
    """A command on its way: whose future it resolves, and what came of it."""

    __slots__ = ("command", "error", "future", "result")

    def __init__(self, command: Callable[[Any], Any], future: asyncio.Future[Any]) -> None:
        self.command = command
        self.future = future
        self.result: Any = None
        self.error: BaseException | None = None


class GroupWriter(Generic[Tx]):
    """Owns a write connection, of which `Tx` makes what commands work with. Serves one event loop.

    The connection belongs to the loop while a group runs and to the thread while it is flushed; `_active` is set from
    a group's first command until nothing waits any more.

    Args:
        turn_s_max: how long a command waits for the turn.
    """

    def __init__(self, path: Path, transaction: Callable[[Session], Tx], *, turn_s_max: float = TURN_S_MAX) -> None:
        self._session = Session(connect(path, writer=True))
        self._transaction = transaction(self._session)
        self._turn = FileTurn(path)
        self._turn_s_max = turn_s_max
        self._turn_late: asyncio.TimerHandle | None = None
        self._turn_given_up = False
        self._checkpointer = Checkpointer(path, turn_s_max=turn_s_max)
        self._waiting: deque[_Entry] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._active = False
        self._closing = False
        self._drained = asyncio.Event()
        self._drained.set()
        self._flushes = 0
        self._watching: dict[object, Callable[[], None]] = {}
        self._hearing_of_events: list[Callable[[], None]] = []
        self._log_pages = 0
        self._session.connection.set_wal_hook(self._flushed)
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = Thread(target=self._work, name=f"flush {path.name}", daemon=True)
        self._thread.start()

    async def write(self, command: Callable[[Tx], T]) -> T:
        """Run a command and return its result once its changes are on disk.

        A caller that is cancelled does not know whether the command ran.

        Raises:
            StoreUnavailable: the disk refuses, too many commands wait, another process keeps the turn, or the writer is
                closed. Nothing is stored.
            whatever the command raises: nothing of it is stored.
        """
        if self._closing:
            raise StoreUnavailable("the store is closed")
        if len(self._waiting) >= WAITING_MAX:
            raise StoreUnavailable(f"{WAITING_MAX} writes are waiting")
        loop = asyncio.get_running_loop()
        entry = _Entry(command, loop.create_future())
        self._waiting.append(entry)
        if not self._active:
            self._activate(loop)
        return await entry.future

    def flushes(self) -> int:
        """Commits that went to disk."""
        return self._flushes

    def watch_events(self, heard: Callable[[], None]) -> None:
        """Call `heard` on the loop after each group that stored events; and after one that was to, and failed."""
        self._hearing_of_events.append(heard)

    def watch(self, heard: Callable[[], None]) -> Callable[[], None]:
        """Call `heard` on the loop after each group, until what is returned is called."""
        key = object()
        self._watching[key] = heard

        def forget() -> None:
            self._watching.pop(key, None)

        return forget

    async def close(self) -> None:
        """Finish the commands that wait, checkpoint, and close the file. Later writes get StoreUnavailable."""
        if not self._closing:
            self._closing = True
            await self._drained.wait()
            self._jobs.put(None)
            await asyncio.to_thread(self._release)

    def _release(self) -> None:
        if not self._turn_given_up:
            self._thread.join()
        self._session.close()
        self._checkpointer.close()
        if not self._turn_given_up:  # Else the thread waits with its descriptors, until the process ends.
            self._turn.close()

    # On the event loop.

    def _activate(self, loop: asyncio.AbstractEventLoop) -> None:
        assert self._loop is None or self._loop is loop, "a store serves one event loop"
        self._loop = loop
        self._active = True
        self._drained.clear()
        loop.call_soon(self._begin)  # And not now: whoever else writes in this turn of the loop joins the group.

    def _begin(self) -> None:
        try:
            free = self._turn.take_if_free()
        except OSError as error:
            self._refuse_waiting(error)
            return
        if free:
            self._run_group()
        else:
            self._expect_turn()
            self._jobs.put(self._wait_for_turn)

    def _expect_turn(self) -> None:
        assert self._loop is not None
        self._turn_late = self._loop.call_later(self._turn_s_max, self._turn_is_late)

    def _turn_is_late(self) -> None:
        """Whoever has the turn may hang for ever: refuse what waits, while the thread goes on waiting for the turn."""
        group = list(self._waiting)
        self._waiting.clear()
        _refuse(group, self._turn.taken(self._turn_s_max))
        self._resolve(group)
        if self._closing:
            self._turn_given_up = True
            self._drained.set()
        else:
            self._expect_turn()

    def _turn_came(self) -> None:
        self._forget_late()
        if self._turn_given_up:
            self._turn.release()
        else:
            self._run_group()

    def _turn_failed(self, error: OSError) -> None:
        self._forget_late()
        self._refuse_waiting(error)

    def _forget_late(self) -> None:
        if self._turn_late is not None:
            self._turn_late.cancel()
            self._turn_late = None

    def _run_group(self) -> None:
        """Run what waits, in one transaction, and hand it to the thread to be flushed."""
        group: list[_Entry] = []
        before = self._session.connection.total_changes()
        try:
            self._session.run("BEGIN IMMEDIATE")
        except StoreUnavailable as error:
            self._turn.release()
            self._refuse_waiting(error)
            return
        try:
            if not self._run_together(group):
                self._session.gathered.take_back()
                self._session.run("ROLLBACK")
                self._session.run("BEGIN IMMEDIATE")
                self._run_apart(group)
            self._transaction.write_gathered()
            if not self._session.connection.in_transaction:
                raise StoreUnavailable("SQLite rolled the transaction back")
        except (StoreUnavailable, apsw.Error) as error:
            self._fail(group, error)
            self._turn.release()
            self._end(group)
            return
        if self._session.connection.total_changes() == before:  # Nothing to flush.
            self._flush(group)
            self._end(group)
        else:
            self._jobs.put(partial(self._flush_for_loop, group))

    def _run_together(self, group: list[_Entry]) -> bool:
        """Move what waits into the group and run it. False when a command raised after it had changed something."""
        total_changes, gathered = self._session.connection.total_changes, self._session.gathered
        changes = total_changes()
        end = perf_counter() + GROUP_S_MAX
        while self._waiting and len(group) < GROUP_MAX and perf_counter() < end:
            entry = self._waiting.popleft()
            group.append(entry)
            mark = gathered.mark()
            self._run_one(entry)
            before, changes = changes, total_changes()
            if entry.error is not None:
                if changes != before:
                    return False
                gathered.take_back(mark)
        return True

    def _run_apart(self, group: list[_Entry]) -> None:
        """Run again what did not raise, so that a command that raises takes only its own changes back."""
        for entry in group:
            if entry.error is None:
                self._transaction.write_gathered()
                self._session.run("SAVEPOINT command")
                self._run_one(entry)
                if entry.error is not None:
                    self._session.gathered.take_back()
                    self._session.run("ROLLBACK TO command")
                self._session.run("RELEASE command")

    def _run_one(self, entry: _Entry) -> None:
        if entry.future.cancelled():
            return
        try:
            entry.result = entry.command(self._transaction)
        except StoreUnavailable:
            raise
        except StopIteration as error:  # A future refuses it, as a coroutine does.
            entry.error = RuntimeError("a command raised StopIteration")
            entry.error.__cause__ = error
        except Exception as error:  # noqa: BLE001 - it is the caller's, who gets it.
            entry.error = error
        self._session.close_iterators()

    def _end(self, group: list[_Entry]) -> None:
        """Resolve the group's futures, and go on with what has gathered meanwhile."""
        self._resolve(group)
        for heard in self._watching.values():
            heard()
        if self._session.gathered.written:
            self._session.gathered.written = False
            for heard in self._hearing_of_events:
                heard()
        if self._waiting:
            assert self._loop is not None
            self._loop.call_soon(self._begin)
        else:
            self._active = False
            self._drained.set()

    def _resolve(self, group: list[_Entry]) -> None:
        for entry in group:
            if entry.future.done():  # The caller was cancelled.
                continue
            if entry.error is not None:
                entry.future.set_exception(entry.error)
            else:
                entry.future.set_result(entry.result)

    def _refuse_waiting(self, error: StoreUnavailable | OSError) -> None:
        group = list(self._waiting)
        self._waiting.clear()
        _refuse(group, error)
        self._end(group)

    # In the thread.

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()

    def _wait_for_turn(self) -> None:
        try:
            self._turn.wait()
        except OSError as error:
            self._tell_loop(self._turn_failed, error)
            return
        if not self._tell_loop(self._turn_came):
            self._turn.release()

    def _flush_for_loop(self, group: list[_Entry]) -> None:
        self._flush(group)
        self._tell_loop(self._end, group)
        self._checkpointer.committed(self._log_pages)

    def _tell_loop(self, callback: Callable[[Unpack[Ts]], None], *arguments: *Ts) -> bool:
        """Continue on the loop. False when it is closed, and nobody waits any more."""
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(callback, *arguments)
        except RuntimeError:
            return False
        return True

    # On either, by whoever has the connection.

    def _flush(self, group: list[_Entry]) -> None:
        """Commit, and give up the turn."""
        try:
            self._session.run("COMMIT")
        except (StoreUnavailable, apsw.Error) as error:
            self._fail(group, error)
        self._turn.release()

    def _fail(self, group: list[_Entry], error: StoreUnavailable | apsw.Error) -> None:
        """Take the group back and tell all of it. A connection that cannot even roll back has lost its transaction."""
        self._session.close_iterators()
        self._session.gathered.take_back()
        with contextlib.suppress(StoreUnavailable, apsw.Error):
            if self._session.connection.in_transaction:
                self._session.run("ROLLBACK")
        _refuse(group, error)

    def _flushed(self, _connection: apsw.Connection, _name: str, log_pages: int) -> int:
        self._flushes += 1
        self._log_pages = log_pages
        return apsw.SQLITE_OK


def _refuse(group: list[_Entry], error: Exception) -> None:
    for entry in group:
        entry.error = StoreUnavailable(str(error))
        entry.error.__cause__ = error
