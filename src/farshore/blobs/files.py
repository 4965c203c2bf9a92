"""The disk work of `FilesystemBlobStore`: plain blocking functions, run in its threads."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from threading import Lock
from typing import Self

from farshore.blobs.store import BlobMissing, BlobsUnavailable
from farshore.model.blobs import Space

_ID_CHARACTERS = 32
_STAGING = "staging"
_WRITEBACK_BYTES = 8 * 1024 * 1024


class BlobFolders:
    """Where blobs lie, and which of the folders are known to be on disk themselves."""

    __slots__ = ("_durable", "_root", "_staging")

    def __init__(self, root: Path) -> None:
        self._root = str(root)
        self._staging = str(root / _STAGING)
        # One flag for each of the 65,536 folders. A folder that another process made may be new and not on disk yet:
        # only what this process has flushed itself counts.
        self._durable = bytearray(0x10000)

    @classmethod
    def open(cls, root: Path) -> Self:
        """Make the folder and its staging folder if need be."""
        staging = root / _STAGING
        with _unavailable("open", str(root)):
            made = [folder for folder in (staging, *staging.parents) if not folder.exists()]
            staging.mkdir(parents=True, exist_ok=True)
            for folder in made:
                flush_folder(str(folder.parent))
            if not os.access(staging, os.W_OK | os.X_OK):
                raise PermissionError("not writable")
        return cls(root)

    def place(self, blob: str) -> str:
        """The path of a committed blob."""
        assert len(blob) == _ID_CHARACTERS, blob
        return f"{self._root}/{blob[:2]}/{blob[2:4]}/{blob}"

    def staged(self, blob: str) -> str:
        return f"{self._staging}/{blob}"

    def move_in(self, blob: str) -> None:
        """Rename a staged file to its place; the name is on disk when this returns."""
        outer = f"{self._root}/{blob[:2]}"
        inner = f"{outer}/{blob[2:4]}"
        number = int(blob[:4], 16)
        if not self._durable[number]:
            Path(inner).mkdir(parents=True, exist_ok=True)
        Path(self.staged(blob)).rename(self.place(blob))
        flush_folder(inner)
        if not self._durable[number]:
            flush_folder(outer)
            flush_folder(self._root)
            self._durable[number] = 1

    def remove(self, blobs: Sequence[str]) -> None:
        """Delete blobs. Those that are not there are passed over."""
        for blob in blobs:
            with _unavailable("delete", blob):
                Path(self.place(blob)).unlink(missing_ok=True)

    def space(self) -> Space:
        """The file system that the folder is on. What is kept for the superuser is not free."""
        with _unavailable("measure", self._root):
            found = os.statvfs(self._root)
        return Space(total_bytes=found.f_blocks * found.f_frsize, free_bytes=found.f_bavail * found.f_frsize)

    def make_staged(self, blob: str) -> int:
        """A new staged file for writing, locked for as long as its descriptor is open: so it is no litter."""
        path = self.staged(blob)
        while True:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if os.fstat(descriptor).st_nlink:
                return descriptor
            os.close(descriptor)  # Taken for litter before it was locked.

    def remove_litter(self) -> int:
        """Delete the staged files that nobody holds open to write; returns how many."""
        with _unavailable("list", self._staging):
            return sum(map(_remove_unlocked, Path(self._staging).iterdir()))

    def leaves(self, after: str) -> Iterator[str]:
        """The innermost folders that may hold ids after `after`, in order of the ids."""
        for outer in _names(self._root, 2, after[:2]):
            for inner in _names(f"{self._root}/{outer}", 2, after[2:4] if outer == after[:2] else ""):
                yield f"{self._root}/{outer}/{inner}"


class StagedFile:
    """One blob in the making. Its calls come from any thread; a lock puts them in a row."""

    __slots__ = ("_descriptor", "_folders", "_lock", "_written", "_written_back", "blob")

    def __init__(self, folders: BlobFolders, blob: str) -> None:
        self.blob = blob
        self._folders = folders
        self._descriptor: int | None = None
        self._written = 0
        self._written_back = 0
        self._lock = Lock()

    def append(self, data: bytes | bytearray | memoryview) -> None:
        with self._lock, _unavailable("write", self.blob):
            descriptor = self._open()
            view = memoryview(data)
            while view:
                count = os.write(descriptor, view)
                self._written += count
                view = view[count:]
            self._begin_writeback(descriptor)

    def publish(self) -> None:
        """The bytes to disk, then the name. After an error the blob is not there; `discard` clears what is left."""
        with self._lock, _unavailable("commit", self.blob):
            os.fdatasync(self._open())
            self._folders.move_in(self.blob)
            self._close()

    def discard(self) -> None:
        """Remove the file, wherever it is by now. Safe after a failed or an unheard `publish`.

        Never raises: what a sick disk does not let go is litter or an orphan, and removed as such later.
        """
        with self._lock:
            with contextlib.suppress(OSError):
                self._close()
            for path in (self._folders.staged(self.blob), self._folders.place(self.blob)):
                with contextlib.suppress(OSError):
                    Path(path).unlink(missing_ok=True)

    def _open(self) -> int:
        if self._descriptor is None:
            assert not self._written, self.blob
            self._descriptor = self._folders.make_staged(self.blob)
        return self._descriptor

    def _close(self) -> None:
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            os.close(descriptor)

    def _begin_writeback(self, descriptor: int) -> None:
        """Let the disk begin with what is written, so that the flush at the end finds little left.

        Linux starts the write-back of dirty pages that it is advised not to keep, without waiting for it; pages that
        are still dirty stay cached for readers.
        """
        size = self._written - self._written_back
        if size >= _WRITEBACK_BYTES:
            os.posix_fadvise(descriptor, self._written_back, size, os.POSIX_FADV_DONTNEED)
            self._written_back = self._written


class BlobFile:
    """A range of a committed blob that is being read, by one caller at a time. Opened by the first `next`."""

    __slots__ = ("_descriptor", "_offset", "_path", "left")

    def __init__(self, path: str, offset: int, length: int) -> None:
        self.left = length
        self._path = path
        self._offset = offset
        self._descriptor: int | None = None

    @property
    def is_open(self) -> bool:
        return self._descriptor is not None

    def next(self, limit: int) -> bytes:
        """The next piece of the range, `limit` bytes or the rest; with the last one the file is closed.

        Raises:
            BlobMissing: no such blob, or it ends before the range does. BlobsUnavailable.
        """
        wanted = min(limit, self.left)
        try:
            if self._descriptor is None:
                self._descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
            piece = _read_fully(self._descriptor, wanted, self._offset)
        except FileNotFoundError:
            raise BlobMissing(self._path) from None
        except OSError as error:
            raise BlobsUnavailable(f"read {self._path}: {error.strerror}") from error
        if len(piece) < wanted:
            raise BlobMissing(f"{self._path} ends at {self._offset + len(piece)}")
        self._offset += wanted
        self.left -= wanted
        if not self.left:
            self.close()
        return piece

    def close(self) -> None:
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            os.close(descriptor)


def list_committed(folders: BlobFolders, before_us: int, after: str, limit: int) -> list[str]:
    """Ids of blobs committed before this time, ascending, from after `after`.

    The time of a commit is the file's change time, which its rename sets.
    """
    found: list[str] = []
    with _unavailable("list", "blobs"):
        for leaf in folders.leaves(after):
            for blob in _names(leaf, _ID_CHARACTERS, after):
                if blob > after and _changed_before(f"{leaf}/{blob}", before_us):
                    found.append(blob)
                    if len(found) == limit:
                        return found
    return found


def flush_folder(path: str) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_unlocked(path: Path) -> bool:
    """Delete a file unless another descriptor has it locked. Whether it was deleted here."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()
    except (BlockingIOError, FileNotFoundError):
        return False
    finally:
        os.close(descriptor)
    return True


def _changed_before(path: str, before_us: int) -> bool:
    try:
        return os.stat(path).st_ctime_ns // 1000 < before_us  # noqa: PTH116 - one call for each of many blobs.
    except FileNotFoundError:
        return False


def _names(folder: str, characters: int, start: str) -> list[str]:
    """Names of this length in a folder, from `start` on, in order. None when the folder is gone."""
    try:
        names = os.listdir(folder)  # noqa: PTH208 - names, not paths.
    except FileNotFoundError:
        return []
    return sorted(name for name in names if len(name) == characters and name >= start)


def _read_fully(descriptor: int, length: int, offset: int) -> bytes:
    piece = os.pread(descriptor, length, offset)
    while len(piece) < length and (more := os.pread(descriptor, length - len(piece), offset + len(piece))):
        piece += more
    return piece


@contextlib.contextmanager
def _unavailable(step: str, what: str) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise BlobsUnavailable(f"{step} {what}: {error}") from error
