"""The replication overview: every rule of many buckets by one small question, inside its width, with what failed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import Visitor
from tests.support.people import Person, allow, owner, user
from tests.support.replication import enable_versioning, put_rules, rule, wait_for
from tests.support.server import Server

Visit = Callable[..., Visitor]

SOURCES = 50
DESTINATION = "overview-of-rules-and-where-they-lead-destination-us-west-2"
FAILING = "overview-where-something-failed-under-rules-that-are-gone"
SUSPENDED = {"Status": "Suspended"}
ARRIVAL_S = 30.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One with fifty source buckets with long names, and one whose configuration was deleted after a failure."""
    one = Server(tmp_path_factory.mktemp("overview") / "data", workers=0)
    one.start()
    east, west = one.client(), one.client(region="us-west-2")
    west.create_bucket(Bucket=DESTINATION, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    enable_versioning(west, DESTINATION)
    for name in (FAILING, *(source(number) for number in range(SOURCES))):
        east.create_bucket(Bucket=name)
        enable_versioning(east, name)
        put_rules(east, name, rule(DESTINATION, ID="everything-of-this-bucket-to-the-west"))
    west.put_bucket_versioning(Bucket=DESTINATION, VersioningConfiguration=SUSPENDED)
    east.put_object(Bucket=FAILING, Key="a/folder/and-a-name-that-is-rather-long.parquet", Body=b"1")
    wait_for(lambda: one.cli("replication", "status", FAILING)["failures"], ARRIVAL_S, "a failure")
    east.delete_bucket_replication(Bucket=FAILING)
    yield one
    one.stop()


def source(number: int) -> str:
    return f"overview-source-bucket-with-a-longer-name-{number:02}"


def open_overview(visitor: Visitor, person: Person | None = None) -> Page:
    visitor.go("/replication")
    visitor.sign_in_here(*((person.key_id, person.secret) if person else ()))
    return visitor.page


def questions(page: Page) -> list[str]:
    """What the page asks from now on."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    return asked


@pytest.mark.parametrize(("width", "scheme"), [(1280, "dark"), (768, "light")])
def test_its_tables_fit(visit: Visit, width: int, scheme: str) -> None:
    visitor = visit(width=width, color_scheme=scheme)
    page = open_overview(visitor)
    expect(page.get_by_text(source(0))).to_be_visible()
    expect(page.get_by_role("button", name="Retry DstBucketUnversioned")).to_be_visible()
    visitor.picture(f"overview {width}")
    # The frame that would scroll sideways, and what is in it.
    page.wait_for_function(
        """() => [...document.querySelectorAll('table')].every(
            (table) => table.scrollWidth <= table.parentElement.clientWidth)"""
    )
    visitor.check_accessible()


def test_changes_of_fifty_buckets_and_new_rules_show_with_the_next_question(visit: Visit, server: Server) -> None:
    """A question every second and a half, so within two seconds; counted, since a clock would measure the machine."""
    page = open_overview(visit())
    expect(page.get_by_text(source(0))).to_be_visible()
    page.wait_for_load_state("networkidle")
    asked = questions(page)
    client = server.client()
    client.put_object(Bucket=source(0), Key="refused", Body=b"1")
    wait_for(lambda: server.cli("replication", "status", source(0))["failures"], ARRIVAL_S, "a failure")
    shows_soon(page, asked, f"tr:has(a[href$='buckets/{source(0)}'])", "Failures")
    client.create_bucket(Bucket="overview-new")
    enable_versioning(client, "overview-new")
    enable_versioning(server.client(region="us-west-2"), DESTINATION)
    put_rules(client, "overview-new", rule(DESTINATION, ID="made-meanwhile"))
    page.get_by_label("Find buckets and rules").fill("made-meanwhile")
    shows_soon(page, asked, "tr", "made-meanwhile")
    assert {url.partition("/-/")[2].partition("?")[0] for url in asked} == {"replication/overview"}
    client.delete_bucket_replication(Bucket="overview-new")
    expect(page.get_by_text("No bucket or rule has this text in its name.")).to_be_visible()


def shows_soon(page: Page, asked: list[str], selector: str, text: str) -> None:
    page.evaluate("() => 0")  # What was asked meanwhile is heard of only while Playwright is called.
    before = len(asked)
    script = "([found, text]) => [...document.querySelectorAll(found)].some((each) => each.innerText.includes(text))"
    page.wait_for_function(script, arg=[selector, text], polling="raf")
    assert len(asked) - before <= 2, asked


def test_failures_of_rules_that_are_gone_are_shown(visit: Visit, server: Server) -> None:
    page = open_overview(visit())
    causes = page.get_by_role("table", name="Failures by cause")
    line = causes.get_by_role("row").filter(has_text=FAILING)
    expect(line).to_contain_text("DstBucketUnversioned")
    expect(page.get_by_role("table", name="Replication rules")).not_to_contain_text(FAILING)


def test_who_may_see_some_buckets_sees_these_and_who_may_list_none_is_told(visit: Visit, server: Server) -> None:
    seen = f"arn:aws:s3:::{source(1)}"
    rules = allow(["s3:GetReplicationConfiguration"], seen)
    some = user(owner(server), "some", [allow("s3:ListAllMyBuckets"), rules])
    page = open_overview(visit(), some)
    expect(page.get_by_role("heading", name="Replication rules")).to_contain_text("(1)")
    expect(page.get_by_role("table", name="Replication rules")).to_contain_text(source(1))
    none = user(owner(server), "none", [rules])
    page = open_overview(visit(), none)
    expect(page.get_by_text("The replication rules could not be read")).to_be_visible()
    expect(page.get_by_text("s3:ListAllMyBuckets")).to_be_visible()
