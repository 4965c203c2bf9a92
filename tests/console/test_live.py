"""What changes shows by itself within two seconds, by few requests, and by none from a page that nobody sees."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import Visitor
from tests.support.own_api import call
from tests.support.replication import enable_versioning, make_pair, put_rule
from tests.support.server import Server

Visit = Callable[..., Visitor]

SHOWN_S_MAX = 2.0
REQUESTS_PER_S_MAX = 1.5
SUSPENDED = {"Status": "Suspended"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One with no other buckets: the overview asks for each that has rules."""
    one = Server(tmp_path_factory.mktemp("live") / "data", workers=0)
    one.start()
    yield one
    one.stop()


def pair(server: Server, name: str) -> tuple[Any, Any]:
    """Clients of a bucket in us-east-1 and of the one in us-west-2 (`NAME-west`) that it replicates to."""
    east, west = server.client(), server.client(region="us-west-2")
    make_pair(east, west, name, f"{name}-west")
    put_rule(east, name, f"{name}-west", ID="all")
    return east, west


def open_page(visit: Visit, path: str, text: str) -> Page:
    """The page, once it shows the text."""
    visitor = visit()
    visitor.go(path)
    visitor.sign_in_here()
    expect(visitor.page.get_by_text(text).first).to_be_visible()
    return visitor.page


def shows(page: Page, selector: str, text: str, since: float) -> None:
    """An element that the selector finds has the text, at most two seconds after this moment."""
    script = "([found, text]) => [...document.querySelectorAll(found)].some((each) => each.innerText.includes(text))"
    page.wait_for_function(script, arg=[selector, text], polling="raf")
    took = time.monotonic() - since
    assert took < SHOWN_S_MAX, f"{text!r} shown after {took:.2f} s"


def hide(page: Page, hidden: bool) -> None:
    """As when another tab is looked at."""
    page.evaluate(
        """(hidden) => {
            Object.defineProperty(document, 'hidden', {configurable: true, get: () => hidden});
            document.dispatchEvent(new Event('visibilitychange'));
        }""",
        hidden,
    )


def test_objects_and_their_statuses_show_by_themselves(visit: Visit, server: Server) -> None:
    """New ones, and those that were settled: failed, driven again, arrived."""
    east, west = pair(server, "live-objects")
    page = open_page(visit, "/buckets/live-objects", "No objects")
    for key in ("one", "two", "three"):
        page.wait_for_timeout(700)  # Not in step with the page.
        east.put_object(Bucket="live-objects", Key=key, Body=b"1")
        shows(page, f"tr:has(a[href$='key={key}'])", "COMPLETED", time.monotonic())
    west.put_bucket_versioning(Bucket="live-objects-west", VersioningConfiguration=SUSPENDED)
    east.put_object(Bucket="live-objects", Key="refused", Body=b"1")
    shows(page, "tr:has(a[href$='key=refused'])", "FAILED", time.monotonic())
    page.wait_for_timeout(2000)
    enable_versioning(west, "live-objects-west")
    assert call(server, "POST", "/-/replication/retry", bucket="live-objects")["retried"] == 1
    shows(page, "tr:has(a[href$='key=refused'])", "COMPLETED", time.monotonic())


def test_an_object_s_own_page_follows_it(visit: Visit, server: Server) -> None:
    east, west = pair(server, "live-object")
    west.put_bucket_versioning(Bucket="live-object-west", VersioningConfiguration=SUSPENDED)
    east.put_object(Bucket="live-object", Key="k", Body=b"1")
    page = open_page(visit, "/buckets/live-object/object?key=k", "DstBucketUnversioned")
    enable_versioning(west, "live-object-west")
    call(server, "POST", "/-/replication/retry", bucket="live-object")
    since = time.monotonic()
    shows(page, "[data-testid='replication-status']", "COMPLETED", since)
    shows(page, "tr:has(a[href$='buckets/live-object-west'])", "COMPLETED", since)


def test_the_overview_follows_what_fails_and_what_waits(visit: Visit, server: Server) -> None:
    east, west = pair(server, "live-overview")
    page = open_page(visit, "/replication", "live-overview")
    west.put_bucket_versioning(Bucket="live-overview-west", VersioningConfiguration=SUSPENDED)
    east.put_object(Bucket="live-overview", Key="refused", Body=b"1")
    since = time.monotonic()
    shows(page, "tr:has(a[href$='buckets/live-overview'])", "Failures", since)
    shows(page, "tr:has(a[href*='object?key=refused'])", "DstBucketUnversioned", since)


def test_a_page_asks_little_and_nothing_when_nobody_sees_it(visit: Visit, server: Server) -> None:
    east, _ = pair(server, "live-quiet")
    for number in range(60):
        east.put_object(Bucket="live-quiet", Key=f"{number:02}", Body=b"")
    page = open_page(visit, "/buckets/live-quiet", "COMPLETED")
    page.wait_for_load_state("networkidle")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(4000)
    assert 2 <= len(asked) <= 4 * REQUESTS_PER_S_MAX, asked
    hide(page, True)
    page.wait_for_timeout(500)  # What was under way.
    asked.clear()
    page.wait_for_timeout(3000)
    assert asked == []
    east.put_object(Bucket="live-quiet", Key="00-new", Body=b"")
    hide(page, False)
    shows(page, "tr:has(a[href$='key=00-new'])", "COMPLETED", time.monotonic())
