"""A browser for tests of the console: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.support.console_source import install
from tests.support.server import Server

AXE = Path(__file__).parents[2] / "console" / "web" / "node_modules" / "axe-core" / "axe.min.js"
SCREENSHOTS = "FARSHORE_SCREENSHOTS"
"""Environment variable: a folder to keep the screenshots in; else they go the way of pytest's temporary files."""

_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_DEADLINE_MS = 60_000


def chromium() -> str | None:
    """Chromium's path; None where it is not installed."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def browser() -> Iterator[Browser]:
    path = chromium()
    assert path is not None
    expect.set_options(timeout=_DEADLINE_MS)
    with sync_playwright() as playwright:
        one = playwright.chromium.launch(executable_path=path, args=list(_FLAGS))
        try:
            yield one
        finally:
            one.close()


class Work:
    """What a page's main thread has done since this was made, by its own CPU time: other load has no part in it."""

    def __init__(self, page: Page) -> None:
        self._session = page.context.new_cdp_session(page)
        self._session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def seconds(self) -> float:
        metrics = self._session.send("Performance.getMetrics")["metrics"]
        return next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")


class Visitor:
    """Somebody at the console: a page, what it said that it should not have, and pictures of what was seen."""

    def __init__(self, page: Page, server: Server, pictures: Path) -> None:
        self.page = page
        self.server = server
        self.complaints: list[str] = []
        self.foreign: list[str] = []
        self._pictures = Path(os.environ.get(SCREENSHOTS, pictures))
        self._pictures.mkdir(parents=True, exist_ok=True)
        page.set_default_timeout(_DEADLINE_MS)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda message: self._said(message.type, message.text))
        page.on("request", lambda request: self._asked(request.url))

    def go(self, path: str) -> None:
        self.page.goto(f"{self.server.endpoint}/-/console{path}")

    def sign_in(self, access_key_id: str = "", secret_access_key: str = "") -> None:
        """From the console's first page."""
        self.sign_in_here(access_key_id, secret_access_key)
        expect(self.page.get_by_role("heading", name="General purpose buckets")).to_be_visible()

    def sign_in_here(self, access_key_id: str = "", secret_access_key: str = "") -> None:
        """From any page of the console: it shows once one is signed in."""
        self.page.get_by_label("Access key ID").fill(access_key_id or self.server.access_key_id)
        self.page.get_by_label("Secret access key").fill(secret_access_key or self.server.secret_access_key)
        self.page.get_by_role("button", name="Sign in").click()

    def picture(self, name: str) -> None:
        self.page.screenshot(path=str(self._pictures / f"{name}.png"))

    def violations(self) -> list[str]:
        """What axe finds wrong with what the page shows now."""
        self.page.evaluate(AXE.read_text())
        found = self.page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{violation['id']}: {violation['help']} at {node['target']}"
            for violation in found["violations"]
            for node in violation["nodes"]
        ]

    def check_accessible(self) -> None:
        """What is shown now, and no page of its own: a dialog, an error. Nothing, where axe cannot be installed."""
        if install() is None:
            found = self.violations()
            assert not found, "\n".join(found)

    def _said(self, kind: str, text: str) -> None:
        """Errors of the page. Answers of 4xx, which browsers note as well, are part of the conversation."""
        if kind == "error" and "Failed to load resource" not in text:
            self.complaints.append(text)

    def _asked(self, url: str) -> None:
        if not url.startswith((self.server.endpoint, "data:", "blob:")):
            self.foreign.append(url)
