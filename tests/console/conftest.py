"""A browser for the tests of this folder that want one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.support.browser import Visitor, browser, chromium
from tests.support.server import Server


@pytest.fixture(scope="module")
def chromium_browser() -> Iterator[Browser]:
    if chromium() is None:
        pytest.skip("chromium is missing: the console is not tried in a browser")
    with browser() as one:
        yield one


@pytest.fixture
def visit(chromium_browser: Browser, server: Server, tmp_path: Path) -> Iterator[Callable[..., Visitor]]:
    """`visit()` is somebody at the console of the shared server, nobody signed in. Nothing may go wrong in the page,
    and nothing may be asked of another place. Arguments: those of a browser's context."""
    made: list[Visitor] = []

    def make(width: int = 1280, **context: Any) -> Visitor:
        # Without motion: axe would measure colours that are on their way.
        settings: dict[str, Any] = {"viewport": {"width": width, "height": 900}, "reduced_motion": "reduce", **context}
        opened = chromium_browser.new_context(**settings)
        made.append(Visitor(opened.new_page(), server, tmp_path / "pictures"))
        return made[-1]

    yield make
    for one in made:
        one.page.context.close()
        assert not one.complaints
        assert not one.foreign
