"""Accounts, users and what they may, in the browser."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.support.browser import Visitor
from tests.support.people import allow, stranger, user
from tests.support.replication import enable_versioning
from tests.support.server import Server

Visit = Callable[..., Visitor]


def shown_key(page: Page) -> tuple[str, str]:
    """The id and the secret of the key that a dialog shows, which is closed then."""
    texts = page.get_by_role("dialog").locator(".key").all_inner_texts()
    page.get_by_role("button", name="Done").click()
    return texts[0].strip(), texts[1].strip()


def test_who_administers_the_server_makes_an_account_whose_root_signs_in(visit: Visit, server: Server) -> None:
    visitor = visit()
    page = visitor.page
    visitor.go("/access/accounts")
    visitor.sign_in_here()
    expect(page.get_by_role("row", name=re.compile("root .* Administers this server, Yours"))).to_be_visible()
    page.get_by_role("button", name="Create account").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Account name").fill("root")
    dialog.get_by_role("button", name="Create account").click()
    expect(dialog.get_by_text("an account is called root already")).to_be_visible()
    dialog.get_by_label("Account name").fill("console partner")
    dialog.get_by_role("button", name="Create account").click()
    expect(page.get_by_text("The secret access key is shown now")).to_be_visible()
    key = shown_key(page)
    expect(page.get_by_role("row", name=re.compile("console partner"))).to_be_visible()

    partner = visit()
    partner.go("/access/accounts")
    partner.sign_in_here(*key)
    page = partner.page
    expect(page.get_by_text("The accounts of this server are not yours to list")).to_be_visible()
    partner.check_accessible()
    partner.go("/")
    expect(page.get_by_text("No buckets").first).to_be_visible()
    partner.picture("53-partner")


def test_a_user_is_made_and_may_do_what_its_policy_says_and_no_more(visit: Visit, server: Server) -> None:
    client = server.client()
    client.create_bucket(Bucket="access-source")
    enable_versioning(client, "access-source")
    client.put_object(Bucket="access-source", Key="k", Body=b"1")
    visitor = visit()
    page = visitor.page
    visitor.go("/access/users")
    visitor.sign_in_here()
    page.get_by_role("button", name="Create user").first.click()
    page.get_by_label("User name").fill("console-reader")
    page.get_by_role("dialog").get_by_role("button", name="Create user").click()
    page.get_by_role("button", name="Create inline policy").click()
    page.get_by_label("Policy name").fill("read")
    statement = {"Effect": "Allow", "Action": ["s3:ListAllMyBuckets", "s3:List*", "s3:Get*"], "Resource": "*"}
    document = page.get_by_role("dialog").get_by_label("Policy", exact=True)
    document.fill('{"Version": "2012-10-17", "Statement": [{"Effect": "allow"}]}')
    expect(page.get_by_text('Effect must be "Allow" or "Deny".')).to_be_visible()
    document.fill(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_role("row", name=re.compile("read Inline"))).to_be_visible()
    page.get_by_role("button", name="Create access key").click()
    visitor.picture("51-access-key")
    key = shown_key(page)

    reader = visit()
    reader.go("/")
    reader.sign_in(*key)
    page = reader.page
    expect(page.get_by_role("button", name=re.compile("console-reader @"))).to_be_visible()
    page.get_by_placeholder("Find buckets by name").fill("access-source")
    page.get_by_role("link", name="access-source").click()
    expect(page.get_by_role("link", name="k", exact=True)).to_be_visible()
    page.get_by_role("checkbox", name="Select k").check()
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("dialog").get_by_label("Confirmation").fill("delete")
    page.get_by_role("dialog").get_by_role("button", name="Delete objects").click()
    expect(page.get_by_role("dialog").get_by_text("AccessDenied").first).to_be_visible()
    reader.picture("52-denied")
    assert client.head_object(Bucket="access-source", Key="k")["ContentLength"] == 1


def test_public_access_is_blocked_for_a_whole_account(visit: Visit, server: Server) -> None:
    """In an account of its own: the server is shared, and other tests open their buckets."""
    root = stranger(server)
    control = root.client("s3control")
    visitor = visit()
    page = visitor.page
    visitor.go("/")
    visitor.sign_in(root.key_id, root.secret)
    page.get_by_role("link", name="Block Public Access settings for this account").click()
    expect(page.get_by_text("Off", exact=True)).to_have_count(4)
    page.get_by_role("button", name="Edit Block public access").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("checkbox", name="through new public bucket policies").check()
    expect(dialog.get_by_role("button", name="Save changes")).to_be_disabled()
    dialog.get_by_label("Confirmation").fill("confirm")
    visitor.check_accessible()
    dialog.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text("On", exact=True)).to_have_count(1)
    visitor.picture("54-account-block")
    found = control.get_public_access_block(AccountId=root.account_id)["PublicAccessBlockConfiguration"]
    assert {name for name, on in found.items() if on} == {"BlockPublicPolicy"}

    reader = user(root, "reader", [allow(["s3:ListAllMyBuckets", "s3:GetAccountPublicAccessBlock"])])
    other = visit()
    other.go("/block-public-access")
    other.sign_in_here(reader.key_id, reader.secret)
    other.page.get_by_role("button", name="Edit Block public access").click()
    other.page.get_by_label("Confirmation").fill("confirm")
    other.page.get_by_role("button", name="Save changes").click()
    expect(other.page.get_by_text("s3:PutAccountPublicAccessBlock")).to_be_visible()


def test_a_policy_is_made_edited_and_attached_to_a_new_role(visit: Visit, server: Server) -> None:
    iam = server.client("iam")
    visitor = visit()
    page = visitor.page
    dialog = page.get_by_role("dialog")
    visitor.go("/access/policies")
    visitor.sign_in_here()
    page.get_by_role("button", name="Create policy").first.click()
    dialog.get_by_label("Policy name").fill("console-policy")
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    dialog.get_by_label("Policy", exact=True).fill(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    dialog.get_by_role("button", name="Create policy").click()
    page.get_by_role("link", name="console-policy").click()
    expect(page.get_by_role("heading", name="Permissions defined in this policy")).to_be_visible()
    page.get_by_role("button", name="Edit policy").click()
    more = {**statement, "Action": ["s3:GetObject", "s3:PutObject"]}
    dialog.get_by_label("Policy", exact=True).fill(json.dumps({"Version": "2012-10-17", "Statement": [more]}))
    dialog.get_by_role("button", name="Save changes").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_label("Policy", exact=True)).to_have_value(re.compile("s3:PutObject"))

    page.get_by_role("link", name="Roles", exact=True).click()
    page.get_by_role("button", name="Create role").first.click()
    dialog.get_by_label("Role name").fill("console-role")
    dialog.get_by_role("button", name="Create role").click()
    expect(page.get_by_role("heading", name="Trust relationships")).to_be_visible()
    page.get_by_role("button", name="Attach policy").click()
    dialog.get_by_role("button", name="Managed policy").click()
    page.get_by_role("option", name="console-policy").click()
    dialog.get_by_role("button", name="Attach policy").click()
    expect(page.get_by_role("row", name=re.compile("console-policy"))).to_be_visible()
    (attached,) = iam.list_attached_role_policies(RoleName="console-role")["AttachedPolicies"]
    policy = iam.get_policy(PolicyArn=attached["PolicyArn"])["Policy"]
    version = iam.get_policy_version(PolicyArn=policy["Arn"], VersionId=policy["DefaultVersionId"])
    assert version["PolicyVersion"]["Document"]["Statement"] == [more]
