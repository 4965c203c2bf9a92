"""The five pictures of docs/console.md, made anew: `FARSHORE_SCREENSHOTS=FOLDER` keeps them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.browser import Visitor
from tests.support.replication import enable_versioning, put_rules, rule, wait_for
from tests.support.server import Server

DOCS = Path(__file__).parents[2] / "docs"
PICTURES = ("rule", "rules", "objects", "why", "overview")
KEYS = ("albums/2026/lisbon.jpg", "albums/2026/porto.jpg", "index.html", "notes.txt", "style.css")
ARRIVAL_S = 30.0
SUSPENDED = {"Status": "Suspended"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One whose buckets are those of the pictures."""
    one = Server(tmp_path_factory.mktemp("pictures") / "data", workers=0)
    one.start()
    for name, region in (("photos", "us-east-1"), ("photos-west", "us-west-2"), ("photos-archive", "eu-west-1")):
        client = one.client(region=region)
        place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        client.create_bucket(Bucket=name, **place)
        enable_versioning(client, name)
    yield one
    one.stop()


def test_the_pictures_of_the_documentation_show_the_console_as_it_is(
    visit: Callable[..., Visitor], server: Server
) -> None:
    visitor = visit(width=1180)
    page = visitor.page
    client = server.client()
    for key in KEYS:
        client.put_object(Bucket="photos", Key=key, Body=b"x" * 2000)
    visitor.go("/buckets/photos/create-replication-rule")
    visitor.sign_in_here()
    picture_of_a_rule(visitor)
    fail_some(server)
    visitor.go("/buckets/photos?tab=management")
    expect(page.get_by_role("row", name=re.compile("everything Enabled .*photos-west us-west-2"))).to_be_visible()
    visitor.picture("rules")
    visitor.go("/buckets/photos")
    expect(page.get_by_role("row", name=re.compile("style.css COMPLETED"))).to_be_visible()
    visitor.picture("objects")
    visitor.go(f"/buckets/photos/object?key={KEYS[0]}")
    page.get_by_role("button", name="Why?").click()
    expect(page.get_by_role("button", name="Enable Bucket Versioning")).to_be_visible()
    to_the_top(page, page.get_by_role("heading", name="Replication", exact=True))
    visitor.picture("why")
    visitor.go("/replication")
    expect(page.get_by_role("row", name=re.compile("photos albums to photos-archive Failures"))).to_be_visible()
    expect(page.get_by_role("button", name="Retry DstBucketUnversioned of photos")).to_be_visible()
    visitor.picture("overview")


def picture_of_a_rule(visitor: Visitor) -> None:
    page = visitor.page
    page.get_by_label("Replication rule name").fill("albums")
    page.get_by_label("Prefix").fill("albums/")
    page.get_by_label("Bucket name").fill("photos-west")
    expect(page.get_by_test_id("destination-region")).to_have_text("us-west-2")
    page.keyboard.press("Escape")
    to_the_top(page, page.get_by_role("heading", name="Source bucket", exact=True))
    visitor.picture("rule")


def fail_some(server: Server) -> None:
    """What is written now arrives in the west; of the albums nothing in the archive, which keeps no versions."""
    client, archive = server.client(), server.client(region="eu-west-1")
    put_rules(
        client,
        "photos",
        rule("photos-west", ID="everything"),
        rule("photos-archive", ID="albums", priority=2, Filter={"Prefix": "albums/"}),
    )
    archive.put_bucket_versioning(Bucket="photos-archive", VersioningConfiguration=SUSPENDED)
    for key in KEYS:
        client.put_object(Bucket="photos", Key=key, Body=b"x" * 2000)

    def settled() -> bool:
        found = [client.head_object(Bucket="photos", Key=key)["ReplicationStatus"] for key in KEYS]
        return sorted(found) == ["COMPLETED"] * 3 + ["FAILED"] * 2

    wait_for(settled, ARRIVAL_S, "an end for all")


def to_the_top(page: Page, heading: Locator) -> None:
    heading.evaluate("(element) => window.scrollBy(0, element.getBoundingClientRect().top - 90)")


def test_the_documentation_shows_these_pictures_and_no_others() -> None:
    shown = re.findall(r"\]\(console/(\w+)\.png\)", (DOCS / "console.md").read_text())
    assert sorted(shown) == sorted(PICTURES)
    assert sorted(path.stem for path in (DOCS / "console").iterdir()) == sorted(PICTURES)
