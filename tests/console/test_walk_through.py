"""Replication set up and watched by clicking, as the S3 console's documentation tells it."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from farshore.model.access import canonical_user_id
from tests.support.browser import Visitor
from tests.support.people import owner, stranger
from tests.support.server import Server

Visit = Callable[..., Visitor]


def test_from_sign_in_to_a_replicated_upload(visit: Visit, server: Server) -> None:
    """Two buckets, a rule, an upload that arrives; the source object deleted, and the replica still there."""
    visitor = visit()
    page = visitor.page
    page.goto(server.endpoint)
    visitor.picture("01-sign-in")
    visitor.sign_in()
    create_bucket(page, "walk-source", versioning=True)
    create_bucket(page, "walk-destination", region="us-west-2")
    find_bucket(page, "walk-source")
    expect(page.get_by_role("row", name=re.compile("walk-source .*us-east-1 Enabled"))).to_be_visible()
    visitor.picture("02-buckets")

    page.get_by_role("link", name="walk-source").click()
    upload(page, "before.txt", b"from before the rule")
    page.get_by_role("tab", name="Management").click()
    page.get_by_role("link", name="Create replication rule").first.click()
    page.get_by_label("Replication rule name").fill("everything")
    page.get_by_role("radio", name="Apply to all objects in the bucket").check()
    page.get_by_role("button", name="Browse S3").click()
    page.get_by_placeholder("Find bucket").last.fill("walk-destination")
    page.get_by_role("radio", name="walk-destination").check()
    page.get_by_role("button", name="Choose path").click()
    expect(page.get_by_test_id("destination-region")).to_have_text("us-west-2")
    page.get_by_role("button", name="Enable Bucket Versioning").click()
    expect(page.get_by_text('Bucket Versioning is enabled on "walk-destination"')).to_be_visible()
    expect(page.get_by_test_id("objects-in-scope")).to_have_text("1, 20 B")
    visitor.picture("03-rule")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("dialog", name="Replicate existing objects?")).to_be_visible()
    visitor.picture("04-existing-objects")
    page.get_by_role("radio", name="No, do not replicate existing objects.").check()
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("row", name=re.compile("everything Enabled .*walk-destination us-west-2"))).to_be_visible()
    visitor.picture("05-rules")

    page.get_by_role("tab", name="Objects").click()
    upload(page, "after.txt", b"from after the rule")
    expect(page.get_by_role("row", name=re.compile("after.txt COMPLETED"))).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("before.txt -"))).to_be_visible()
    visitor.picture("06-replicated")

    page.get_by_role("checkbox", name="Select after.txt").check()
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("dialog").get_by_label("Confirmation").fill("delete")
    page.get_by_role("dialog").get_by_role("button", name="Delete objects").click()
    expect(page.get_by_role("link", name="after.txt")).to_have_count(0)
    find_bucket(page, "walk-destination").click()
    expect(page.get_by_role("row", name=re.compile("after.txt REPLICA"))).to_be_visible()
    expect(page.get_by_role("link", name="before.txt")).to_have_count(0)
    visitor.picture("07-replica")


def create_bucket(page: Page, name: str, region: str = "", versioning: bool = False) -> None:
    page.get_by_role("link", name="General purpose buckets").click()
    page.get_by_role("link", name="Create bucket").first.click()
    page.get_by_label("Bucket name").fill(name)
    if region:
        page.get_by_role("button", name="Region").click()
        page.get_by_role("option", name=region).click()
    if versioning:
        page.get_by_role("radio", name="Enable", exact=True).check()
    page.get_by_role("button", name="Create bucket").click()
    expect(page.get_by_text(f'Successfully created bucket "{name}"')).to_be_visible()


def find_bucket(page: Page, name: str) -> Locator:
    """The bucket's link, in the list of buckets."""
    page.get_by_role("link", name="General purpose buckets").click()
    page.get_by_placeholder("Find buckets by name").fill(name)
    return page.get_by_role("link", name=name, exact=True)


def upload(page: Page, name: str, content: bytes) -> None:
    """From the Objects tab and back to it."""
    page.get_by_role("link", name="Upload").first.click()
    file = {"name": name, "mimeType": "text/plain", "buffer": content}
    page.get_by_label("Files to upload").set_input_files([file])
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_text("Upload succeeded").first).to_be_visible()
    page.get_by_role("link", name="Close").click()
    expect(page.get_by_role("link", name=name)).to_be_visible()


def test_a_rule_into_another_account(visit: Visit, server: Server) -> None:
    """The source's account makes rule and role, the destination's lets the role in; replicas belong to the latter."""
    home, partner = owner(server), stranger(server)
    role = f"arn:aws:iam::{home.account_id}:role/service-role/s3crr_role_for_cross-source"
    sender = visit()
    sender.go("/")
    sender.sign_in()
    create_bucket(sender.page, "cross-source", versioning=True)
    receiver = visit()
    receiver.go("/")
    receiver.sign_in(partner.key_id, partner.secret)
    create_bucket(receiver.page, "cross-destination", region="eu-west-1", versioning=True)

    page = sender.page
    page.get_by_role("tab", name="Management").click()
    page.get_by_role("link", name="Create replication rule").first.click()
    page.get_by_label("Replication rule name").fill("to the partner")
    page.get_by_label("Prefix").fill("shared/")
    page.get_by_role("radio", name="Specify a bucket in another account").check()
    page.get_by_label("Account ID").fill(home.account_id)
    page.get_by_label("Bucket name").fill("cross-destination")
    page.get_by_role("checkbox", name="Change object ownership to the destination bucket owner").check()
    expect(page.get_by_test_id("destination-region")).to_have_text("eu-west-1")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("must match the destination bucket owner")).to_be_visible()
    sender.picture("11-wrong-account")
    page.get_by_label("Account ID").fill(partner.account_id)
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("radio", name="No, do not replicate existing objects.").check()
    page.get_by_role("button", name="Submit").click()

    page = receiver.page
    page.get_by_role("tab", name="Management").click()
    page.get_by_role("button", name="Actions").click()
    page.get_by_role("menuitem", name="Receive replicated objects").click()
    page.get_by_label("ARN of the source account's replication role").fill(role)
    receiver.picture("12-receive")
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text(f'"cross-destination" now receives replicas from {role}')).to_be_visible()

    page = sender.page
    page.get_by_role("tab", name="Objects").click()
    folder(page, "shared")
    upload(page, "for-them.txt", b"hello")
    expect(page.get_by_role("row", name=re.compile("for-them.txt COMPLETED"))).to_be_visible()
    page = receiver.page
    page.get_by_role("tab", name="Objects").click()
    page.get_by_role("link", name="shared/").click()
    expect(page.get_by_role("row", name=re.compile("for-them.txt REPLICA"))).to_be_visible()
    receiver.picture("13-received")
    grants = partner.client(region="eu-west-1").get_object_acl(Bucket="cross-destination", Key="shared/for-them.txt")
    assert grants["Owner"]["ID"] == canonical_user_id(partner.account_id)


def folder(page: Page, name: str) -> None:
    """Make a folder in the bucket that is open, and open it."""
    page.get_by_role("button", name="Create folder").click()
    page.get_by_label("Folder name").fill(name)
    page.get_by_role("dialog").get_by_role("button", name="Create folder").click()
    page.get_by_role("link", name=f"{name}/").click()
    expect(page.get_by_role("link", name="Up one folder")).to_be_visible()
