"""Checkpoints: moving what the write-ahead log holds into the database file, in a thread of their own.

Committing threads never do it (a checkpoint flushes many scattered pages), they only say how long the log has become.
A PASSIVE checkpoint disturbs nobody, but under steady writing it never catches up with the log's end, where the log
could begin anew; so when the log has grown, the thread takes the writer's turn for the little that a PASSIVE one left.
The file then stays as long as it was and is written over, which is cheaper than growing it again; only one that became
far too long is cut.
"""

from __future__ import annotations

import threading
from pathlib import Path

import apsw
import structlog

from farshore.metadata.sqlite_session import PAGE_BYTES, connect
from farshore.metadata.sqlite_turn import TURN_S_MAX, FileTurn, TurnTaken

PASSIVE_PAGES = (16 << 20) // PAGE_BYTES
RESTART_PAGES = (64 << 20) // PAGE_BYTES
TRUNCATE_PAGES = (512 << 20) // PAGE_BYTES

_READERS_TIMEOUT_MS = 20
"""How long a restart waits, holding the writer's turn, for readers that still use the log."""

_log = structlog.get_logger(__name__)


class Checkpointer:
    """The checkpoint thread of one database file in this process. Several processes may each have one.

    Args:
        turn_s_max: how long the writer's turn is waited for.
    """

    def __init__(self, path: Path, *, turn_s_max: float = TURN_S_MAX) -> None:
        self._path = path
        self._connection = connect(path)
        self._connection.set_busy_timeout(_READERS_TIMEOUT_MS)
        self._turn = FileTurn(path)
        self._turn_s_max = turn_s_max
        self._wake = threading.Event()
        self._closing = False
        self._done_pages = 0
        self._thread = threading.Thread(target=self._run, name=f"checkpoint {path.name}", daemon=True)
        self._thread.start()

    def committed(self, log_pages: int) -> None:
        """Hear of a commit, after which the log has so many pages. Called by the writer's thread; cheap."""
        if log_pages < self._done_pages:  # The log began anew.
            self._done_pages = 0
        if log_pages - self._done_pages >= PASSIVE_PAGES:
            self._wake.set()

    def close(self) -> None:
        """Move everything that can be moved, and stop. Blocks."""
        self._closing = True
        self._wake.set()
        self._thread.join()
        self._connection.close()
        self._turn.close()

    def _run(self) -> None:
        while not self._closing:
            self._wake.wait()
            self._wake.clear()
            if not self._closing:
                self._checkpoint()
        self._move(apsw.SQLITE_CHECKPOINT_PASSIVE)  # Most of it, while others write: they wait half a minute at most.
        self._restart(apsw.SQLITE_CHECKPOINT_TRUNCATE)

    def _checkpoint(self) -> None:
        log_pages = self._move(apsw.SQLITE_CHECKPOINT_PASSIVE)
        if log_pages >= TRUNCATE_PAGES:
            self._restart(apsw.SQLITE_CHECKPOINT_TRUNCATE)
        elif log_pages >= RESTART_PAGES:
            self._restart(apsw.SQLITE_CHECKPOINT_RESTART)

    def _restart(self, mode: int) -> None:
        """Let the log begin anew, unless a reader still needs it, or a writer keeps the turn: then the next time."""
        try:
            self._turn.take(self._turn_s_max)
        except TurnTaken as error:
            _log.warning("checkpoint failed", file=str(self._path), error=str(error))
            return
        try:
            self._move(mode)
        finally:
            self._turn.release()

    def _move(self, mode: int) -> int:
        """Returns the pages of the log that were there; 0 when nothing could be done."""
        try:
            log_pages, self._done_pages = self._connection.wal_checkpoint(mode=mode)
        except apsw.BusyError:  # Readers, or another process that is at it.
            return 0
        except apsw.Error as error:
            self._done_pages += PASSIVE_PAGES  # Not again at every commit.
            _log.warning("checkpoint failed", file=str(self._path), error=str(error))
            return 0
        return log_pages
