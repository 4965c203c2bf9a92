"""A bucket's own pages: made with what was chosen, changed, opened to others or not, emptied and deleted."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError
from playwright.sync_api import expect

from tests.support.browser import Visitor
from tests.support.server import Server

Visit = Callable[..., Visitor]


def test_a_bucket_is_made_with_what_was_chosen(visit: Visit, server: Server) -> None:
    """A name that is none, or taken, is told beside the field."""
    server.client().create_bucket(Bucket="buckets-taken")
    visitor = visit()
    page = visitor.page
    visitor.go("/create-bucket")
    visitor.sign_in_here()
    page.get_by_label("Bucket name").fill("Not a name")
    page.get_by_role("button", name="Create bucket").click()
    expect(page.get_by_text("Bucket name can contain only lowercase letters")).to_be_visible()
    expect(page.get_by_label("Bucket name")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Bucket name").fill("buckets-taken")
    page.get_by_role("button", name="Create bucket").click()
    expect(page.get_by_text("A bucket with this name exists already.")).to_be_visible()
    page.get_by_label("Bucket name").fill("buckets-made")
    page.get_by_role("button", name="Region").click()
    page.get_by_role("option", name="eu-west-1").click()
    page.get_by_role("radio", name="ACLs enabled, object writer").check()
    page.get_by_role("radio", name="Enable", exact=True).check()
    page.get_by_role("button", name="Add tag").click()
    page.get_by_label("Key of tag 1").fill("team")
    page.get_by_label("Value of tag 1").fill("pictures")
    page.get_by_role("button", name="Create bucket").click()
    expect(page.get_by_text('Successfully created bucket "buckets-made"')).to_be_visible()
    client = server.client(region="eu-west-1")
    assert client.get_bucket_versioning(Bucket="buckets-made")["Status"] == "Enabled"
    assert client.get_bucket_tagging(Bucket="buckets-made")["TagSet"] == [{"Key": "team", "Value": "pictures"}]
    (rule,) = client.get_bucket_ownership_controls(Bucket="buckets-made")["OwnershipControls"]["Rules"]
    assert rule["ObjectOwnership"] == "ObjectWriter"


def test_its_properties_and_permissions_are_changed(visit: Visit, server: Server) -> None:
    client = server.client()
    client.create_bucket(Bucket="buckets-changed")
    visitor = visit()
    page = visitor.page
    visitor.go("/buckets/buckets-changed?tab=properties")
    visitor.sign_in_here()
    page.get_by_role("button", name="Edit Bucket Versioning").click()
    page.get_by_role("dialog").get_by_role("radio", name="Enable").check()
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text('Bucket Versioning is enabled on "buckets-changed"')).to_be_visible()
    page.get_by_role("button", name="Edit tags").click()
    page.get_by_role("button", name="Add tag").click()
    page.get_by_label("Key of tag 1").fill("team")
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_role("row", name="team -")).to_be_visible()
    assert client.get_bucket_versioning(Bucket="buckets-changed")["Status"] == "Enabled"
    assert client.get_bucket_tagging(Bucket="buckets-changed")["TagSet"] == [{"Key": "team", "Value": ""}]

    page.get_by_role("tab", name="Permissions").click()
    page.get_by_role("button", name="Edit bucket policy").click()
    dialog = page.get_by_role("dialog")
    text = dialog.get_by_label("Policy", exact=True)
    text.fill('{"Version": "2012-10-17", "Statement": [{"Effect": "Allow"')
    expect(dialog.get_by_role("button", name="Save changes")).to_be_disabled()
    public = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::buckets-changed/*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [public]})
    text.fill(policy)
    dialog.get_by_role("button", name="Save changes").click()
    expect(dialog.get_by_text("AccessDenied").first).to_be_visible()
    visitor.check_accessible()
    dialog.get_by_role("button", name="Cancel").click()

    page.get_by_role("button", name="Edit Block public access").click()
    for box in dialog.get_by_role("checkbox").all():
        box.uncheck()
    expect(dialog.get_by_role("button", name="Save changes")).to_be_disabled()
    dialog.get_by_label("Confirmation").fill("confirm")
    dialog.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text("Block public access is changed")).to_be_visible()
    page.get_by_role("button", name="Edit bucket policy").click()
    text.fill(policy)
    dialog.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text("The bucket policy is saved")).to_be_visible()
    assert client.get_bucket_policy_status(Bucket="buckets-changed")["PolicyStatus"]["IsPublic"]
    page.get_by_role("button", name="Delete bucket policy").click()
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("No policy to display.")).to_be_visible()
    with pytest.raises(ClientError, match="NoSuchBucketPolicy"):
        client.get_bucket_policy(Bucket="buckets-changed")

    page.get_by_role("button", name="Edit Object Ownership").click()
    dialog.get_by_role("radio", name="ACLs enabled, bucket owner preferred").check()
    dialog.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text("Object Ownership is changed")).to_be_visible()
    (rule,) = client.get_bucket_ownership_controls(Bucket="buckets-changed")["OwnershipControls"]["Rules"]
    assert rule["ObjectOwnership"] == "BucketOwnerPreferred"


def test_a_bucket_is_deleted_once_it_is_empty_and_its_name_is_typed(visit: Visit, server: Server) -> None:
    client = server.client()
    client.create_bucket(Bucket="buckets-gone")
    client.put_object(Bucket="buckets-gone", Key="k", Body=b"1")
    visitor = visit()
    page = visitor.page
    visitor.go("/buckets/buckets-gone/delete")
    visitor.sign_in_here()
    name = page.get_by_label("Name of the bucket")
    name.fill("buckets")
    expect(page.get_by_role("button", name="Delete bucket")).to_be_disabled()
    name.fill("buckets-gone")
    page.get_by_role("button", name="Delete bucket").click()
    expect(page.get_by_text("The bucket could not be deleted")).to_be_visible()
    page.get_by_role("link", name="Empty bucket").click()
    page.get_by_label("Confirmation").fill("permanently delete")
    page.get_by_role("button", name="Empty", exact=True).click()
    page.get_by_role("link", name="Delete bucket").click()
    name.fill("buckets-gone")
    page.get_by_role("button", name="Delete bucket").click()
    expect(page.get_by_text('Successfully deleted bucket "buckets-gone"')).to_be_visible()
    with pytest.raises(ClientError, match="404"):
        client.head_bucket(Bucket="buckets-gone")
