"""The console without a mouse: what is done here is done by Tab, Enter, Space, arrows and letters."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.support.browser import Visitor
from tests.support.replication import enable_versioning
from tests.support.server import Server

Visit = Callable[..., Visitor]

TABS_MAX = 120
_FOCUSED = """() => {
    const at = document.activeElement;
    const text = at.matches('a, button, [role^=menuitem], [role=option]') ? at.innerText : '';
    const named = (at.getAttribute('aria-labelledby') ?? '').split(' ').map((id) => document.getElementById(id));
    const labels = [...(at.labels ?? []), ...named].filter(Boolean).map((each) => each.innerText);
    return [at.getAttribute('aria-label') ?? '', text, ...labels].join('\\n');
}"""
"""The words that name what has the focus."""


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the focus is on what has this name, as one of its lines."""
    seen: list[str] = []
    for _ in range(TABS_MAX):
        page.keyboard.press("Tab")
        words = page.evaluate(_FOCUSED).splitlines()
        if name in (word.strip() for word in words):
            return
        seen.append(words[0] if words else "")
    raise AssertionError(f"Tab never comes to {name!r}, but to {seen}")


def test_a_rule_is_made_and_disabled_by_keyboard_alone(visit: Visit, server: Server) -> None:
    client, west = server.client(), server.client(region="us-west-2")
    client.create_bucket(Bucket="keyboard-source")
    west.create_bucket(Bucket="keyboard-destination", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    enable_versioning(client, "keyboard-source")
    visitor = visit()
    page = visitor.page
    visitor.go("/buckets/keyboard-source?tab=management")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    tab_to(page, "Access key ID")
    page.keyboard.type(server.access_key_id)
    tab_to(page, "Secret access key")
    page.keyboard.type(server.secret_access_key)
    page.keyboard.press("Enter")
    expect(page.get_by_text("No replication rules")).to_be_visible()

    tab_to(page, "Create replication rule")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Replication rule name")).to_be_visible()
    tab_to(page, "Replication rule name")
    page.keyboard.type("by keyboard")
    tab_to(page, "Save")
    page.keyboard.press("Enter")
    focused = page.evaluate(_FOCUSED)
    assert "Prefix" in focused, f"the focus goes to what is missing first, not to {focused!r}"
    page.keyboard.type("docs/")
    tab_to(page, "Bucket name")
    page.keyboard.type("keyboard-destination")
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("destination-region")).to_have_text("us-west-2")
    tab_to(page, "Enable Bucket Versioning")
    page.keyboard.press("Enter")
    expect(page.get_by_text('Bucket Versioning is enabled on "keyboard-destination"')).to_be_visible()
    tab_to(page, "Delete marker replication")
    page.keyboard.press("Space")
    tab_to(page, "Save")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Replicate existing objects?")).to_be_visible()
    tab_to(page, "Yes, replicate existing objects.")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name="No, do not replicate existing objects.")).to_be_checked()
    tab_to(page, "Submit")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="by keyboard")).to_be_visible()
    (rule,) = client.get_bucket_replication(Bucket="keyboard-source")["ReplicationConfiguration"]["Rules"]
    assert (rule["ID"], rule["Filter"]["Prefix"]) == ("by keyboard", "docs/")
    assert rule["DeleteMarkerReplication"]["Status"] == "Enabled"

    tab_to(page, "Select by keyboard")
    page.keyboard.press("Space")
    tab_to(page, "Actions")
    page.keyboard.press("Enter")
    for _ in range(20):
        if "Disable rule" in page.evaluate(_FOCUSED):
            break
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("row").filter(has_text="by keyboard")).to_contain_text("Disabled")
