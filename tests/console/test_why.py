"""Why a version is not where it should be, and what mends it, as buttons."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from playwright.sync_api import expect

from farshore.semantics.replication_role import trust_policy
from tests.support.browser import Visitor
from tests.support.people import allow, owner, user
from tests.support.replication import enable_versioning, make_pair, put_rule, put_rules, rule, wait_for
from tests.support.server import Server

Visit = Callable[..., Visitor]


def test_why_a_version_is_not_there_and_what_mends_it(visit: Visit, server: Server) -> None:
    client, west = server.client(), server.client(region="us-west-2")
    make_pair(client, west, "why-source", "why-destination")
    put_rule(client, "why-source", "why-destination", ID="pictures", Filter={"Prefix": "pictures/"})
    client.put_object(Bucket="why-source", Key="notes.txt", Body=b"not a picture")
    west.put_bucket_versioning(Bucket="why-destination", VersioningConfiguration={"Status": "Suspended"})
    client.put_object(Bucket="why-source", Key="pictures/1.png", Body=b"a picture")

    visitor = visit()
    page = visitor.page
    visitor.go("/buckets/why-source/object?key=notes.txt")
    visitor.sign_in_here()
    page.get_by_role("button", name="Why?").click()
    expect(page.get_by_role("row", name=re.compile("pictures .* No "))).to_contain_text("PREFIX")
    visitor.picture("21-why-not")

    visitor.go("/buckets/why-source/object?key=pictures/1.png")
    expect(page.get_by_role("row", name=re.compile("why-destination us-west-2 FAILED"))).to_be_visible()
    page.get_by_role("button", name="Why?").click()
    expect(page.get_by_text("DstBucketUnversioned").first).to_be_visible()
    visitor.picture("22-why-failed")
    page.get_by_role("button", name="Enable Bucket Versioning").click()
    expect(page.get_by_text("Done: Enable Bucket Versioning")).to_be_visible()
    assert west.get_bucket_versioning(Bucket="why-destination")["Status"] == "Enabled"

    page.get_by_role("link", name="Replication overview").click()
    page.get_by_placeholder("Find buckets and rules").fill("why-source")
    expect(page.get_by_role("row", name=re.compile("why-source pictures to why-destination Failures"))).to_be_visible()
    page.get_by_role("button", name="Retry DstBucketUnversioned of why-source").click()
    page.get_by_role("dialog").get_by_role("button", name="Retry").click()
    expect(page.get_by_text('1 failure of "why-source" driven again')).to_be_visible()
    expect(
        page.get_by_role("row", name=re.compile("why-source pictures to why-destination Up to date"))
    ).to_be_visible()
    visitor.picture("23-driven-again")
    assert west.list_objects_v2(Bucket="why-destination")["Contents"][0]["Key"] == "pictures/1.png"


def test_a_role_gets_what_it_lacks_and_one_version_goes_again(visit: Visit, server: Server) -> None:
    client, west, iam = server.client(), server.client(region="us-west-2"), server.client("iam")
    make_pair(client, west, "lacks-source", "lacks-destination")
    made = iam.create_role(RoleName="lacks-all", AssumeRolePolicyDocument=json.dumps(trust_policy()))
    put_rules(client, "lacks-source", rule("lacks-destination", ID="all"), role=made["Role"]["Arn"])
    for key in ("k", "k-longer"):
        client.put_object(Bucket="lacks-source", Key=key, Body=b"1")

    def stands(key: str) -> str:
        return client.head_object(Bucket="lacks-source", Key=key)["ReplicationStatus"]

    wait_for(lambda: {stands("k"), stands("k-longer")} == {"FAILED"}, 60, "refused")
    visitor = visit()
    page = visitor.page
    visitor.go("/buckets/lacks-source/object?key=k")
    visitor.sign_in_here()
    page.get_by_role("button", name="Why?").click()
    page.get_by_role("button", name="Give the role what it lacks").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Policy", exact=True)).to_have_value(re.compile("s3:ReplicateObject"))
    visitor.check_accessible()
    visitor.picture("24-role")
    dialog.get_by_role("button", name="Put role policy").click()
    expect(page.get_by_text('Role "lacks-all" may do what the rules of "lacks-source" need')).to_be_visible()
    policy = iam.get_role_policy(RoleName="lacks-all", PolicyName="replication-of-lacks-source")["PolicyDocument"]
    assert {action.partition(":")[0] for each in policy["Statement"] for action in each["Action"]} == {"s3"}
    page.get_by_role("button", name="Retry", exact=True).click()
    expect(page.get_by_test_id("replication-status")).to_have_text("COMPLETED")
    assert stands("k-longer") == "FAILED", "only the version that was looked at goes again"


def test_a_delete_marker_says_why_it_stays_here_and_leads_to_the_job_that_brings_it(
    visit: Visit, server: Server
) -> None:
    client, west = server.client(), server.client(region="us-west-2")
    make_pair(client, west, "marker-source", "marker-destination")
    put_rule(client, "marker-source", "marker-destination", ID="all")
    client.put_object(Bucket="marker-source", Key="k", Body=b"1")
    wait_for(lambda: west.list_objects_v2(Bucket="marker-destination")["KeyCount"] == 1, 60, "replicated")
    client.delete_object(Bucket="marker-source", Key="k")
    visitor = visit()
    page = visitor.page
    visitor.go("/buckets/marker-source?versions=1")
    visitor.sign_in_here()
    page.get_by_role("link", name="k (deleted)").click()
    expect(page.get_by_text("This is a delete marker")).to_be_visible()
    page.get_by_role("button", name="Why?").click()
    visitor.check_accessible()
    page.get_by_role("button", name="Replicate delete markers").click()
    expect(page.get_by_text("Done: Replicate delete markers")).to_be_visible()
    page.get_by_role("link", name="Create Batch Replication job").click()
    expect(page.get_by_role("heading", name="Create Batch Operations job")).to_be_visible()
    assert page.url.endswith("/create-job?bucket=marker-source")


def test_an_object_without_the_rule_s_tags_is_copied_with_them(visit: Visit, server: Server) -> None:
    client, west = server.client(), server.client(region="us-west-2")
    make_pair(client, west, "tagless-source", "tagless-destination")
    put_rule(
        client,
        "tagless-source",
        "tagless-destination",
        ID="kept",
        Filter={"Tag": {"Key": "keep", "Value": "yes + no="}},
    )
    client.put_object(Bucket="tagless-source", Key="k", Body=b"1", Tagging="own=1", Metadata={"made-by": "a test"})
    visitor = visit()
    page = visitor.page
    visitor.go("/buckets/tagless-source/object?key=k")
    visitor.sign_in_here()
    page.get_by_role("button", name="Why?").click()
    page.get_by_role("button", name="Copy the object onto itself with the rule's tags").click()
    expect(page.get_by_test_id("replication-status")).to_have_text("COMPLETED")
    there = west.get_object_tagging(Bucket="tagless-destination", Key="k")["TagSet"]
    assert {tag["Key"]: tag["Value"] for tag in there} == {"own": "1", "keep": "yes + no="}
    assert west.head_object(Bucket="tagless-destination", Key="k")["Metadata"] == {"made-by": "a test"}


def test_what_the_caller_may_not_do_is_no_button_but_says_who_may(visit: Visit, server: Server) -> None:
    client, west = server.client(), server.client(region="us-west-2")
    client.create_bucket(Bucket="mayno-source")
    west.create_bucket(Bucket="mayno-destination", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    enable_versioning(client, "mayno-source")
    enable_versioning(west, "mayno-destination")
    put_rule(client, "mayno-source", "mayno-destination", ID="all", Status="Disabled")
    client.put_object(Bucket="mayno-source", Key="k", Body=b"1")
    root = owner(server)
    reader = user(root, "mayno-reader", [allow(["s3:Get*", "s3:List*"])])
    visitor = visit()
    page = visitor.page
    visitor.go("/buckets/mayno-source/object?key=k")
    visitor.sign_in_here(reader.key_id, reader.secret)
    page.get_by_role("button", name="Why?").click()
    expect(page.get_by_text("What would mend it")).to_be_visible()
    expect(page.get_by_text(f"Who administers account {root.account_id} can do it")).to_be_visible()
    expect(page.get_by_text("s3:PutReplicationConfiguration on arn:aws:s3:::mayno-source")).to_be_visible()
    expect(page.get_by_role("button", name="Enable rule")).to_have_count(0)
    visitor.check_accessible()
    visitor.picture("25-who-may")
