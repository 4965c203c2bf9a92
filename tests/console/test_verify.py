"""A destination verified in the browser: never, found to differ, repaired, equal."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from tests.support.browser import Visitor
from tests.support.replication import make_pair, put_rule, wait_for
from tests.support.server import Server

Visit = Callable[..., Visitor]

SOURCE, DESTINATION = "verify-source", "verify-destination"


def replicated(server: Server, keys: list[str]) -> tuple[Any, Any]:
    """Clients of a bucket with these keys, and of the one in us-west-2 that has them too."""
    east, west = server.client(), server.client(region="us-west-2")
    make_pair(east, west, SOURCE, DESTINATION)
    put_rule(east, SOURCE, DESTINATION, ID="all")
    for key in keys:
        east.put_object(Bucket=SOURCE, Key=key, Body=key.encode(), Tagging="a=1")
    wait_for(lambda: west.list_objects_v2(Bucket=DESTINATION)["KeyCount"] == len(keys), 60, "replicated")
    return east, west


def test_a_difference_is_found_repaired_and_gone(visit: Visit, server: Server) -> None:
    _, west = replicated(server, ["one", "two", "three"])
    west.put_object_tagging(Bucket=DESTINATION, Key="two", Tagging={"TagSet": [{"Key": "a", "Value": "2"}]})
    visitor = visit()
    page = visitor.page
    visitor.go("/replication")
    visitor.sign_in_here()
    page.get_by_placeholder("Find buckets and rules").fill(SOURCE)
    row = page.get_by_role("row", name=re.compile(f"{SOURCE} all to {DESTINATION}"))
    expect(row).to_contain_text("Never verified.")
    row.get_by_role("link", name=f"Verify {DESTINATION} of {SOURCE}").click()

    expect(page.get_by_text(f"farshore replication verify {SOURCE} --destination")).to_be_visible()
    page.get_by_role("button", name="Verify", exact=True).click()
    expect(page.get_by_text("Not equal: 1 difference")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("DIFFERENT two .* TAGS"))).to_be_visible()
    visitor.check_accessible()
    visitor.picture("71-not-equal")
    page.get_by_role("button", name="Repair").click()
    page.get_by_role("dialog").get_by_role("button", name="Repair").click()
    expect(page.get_by_role("row", name=re.compile("DIFFERENT two .* On its way"))).to_be_visible()
    wait_for(lambda: _tags(west, "two") == {"a": "1"}, 60, "repaired")
    page.get_by_role("checkbox", name="Read every body").check()
    page.get_by_role("button", name="Verify", exact=True).click()
    expect(page.get_by_text("Equal", exact=True).first).to_be_visible()
    expect(page.get_by_text("Not equal")).to_have_count(0)

    page.get_by_role("link", name="Replication overview").click()
    page.get_by_placeholder("Find buckets and rules").fill(SOURCE)
    expect(row).to_contain_text("Equal, every body read")
    visitor.picture("72-verified")

    # No answer comes, so that there is time to stop.
    page.route("**/-/replication/verify*", lambda route: None)
    row.get_by_role("link", name=f"Verify {DESTINATION} of {SOURCE}").click()
    page.get_by_role("button", name="Verify", exact=True).click()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Stopped. It is not kept as a verification.")).to_be_visible()


def _tags(client: Any, key: str) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in client.get_object_tagging(Bucket=DESTINATION, Key=key)["TagSet"]}
