"""What changes shows by itself within two seconds, by few requests, and by none from a page that nobody sees.

These are seconds of the page's own clock, which stands still but for what a test lets pass: how slow the machine is
makes nothing late, and nothing early.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, Request, expect

from tests.support.browser import Visitor
from tests.support.own_api import call
from tests.support.replication import enable_versioning, make_pair, put_rule, wait_for
from tests.support.server import Server

Visit = Callable[..., Visitor]

SHOWN_MS_MAX = 2000
REQUESTS_PER_S_MAX = 1.5
SETTLED_S = 60.0
STEP_MS = 100
AHEAD_S = 60
"""The clock is stopped at a time that cannot have passed until then. Signatures hold for a quarter of an hour."""

SUSPENDED = {"Status": "Suspended"}
_TURN = """() => new Promise((done) => {
    const {port1, port2} = new MessageChannel();
    port1.onmessage = () => done();
    port2.postMessage(0);
})"""


class Watched:
    """A page whose clock stands still, and what it asks for."""

    def __init__(self, visitor: Visitor, path: str, text: str) -> None:
        """Opens the page, signs in, and stops its clock once it shows the text."""
        self.page: Page = visitor.page
        self.asked: list[str] = []
        self._under_way: set[Request] = set()
        self.page.on("request", self._began)
        self.page.on("requestfinished", self._ended)
        self.page.on("requestfailed", self._ended)
        self.page.clock.install()
        visitor.go(path)
        visitor.sign_in_here()
        expect(self.page.get_by_text(text).first).to_be_visible()
        self.page.clock.pause_at(self.page.evaluate("() => Date.now()") / 1000 + AHEAD_S)
        self._settle()

    def let_pass(self, ms: int) -> None:
        """Time goes on by so much, in steps; after each, what was asked is answered and shown."""
        for _ in range(ms // STEP_MS):
            self.page.clock.run_for(STEP_MS)
            self._settle()

    def shows(self, selector: str, text: str) -> None:
        """An element that the selector finds has the text, after no more than two seconds."""
        self.let_pass(SHOWN_MS_MAX)
        expect(self.page.locator(selector, has_text=text).first).to_be_visible()

    def hide(self, hidden: bool) -> None:
        """As when another tab is looked at."""
        self.page.evaluate(
            """(hidden) => {
                Object.defineProperty(document, 'hidden', {configurable: true, get: () => hidden});
                document.dispatchEvent(new Event('visibilitychange'));
            }""",
            hidden,
        )

    def _began(self, request: Request) -> None:
        self.asked.append(request.url)
        self._under_way.add(request)

    def _ended(self, request: Request) -> None:
        self._under_way.discard(request)

    def _settle(self) -> None:
        """Let the page work off what has come, and wait for what it asks then, until it asks for nothing more.

        A turn of the page's own queue comes after all that waits in it; its clock has no part in that. A request is
        signed beside that queue, and may come a little later: then time has gone on by a step.
        """
        quiet = 0
        while quiet < 3:
            self.page.evaluate(_TURN)
            self.page.wait_for_timeout(5)  # Playwright hears of requests and answers while it is called.
            quiet = 0 if self._under_way else quiet + 1


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


def settled(client: Any, bucket: str, key: str, status: str) -> None:
    def stands() -> bool:
        return client.head_object(Bucket=bucket, Key=key)["ReplicationStatus"] == status

    wait_for(stands, SETTLED_S, f"{key} is {status}")


def test_objects_and_their_statuses_show_by_themselves(visit: Visit, server: Server) -> None:
    """New ones, and those that were settled: failed, driven again, arrived."""
    bucket = "live-objects"
    east, west = pair(server, bucket)
    watched = Watched(visit(), f"/buckets/{bucket}", "No objects")
    for key in ("one", "two", "three"):
        watched.let_pass(700)  # Not in step with the page.
        east.put_object(Bucket=bucket, Key=key, Body=b"1")
        settled(east, bucket, key, "COMPLETED")
        watched.shows(f"tr:has(a[href$='key={key}'])", "COMPLETED")
    west.put_bucket_versioning(Bucket=f"{bucket}-west", VersioningConfiguration=SUSPENDED)
    east.put_object(Bucket=bucket, Key="refused", Body=b"1")
    settled(east, bucket, "refused", "FAILED")
    watched.shows("tr:has(a[href$='key=refused'])", "FAILED")
    watched.let_pass(2000)
    enable_versioning(west, f"{bucket}-west")
    assert call(server, "POST", "/-/replication/retry", bucket=bucket)["retried"] == 1
    settled(east, bucket, "refused", "COMPLETED")
    watched.shows("tr:has(a[href$='key=refused'])", "COMPLETED")


def test_an_object_s_own_page_follows_it(visit: Visit, server: Server) -> None:
    bucket = "live-object"
    east, west = pair(server, bucket)
    west.put_bucket_versioning(Bucket=f"{bucket}-west", VersioningConfiguration=SUSPENDED)
    east.put_object(Bucket=bucket, Key="k", Body=b"1")
    watched = Watched(visit(), f"/buckets/{bucket}/object?key=k", "DstBucketUnversioned")
    enable_versioning(west, f"{bucket}-west")
    call(server, "POST", "/-/replication/retry", bucket=bucket)
    settled(east, bucket, "k", "COMPLETED")
    watched.shows("[data-testid='replication-status']", "COMPLETED")
    expect(watched.page.locator(f"tr:has(a[href$='buckets/{bucket}-west'])")).to_contain_text("COMPLETED")


def test_the_overview_follows_what_fails_and_what_waits(visit: Visit, server: Server) -> None:
    bucket = "live-overview"
    east, west = pair(server, bucket)
    watched = Watched(visit(), "/replication", bucket)
    west.put_bucket_versioning(Bucket=f"{bucket}-west", VersioningConfiguration=SUSPENDED)
    east.put_object(Bucket=bucket, Key="refused", Body=b"1")
    settled(east, bucket, "refused", "FAILED")
    watched.shows(f"tr:has(a[href$='buckets/{bucket}'])", "Failures")
    expect(watched.page.locator("tr:has(a[href*='object?key=refused'])")).to_contain_text("DstBucketUnversioned")


def test_a_page_asks_little_and_nothing_when_nobody_sees_it(visit: Visit, server: Server) -> None:
    bucket = "live-quiet"
    east, _ = pair(server, bucket)
    for number in range(60):
        east.put_object(Bucket=bucket, Key=f"{number:02}", Body=b"")
        settled(east, bucket, f"{number:02}", "COMPLETED")
    watched = Watched(visit(), f"/buckets/{bucket}", "COMPLETED")
    watched.asked.clear()
    watched.let_pass(4000)
    assert 2 <= len(watched.asked) <= 4 * REQUESTS_PER_S_MAX, watched.asked
    watched.hide(True)
    watched.let_pass(500)  # What was under way.
    watched.asked.clear()
    watched.let_pass(3000)
    assert watched.asked == []
    east.put_object(Bucket=bucket, Key="00-new", Body=b"")
    settled(east, bucket, "00-new", "COMPLETED")
    watched.hide(False)
    watched.shows("tr:has(a[href$='key=00-new'])", "COMPLETED")


def test_a_page_says_that_it_is_not_up_to_date_while_the_server_does_not_answer(visit: Visit, server: Server) -> None:
    """On the pages that follow what changes; and it says so no more once there are answers again."""
    bucket = "live-unanswered"
    east, _ = pair(server, bucket)
    east.put_object(Bucket=bucket, Key="k", Body=b"1")
    settled(east, bucket, "k", "COMPLETED")
    for path, text in ((f"/buckets/{bucket}", "COMPLETED"), ("/replication", bucket)):
        watched = Watched(visit(), path, text)
        stale = watched.page.get_by_text("What is shown is not up to date")
        watched.let_pass(2000)
        expect(stale).to_have_count(0)
        watched.page.route("**", lambda route: route.abort())
        watched.let_pass(2000)
        expect(stale).to_be_visible()
        expect(watched.page.get_by_text("The server does not answer.").first).to_be_visible()
        expect(watched.page.get_by_text(text).first).to_be_visible()
        watched.page.unroute_all(behavior="wait")
        watched.let_pass(10_000)
        expect(stale).to_have_count(0)
