"""The built web page: the files in `dist/`, made from `console/web/`, as a browser is sent them."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

DIST = Path(__file__).parent / "dist"
INDEX = "index.html"

_HASHED = "assets/"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".md": "text/markdown; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
_PACKED_ALREADY = frozenset({".woff2"})


@dataclass(frozen=True)
class BuiltFile:
    """One file. name: below `dist/`, with forward slashes."""

    name: str
    content: bytes

    @property
    def content_type(self) -> str:
        return _TYPES.get(Path(self.name).suffix, "application/octet-stream")

    @property
    def cache_control(self) -> str:
        """Names of assets carry a hash of their content; the page that names them is never kept."""
        if self.name.startswith(_HASHED):
            return "public, max-age=31536000, immutable"
        return "no-store" if self.name == INDEX else "public, max-age=3600"

    @cached_property
    def etag(self) -> str:
        return f'"{hashlib.sha256(self.content).hexdigest()[:32]}"'

    @cached_property
    def gzipped(self) -> bytes | None:
        """Compressed; None where that saves nothing. Takes tens of milliseconds for the largest, once."""
        if Path(self.name).suffix in _PACKED_ALREADY:
            return None
        packed = gzip.compress(self.content, 6, mtime=0)
        return packed if len(packed) < len(self.content) else None


class BuiltPage:
    """All files of a built page, read into memory when the first is asked for."""

    def __init__(self, folder: Path = DIST) -> None:
        self._folder = folder

    def find(self, path: str) -> BuiltFile | None:
        """The file at a path below the console's, or the page itself for an address inside of it (`buckets/photos`).

        None for a file that there is none of, and where the page was not built.
        """
        if path in self._files:
            return self._files[path]
        return None if path.startswith(_HASHED) else self._files.get(INDEX)

    @cached_property
    def _files(self) -> dict[str, BuiltFile]:
        files = [path for path in self._folder.rglob("*") if path.is_file()]
        names = {path.relative_to(self._folder).as_posix(): path for path in files}
        return {name: BuiltFile(name, path.read_bytes()) for name, path in names.items()}
