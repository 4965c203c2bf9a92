"""Rules edited, ordered, switched and deleted; metrics and the overview; users and what they may; the first load."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.support.browser import Visitor, Work
from tests.support.replication import make_pair, put_rules, rule, wait_for
from tests.support.server import Server

Visit = Callable[..., Visitor]

FIRST_LOAD_BYTES_MAX = 700_000
FIRST_LOAD_WORK_S_MAX = 0.5


def two_buckets(server: Server, source: str, destination: str) -> Any:
    client, west = server.client(), server.client(region="us-west-2")
    make_pair(client, west, source, destination)
    return client


def rules_of(client: Any, bucket: str) -> dict[str, Any]:
    return {
        each["ID"]: each for each in client.get_bucket_replication(Bucket=bucket)["ReplicationConfiguration"]["Rules"]
    }


def choose(page: Page, name: str, item: str) -> None:
    """Select a rule, and an item of the Actions menu."""
    page.get_by_role("radio", name=f"Select {name}").check()
    page.get_by_role("button", name="Actions").click()
    page.get_by_role("menuitem", name=item).click()


def test_rules_are_switched_ordered_edited_and_deleted(visit: Visit, server: Server) -> None:
    client = two_buckets(server, "manage-source", "manage-destination")
    put_rules(
        client,
        "manage-source",
        rule("manage-destination", ID="weak", priority=1, Filter={"Prefix": "a/"}),
        rule("manage-destination", ID="strong", priority=7, delete_markers=True),
    )
    visitor = visit()
    page = visitor.page
    visitor.go("/buckets/manage-source?tab=management")
    visitor.sign_in_here()
    rows = page.get_by_role("row", name=re.compile("manage-destination"))
    expect(rows.nth(0)).to_contain_text("strong")

    choose(page, "weak", "Disable rule")
    expect(page.get_by_role("row", name=re.compile("weak Disabled"))).to_be_visible()
    choose(page, "weak", "Edit priorities")
    page.get_by_role("dialog").get_by_role("button", name="Move weak up").click()
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(rows.nth(0)).to_contain_text("weak")
    rules = rules_of(client, "manage-source")
    assert {name: each["Priority"] for name, each in rules.items()} == {"weak": 7, "strong": 1}
    assert rules["weak"]["Status"] == "Disabled"

    page.get_by_role("radio", name="Select strong").check()
    page.get_by_role("link", name="Edit rule").click()
    expect(page.get_by_label("Replication rule name")).to_have_value("strong")
    page.get_by_label("Priority").fill("7")
    page.get_by_role("checkbox", name="Replication Time Control (RTC)").check()
    expect(page.get_by_role("checkbox", name="Replication metrics and events")).to_be_checked()
    page.get_by_role("checkbox", name="Change the storage class for the replicated objects").check()
    page.get_by_role("radio", name="Standard-IA").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Found duplicate priority 7.")).to_be_visible()
    expect(page.get_by_label("Priority")).to_be_focused()
    page.get_by_label("Priority").fill("9")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("row", name=re.compile("strong Enabled .* 9 .*Standard-IA.*Enabled"))).to_be_visible()
    saved = rules_of(client, "manage-source")["strong"]
    assert saved["Destination"]["ReplicationTime"] == {"Status": "Enabled", "Time": {"Minutes": 15}}
    assert saved["DeleteMarkerReplication"]["Status"] == "Enabled", "what was not touched stays"

    page.get_by_role("radio", name="Select weak").check()
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("row", name=re.compile("weak"))).to_have_count(0)
    page.get_by_role("button", name="Actions").click()
    page.get_by_role("menuitem", name="Delete all rules").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("No replication rules")).to_be_visible()


def test_what_others_change_meanwhile_stays(visit: Visit, server: Server) -> None:
    client = two_buckets(server, "meanwhile-source", "meanwhile-destination")
    shown = rule("meanwhile-destination", ID="shown", priority=3, Filter={"Prefix": "a/"})
    put_rules(client, "meanwhile-source", shown)
    visitor = visit()
    page = visitor.page
    visitor.go("/buckets/meanwhile-source?tab=management")
    visitor.sign_in_here()
    expect(page.get_by_role("radio", name="Select shown")).to_be_visible()
    put_rules(client, "meanwhile-source", shown, rule("meanwhile-destination", ID="others", Filter={"Prefix": "b/"}))
    choose(page, "shown", "Disable rule")
    expect(page.get_by_role("row", name=re.compile("others Enabled"))).to_be_visible()
    statuses = {name: each["Status"] for name, each in rules_of(client, "meanwhile-source").items()}
    assert statuses == {"shown": "Disabled", "others": "Enabled"}


def test_the_form_says_what_is_missing_and_goes_there(visit: Visit, server: Server) -> None:
    two_buckets(server, "form-source", "form-destination")
    visitor = visit()
    page = visitor.page
    visitor.go("/buckets/form-source/create-replication-rule")
    visitor.sign_in_here()
    page.get_by_role("button", name="Save", exact=True).click()
    for text in ("Enter a replication rule name.", "Enter a prefix or add a tag", "Choose a destination bucket."):
        expect(page.get_by_text(text).first).to_be_visible()
    expect(page.get_by_label("Replication rule name")).to_be_focused()
    page.get_by_role("button", name="Add tag").click()
    page.get_by_label("Key of tag 1").fill("keep")
    expect(page.get_by_role("checkbox", name="Delete marker replication")).to_be_disabled()


def test_metrics_are_charted_and_the_overview_shows_every_rule(visit: Visit, server: Server) -> None:
    client = two_buckets(server, "metrics-source", "metrics-destination")
    put_rules(
        client,
        "metrics-source",
        rule("metrics-destination", ID="metered", Destination={"Metrics": {"Status": "Enabled"}}),
    )
    client.put_object(Bucket="metrics-source", Key="k", Body=b"1")
    wait_for(
        lambda: client.head_object(Bucket="metrics-source", Key="k")["ReplicationStatus"] == "COMPLETED",
        60,
        "replicated",
    )
    visitor = visit()
    page = visitor.page
    visitor.go("/buckets/metrics-source?tab=metrics")
    visitor.sign_in_here()
    page.get_by_role("button", name="Display charts").click()
    for title in (
        "Operations pending replication",
        "Replication latency",
        "Bytes pending replication",
        "Operations failed replication",
    ):
        expect(page.get_by_role("heading", name=title)).to_be_visible()
    visitor.picture("41-metrics")
    page.get_by_role("link", name="Replication overview").click()
    page.get_by_placeholder("Find buckets and rules").fill("metrics-source")
    expect(
        page.get_by_role("row", name=re.compile("metrics-source metered to metrics-destination Up to date"))
    ).to_be_visible()
    visitor.picture("42-overview")


def test_signing_out_ends_the_session_and_a_reload_keeps_it(visit: Visit, server: Server) -> None:
    visitor = visit()
    page = visitor.page
    visitor.go("/")
    visitor.sign_in()
    page.reload()
    expect(page.get_by_role("heading", name="General purpose buckets")).to_be_visible()
    assert page.evaluate("() => document.cookie") == ""
    assert page.evaluate("() => Object.keys(localStorage).concat(Object.keys(sessionStorage))") == []
    page.get_by_role("button", name=re.compile(r"^\d{12}$")).click()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_a_wrong_secret_is_said_beside_its_field(visit: Visit, server: Server) -> None:
    visitor = visit()
    visitor.go("/")
    visitor.sign_in_here(server.access_key_id, "not the secret")
    expect(visitor.page.get_by_text("The request signature we calculated does not match")).to_be_visible()


def test_the_first_load_is_small_and_quick(chromium_browser: Browser, server: Server) -> None:
    """Everything up to a page that one can type into: bytes as they come over the wire, and the page's own work."""
    context = chromium_browser.new_context()
    page = context.new_page()
    work = Work(page)
    page.goto(f"{server.endpoint}/-/console/")
    page.get_by_label("Access key ID").wait_for()
    worked_s = work.seconds()
    size = page.evaluate("() => performance.getEntries().reduce((sum, entry) => sum + (entry.transferSize || 0), 0)")
    context.close()
    assert 200_000 < size < FIRST_LOAD_BYTES_MAX, size
    assert 0 < worked_s < FIRST_LOAD_WORK_S_MAX, worked_s
