"""A bucket with 100,000 objects in the browser: opened, paged, searched and emptied without a freeze."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect

from farshore.bench.processes import cpu_s
from tests.support.browser import Visitor, Work
from tests.support.filling import fill
from tests.support.replication import enable_versioning
from tests.support.server import Server

Visit = Callable[..., Visitor]

COUNT = 100_000
PAGE = 50
PAGE_WORK_S_MAX = 1.0
SERVER_WORK_S_MAX = 0.5
LONGEST_TASK_MS_MAX = 2000
"""By the clock on the wall, so that it has to hold where something else has the processor for a while."""

_WATCH_TASKS = """
window.longestTask = 0;
const look = (entry) => { window.longestTask = Math.max(window.longestTask, entry.duration); };
new PerformanceObserver((list) => list.getEntries().forEach(look)).observe({type: 'longtask', buffered: true});
"""


class Quick:
    """Opening a page, or going on to the next, is little work for the server and for the page.

    It is measured by the CPU time of each, in which other load on the machine has no part.
    """

    def __init__(self, visitor: Visitor) -> None:
        self._work = Work(visitor.page)
        assert visitor.server.process is not None
        self._pids = [visitor.server.process.pid]

    @contextmanager
    def __call__(self, what: str) -> Generator[None]:
        server_s, page_s = cpu_s(self._pids), self._work.seconds()
        yield
        server_s, page_s = cpu_s(self._pids) - server_s, self._work.seconds() - page_s
        assert server_s < SERVER_WORK_S_MAX, f"{what} took the server {server_s:.2f} s"
        assert page_s < PAGE_WORK_S_MAX, f"{what} took the page {page_s:.2f} s"


def longest_task_ms(page: Page) -> float:
    """The longest time for which the page answered to nothing, since its document was loaded."""
    return page.evaluate("() => window.longestTask")


def visitor_of(visit: Visit, server: Server, bucket: str) -> Visitor:
    """Somebody signed in, before the list of buckets, of which one is about to be filled."""
    client = server.client()
    client.create_bucket(Bucket=bucket)
    enable_versioning(client, bucket)
    visitor = visit()
    visitor.page.add_init_script(_WATCH_TASKS)
    visitor.go("/")
    visitor.sign_in()
    return visitor


def test_100_000_objects_are_paged_and_searched_without_a_freeze(visit: Visit, server: Server) -> None:
    visitor = visitor_of(visit, server, "large-pages")
    page, quick = visitor.page, Quick(visitor)
    folder = [f"logs/{number % 500:03}/{number:06}.log" for number in range(COUNT // 2)]
    flat = [f"{number:06}.txt" for number in range(COUNT // 2)]
    fill(server, "large-pages", folder + flat[PAGE:])
    fill(server, "large-pages", flat[:PAGE], versions=2)

    def shows(key: str) -> None:
        expect(page.get_by_role("link", name=key, exact=True).first).to_be_visible()

    page.get_by_placeholder("Find buckets by name").fill("large-pages")
    with quick("the first page"):
        page.get_by_role("link", name="large-pages").click()
        shows("000000.txt")
    for number in (2, 3, 4):
        with quick(f"page {number}"):
            page.get_by_role("button", name="Next page").click()
            shows(f"{(number - 1) * PAGE:06}.txt")
    with quick("back"):
        page.get_by_role("button", name="Previous page").click()
        shows(f"{2 * PAGE:06}.txt")
    with quick("a search"):
        page.get_by_placeholder("Find objects by prefix").fill("0499")
        shows("049900.txt")
    page.get_by_role("button", name="Next page").click()
    shows("049999.txt")
    page.get_by_placeholder("Find objects by prefix").fill("049999")
    expect(page.get_by_role("row")).to_have_count(2)
    page.get_by_placeholder("Find objects by prefix").fill("")
    shows("000000.txt")

    with quick("versions"):
        page.get_by_label("Show versions").check()
        expect(page.get_by_role("row", name=re.compile("^Select 000000.txt"))).to_have_count(2)
    with quick("the next page of versions"):
        page.get_by_role("button", name="Next page").click()
        shows(f"{PAGE // 2:06}.txt")
    page.get_by_label("Show versions").uncheck()
    page.get_by_placeholder("Find objects by prefix").fill("logs")
    with quick("a folder of 500 folders"):
        page.get_by_role("link", name="logs/").click()
        shows("000/")
    page.get_by_placeholder("Find objects by prefix").fill("499")
    with quick("a folder in it"):
        page.get_by_role("link", name="499/").click()
        shows("000499.log")
    assert longest_task_ms(page) < LONGEST_TASK_MS_MAX


@pytest.mark.parametrize(
    "count", [pytest.param(10_000, id="10,000"), pytest.param(COUNT, id="100,000", marks=pytest.mark.slow)]
)
def test_emptying_says_how_far_it_is_and_stops_when_told(visit: Visit, server: Server, count: int) -> None:
    bucket = f"large-empty-{count}"
    visitor = visitor_of(visit, server, bucket)
    page = visitor.page
    fill(server, bucket, [f"{number:06}.txt" for number in range(count // 2)], versions=2)
    visitor.go(f"/buckets/{bucket}/empty")
    page.get_by_label("Confirmation").fill("permanently delete")
    page.get_by_role("button", name="Empty", exact=True).click()
    expect(page.get_by_text(re.compile(r"^[1-9][\d,]* versions deleted\."))).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    said = page.get_by_text(re.compile(r"^Stopped\. [1-9][\d,]* versions deleted"))
    expect(said).to_be_visible()
    deleted = int(re.sub(r"\D", "", said.inner_text()))
    assert deleted < count
    client = server.client()
    left = sum(len(part["Versions"]) for part in client.get_paginator("list_object_versions").paginate(Bucket=bucket))
    assert left == count - deleted, "what was being deleted was finished and counted"

    page.get_by_role("button", name="Empty", exact=True).click()
    expect(page.get_by_text(f"{left:,} versions deleted", exact=True)).to_be_visible(timeout=120_000)
    expect(page.get_by_role("link", name="Delete bucket")).to_be_visible()
    assert "Versions" not in client.list_object_versions(Bucket=bucket)
    assert longest_task_ms(page) < LONGEST_TASK_MS_MAX
