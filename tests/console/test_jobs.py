"""Batch Operations in the browser: from the question after the first rule to the job's end; other jobs stopped."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.support.browser import Visitor
from tests.support.replication import enable_versioning, make_pair, put_rule
from tests.support.server import Server

Visit = Callable[..., Visitor]


def test_a_job_replicates_what_was_there_before_the_rule(visit: Visit, server: Server) -> None:
    """From the question after the first rule to the job's end, with a report; then the replicas are there."""
    client, west = server.client(), server.client(region="us-west-2")
    for bucket in ("job-source", "job-reports"):
        client.create_bucket(Bucket=bucket)
    west.create_bucket(Bucket="job-destination", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    enable_versioning(client, "job-source")
    enable_versioning(west, "job-destination")
    keys = [f"early-{number:02}.txt" for number in range(30)]
    for key in keys:
        client.put_object(Bucket="job-source", Key=key, Body=key.encode())

    visitor = visit()
    page = visitor.page
    visitor.go("/buckets/job-source/create-replication-rule")
    visitor.sign_in_here()
    page.get_by_label("Replication rule name").fill("everything")
    page.get_by_role("radio", name="Apply to all objects in the bucket").check()
    page.get_by_role("combobox", name="Bucket name").fill("job-destination")
    expect(page.get_by_test_id("destination-region")).to_have_text("us-west-2")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("radio", name="Yes, replicate existing objects.").check()
    page.get_by_role("button", name="Submit").click()

    expect(page.get_by_role("heading", name="Create Batch Operations job")).to_be_visible()
    page.get_by_role("checkbox", name="Never replicated").check()
    page.get_by_role("radio", name="Wait to run the job when it's ready").check()
    page.get_by_role("checkbox", name="Generate completion report").check()
    page.get_by_role("radio", name="All tasks").check()
    page.get_by_label("Path to completion report destination").fill("s3://job-reports/batch")
    visitor.picture("31-create-job")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_test_id("job-status")).to_have_text("Awaiting your confirmation to run")
    visitor.picture("32-awaits")
    page.get_by_role("button", name="Run job").click()
    page.get_by_role("dialog").get_by_role("button", name="Run job").click()
    expect(page.get_by_test_id("job-status")).to_have_text("Complete")
    expect(page.get_by_test_id("job-succeeded")).to_have_text("30")
    visitor.picture("33-complete")

    listed = west.list_objects_v2(Bucket="job-destination")["Contents"]
    assert [entry["Key"] for entry in listed] == keys
    page.get_by_role("link", name=re.compile("job-reports.batch.job-")).click()
    page.get_by_role("link", name="results/").click()
    expect(page.get_by_role("link", name=re.compile(r"\.csv$"))).to_be_visible()
    page.get_by_role("link", name="Batch Operations").click()
    expect(page.get_by_role("row", name=re.compile("Complete .* 30 100%"))).to_be_visible()
    visitor.picture("34-jobs")


def test_a_waiting_job_gets_another_priority_and_is_cancelled(visit: Visit, server: Server) -> None:
    client, west = server.client(), server.client(region="us-west-2")
    make_pair(client, west, "jobs-source", "jobs-destination")
    client.put_object(Bucket="jobs-source", Key="k", Body=b"1")
    put_rule(client, "jobs-source", "jobs-destination", ID="all")
    visitor = visit()
    page = visitor.page
    dialog = page.get_by_role("dialog")
    visitor.go("/create-job?bucket=jobs-source")
    visitor.sign_in_here()
    page.get_by_role("radio", name="Wait to run the job when it's ready").check()
    page.get_by_role("checkbox", name="Generate completion report").uncheck()
    page.get_by_label("Description").fill("not today")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_test_id("job-status")).to_have_text("Awaiting your confirmation to run")
    page.get_by_role("button", name="Update priority").click()
    dialog.get_by_label("Priority").fill("77")
    dialog.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text("The priority is changed")).to_be_visible()
    page.get_by_role("link", name="Batch Operations").first.click()
    row = page.get_by_role("row", name=re.compile("not today"))
    expect(row).to_contain_text("77")
    row.get_by_role("radio").check()
    page.get_by_role("button", name="Cancel job").click()
    dialog.get_by_role("button", name="Cancel job").click()
    expect(row).to_contain_text("Cancelled")
    expect(page.get_by_role("button", name="Update priority")).to_be_disabled()
    assert "Contents" not in west.list_objects_v2(Bucket="jobs-destination")
