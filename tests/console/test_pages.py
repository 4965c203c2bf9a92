"""Every page of the console: accessible, inside its width, in light and dark."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from playwright.sync_api import Browser, expect

from tests.support.batch import without_account_in_host
from tests.support.browser import Visitor
from tests.support.console_source import install
from tests.support.people import owner
from tests.support.replication import enable_versioning, ensure_role, put_rules, rule
from tests.support.server import Server

SOURCE, DESTINATION, EMPTY = "pages-source", "pages-destination", "pages-empty"
BUCKET = f"/buckets/{SOURCE}"

# Address, and a heading that shows once the page has what it shows.
PAGES = [
    ("/buckets", "General purpose buckets"),
    ("/create-bucket", "Create bucket"),
    (BUCKET, "Objects"),
    (f"{BUCKET}?versions=1", "Objects"),
    (f"/buckets/{EMPTY}", "Objects"),
    (f"{BUCKET}?tab=properties", "Bucket overview"),
    (f"{BUCKET}?tab=permissions", "Object Ownership"),
    (f"{BUCKET}?tab=metrics", "Replication metrics"),
    (f"{BUCKET}?tab=management", "Replication rules"),
    (f"/buckets/{EMPTY}?tab=management", "Replication rules"),
    (f"{BUCKET}/upload", "Upload"),
    (f"{BUCKET}/object?key=folder/page.html", "Object overview"),
    (f"{BUCKET}/object?key=folder/page.html&tab=versions", "Versions"),
    (f"{BUCKET}/empty", "Empty bucket"),
    (f"{BUCKET}/delete", "Delete bucket"),
    (f"{BUCKET}/create-replication-rule", "Create replication rule"),
    (f"{BUCKET}/edit-replication-rule?rule=metered", "Edit replication rule"),
    (f"{BUCKET}/replication-rule?rule=metered", "metered"),
    (f"{BUCKET}/verify-replication?destination={DESTINATION}", "Verify replication"),
    ("/replication", "Replication overview"),
    ("/jobs", "Batch Operations"),
    ("/create-job", "Create Batch Operations job"),
    ("/access/users", "Users"),
    ("/access/roles", "Roles"),
    ("/access/policies", "Policies"),
    ("/access/users/pages-user", "Access keys"),
    ("/access/roles/replication", "Trust relationships"),
    ("/access/policy?arn={policy}", "Permissions defined in this policy"),
    ("/jobs/{job}?region=us-east-1", "Job overview"),
    (f"{BUCKET}/object?key=nowhere", "nowhere"),
    ("/buckets/pages-not-there", "pages-not-there"),
    ("/nonsense", "Not found"),
    ("/access/account", "Account"),
    ("/block-public-access", "Block Public Access settings for this account"),
    ("/access/accounts", "Accounts"),
]


@pytest.fixture(scope="module")
def filled(server: Server) -> Server:
    """The server with buckets, rules and objects, so that the pages have something to show."""
    client, west = server.client(), server.client(region="us-west-2")
    client.create_bucket(Bucket=SOURCE)
    client.create_bucket(Bucket=EMPTY)
    west.create_bucket(Bucket=DESTINATION, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    enable_versioning(client, SOURCE)
    enable_versioning(west, DESTINATION)
    metrics = {"Metrics": {"Status": "Enabled"}}
    put_rules(
        client,
        SOURCE,
        rule(DESTINATION, ID="metered", Destination=metrics),
        rule(DESTINATION, ID="tagged", priority=2, Filter={"Tag": {"Key": "keep", "Value": "yes"}}, Status="Disabled"),
    )
    for body in (b"one", b"two"):
        client.put_object(
            Bucket=SOURCE, Key="folder/page.html", Body=body, ContentType="text/html", Metadata={"made-by": "a test"}
        )
    client.put_object(Bucket=SOURCE, Key="gone.txt", Body=b"")
    client.delete_object(Bucket=SOURCE, Key="gone.txt")
    return server


@pytest.fixture(scope="module")
def names(filled: Server) -> dict[str, str]:
    """What stands in addresses for what has a name only once it is made: a policy's ARN, a job's id."""
    iam = filled.client("iam")
    iam.create_user(UserName="pages-user")
    iam.create_access_key(UserName="pages-user")
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}
    policy = iam.create_policy(PolicyName="pages-policy", PolicyDocument=json.dumps(document))["Policy"]["Arn"]
    iam.attach_user_policy(UserName="pages-user", PolicyArn=policy)
    generator = {
        "SourceBucket": f"arn:aws:s3:::{SOURCE}",
        "EnableManifestOutput": False,
        "Filter": {"EligibleForReplication": True},
    }
    job = control(filled).create_job(
        AccountId=owner(filled).account_id,
        ConfirmationRequired=True,
        Operation={"S3ReplicateObject": {}},
        Report={"Enabled": False},
        ClientRequestToken="pages",
        Priority=1,
        RoleArn=ensure_role(iam),
        ManifestGenerator={"S3JobManifestGenerator": generator},
    )["JobId"]
    return {"policy": policy, "job": job}


def control(server: Server) -> Any:
    return boto3.client(
        "s3control",
        region_name="us-east-1",
        endpoint_url=without_account_in_host(server.endpoint),
        aws_access_key_id=server.access_key_id,
        aws_secret_access_key=server.secret_access_key,
    )


@pytest.fixture(scope="module", params=[1280, 768])
def reader(
    request: pytest.FixtureRequest, chromium_browser: Browser, filled: Server, tmp_path_factory: Any
) -> Iterator[Visitor]:
    """Somebody signed in, who opens page after page; without motion, so that colours do not fade into each other."""
    context = chromium_browser.new_context(viewport={"width": request.param, "height": 900}, reduced_motion="reduce")
    visitor = Visitor(context.new_page(), filled, tmp_path_factory.mktemp("pictures"))
    visitor.go("/")
    visitor.sign_in()
    yield visitor
    context.close()
    assert not visitor.complaints
    assert not visitor.foreign


@pytest.mark.parametrize(("address", "heading"), PAGES)
def test_a_page_is_accessible_and_fits(reader: Visitor, names: dict[str, str], address: str, heading: str) -> None:
    page = reader.page
    address = address.format(**names)
    reader.go(address)
    expect(page.get_by_role("heading", name=heading, exact=False).first).to_be_visible()
    page.wait_for_load_state("networkidle")
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function("(scheme) => document.documentElement.style.colorScheme === scheme", arg=scheme)
        reader.picture(f"page {address.replace('/', ' ')} {page.viewport_size['width']} {scheme}")
        sideways = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert sideways <= 0, f"{address} is {sideways} pixels wider than the window"
        if install() is None:
            assert reader.violations() == [], scheme
    need_axe()


def test_the_sign_in_page_is_accessible(visit: Callable[..., Visitor]) -> None:
    visitor = visit()
    visitor.go("/")
    expect(visitor.page.get_by_role("button", name="Sign in")).to_be_visible()
    need_axe()
    assert visitor.violations() == []


def need_axe() -> None:
    why_not = install()
    if why_not is not None:
        pytest.skip(why_not)
