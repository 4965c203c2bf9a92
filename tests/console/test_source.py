"""The console's source (`console/web`): its own tests, and that the committed page is what it builds.

Users need no Node. Without one, these tests say so and are left out.
"""

from __future__ import annotations

import fcntl
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from farshore.console.built_page import DIST
from tests.support.console_source import SOURCE, install, run


@pytest.fixture(scope="module")
def source() -> Iterator[Path]:
    """The source, for one process at a time."""
    with (SOURCE / ".npmrc").open("rb") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        why_not = install()
        if why_not is not None:
            pytest.skip(why_not)
        yield SOURCE


def content(folder: Path) -> dict[str, str]:
    """Digests of a folder's files by their names."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_page_that_is_committed_is_what_its_source_builds(source: Path, tmp_path: Path) -> None:
    """Change `console/web`, run `npm run build` there, and commit `src/farshore/console/dist` with it."""
    run(["npx", "vite", "build", "--outDir", str(tmp_path / "dist"), "--emptyOutDir"])
    assert content(tmp_path / "dist") == content(DIST)


def test_types_hold(source: Path) -> None:
    run(["npx", "tsc", "--noEmit"])


def test_its_own_tests_pass(source: Path) -> None:
    assert "passed" in run(["npx", "vitest", "run"])


def test_the_source_is_formatted(source: Path) -> None:
    run(["npx", "prettier", "--check", "src", "build", "vite.config.ts"])


def test_nothing_is_typed_as_any() -> None:
    """The compiler finds what it has to infer as `any`; what is written so, this does."""
    for path in SOURCE.glob("src/**/*.ts*"):
        assert not re.search(r"(:|<|\bas) any\b|@ts-(ignore|nocheck|expect-error)", path.read_text()), path


def test_the_built_page_names_no_other_place() -> None:
    """Fonts, scripts and styles come with it. (Addresses inside of texts and namespaces are asked for nothing.)"""
    page = (DIST / "index.html").read_text()
    assert re.findall(r"(?:src|href)=\"([^\"]*)\"", page), page
    assert all(place.startswith("/-/console/") for place in re.findall(r"(?:src|href)=\"([^\"]*)\"", page))
    for sheet in DIST.glob("assets/*.css"):
        places = re.findall(r"url\(['\"]?([^'\")]*)", sheet.read_text())
        assert all(place.startswith(("/-/console/", "data:image/", "#")) for place in places), sheet


def test_the_lock_names_no_registry() -> None:
    assert '"resolved"' not in (SOURCE / "package-lock.json").read_text()
