"""Objects in the browser: uploads, folders, versions, sharing, tags; and a bucket with many of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.support.browser import Visitor
from tests.support.replication import enable_versioning
from tests.support.server import Server

Visit = Callable[..., Visitor]
MIB = 1024 * 1024


def open_bucket(visit: Visit, server: Server, bucket: str, versioned: bool = True, **context: Any) -> Visitor:
    client = server.client()
    client.create_bucket(Bucket=bucket)
    if versioned:
        enable_versioning(client, bucket)
    visitor = visit(**context)
    visitor.go(f"/buckets/{bucket}")
    visitor.sign_in_here()
    expect(visitor.page.get_by_role("heading", name="Objects")).to_be_visible()
    return visitor


def start_upload(page: Page, files: list[Any]) -> None:
    page.get_by_role("link", name="Upload").first.click()
    page.get_by_label("Files to upload").set_input_files(files)
    page.get_by_role("button", name="Upload", exact=True).click()


def file(name: str, content: bytes) -> dict[str, Any]:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


def test_a_large_file_is_uploaded_in_parts_and_a_small_one_at_once(
    visit: Visit, server: Server, tmp_path: Path
) -> None:
    visitor = open_bucket(visit, server, "objects-parts")
    large = tmp_path / "large.bin"
    large.write_bytes(bytes(range(256)) * (20 * MIB // 256))
    small = tmp_path / "small.bin"
    small.write_bytes(b"small")
    start_upload(visitor.page, [str(large), str(small)])
    expect(visitor.page.get_by_text("Upload succeeded").first).to_be_visible()
    client = server.client()
    head = client.head_object(Bucket="objects-parts", Key="large.bin", ChecksumMode="ENABLED")
    assert head["ETag"].endswith('-2"')
    assert "ChecksumCRC32" in head
    assert client.get_object(Bucket="objects-parts", Key="large.bin")["Body"].read() == large.read_bytes()
    assert "-" not in client.head_object(Bucket="objects-parts", Key="small.bin")["ETag"]


def test_a_cancelled_upload_leaves_nothing_and_can_be_tried_again(visit: Visit, server: Server, tmp_path: Path) -> None:
    visitor = open_bucket(visit, server, "objects-cancel")
    page = visitor.page
    large = tmp_path / "large.bin"
    large.write_bytes(bytes(40 * MIB))
    held: list[Any] = []
    # No part arrives, so that there is time to cancel.
    page.route("**/large.bin?partNumber=*", lambda route: held.append(route))
    start_upload(page, [str(large)])
    page.wait_for_function("() => document.body.innerText.includes('0 %')")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Cancelled", exact=True)).to_be_visible()
    client = server.client()
    assert not client.list_multipart_uploads(Bucket="objects-cancel").get("Uploads")
    assert client.list_objects_v2(Bucket="objects-cancel")["KeyCount"] == 0
    page.unroute_all()
    page.get_by_role("button", name="Retry").click()
    expect(page.get_by_text("Upload succeeded").first).to_be_visible()
    assert client.head_object(Bucket="objects-cancel", Key="large.bin")["ContentLength"] == 40 * MIB


def test_dropped_files_are_uploaded(visit: Visit, server: Server) -> None:
    """Many of them; the place says when it would take them."""
    visitor = open_bucket(visit, server, "objects-drop")
    page = visitor.page
    page.get_by_role("link", name="Upload").first.click()
    dropped = page.evaluate_handle(
        """() => {
            const transfer = new DataTransfer();
            for (let number = 0; number < 40; number += 1) {
                transfer.items.add(new File([`content ${number}`], `dropped-${number}.txt`));
            }
            return transfer;
        }"""
    )
    target = page.locator(".drop-target")
    page.dispatch_event(".drop-target", "dragover", {"dataTransfer": dropped})
    expect(target).to_have_attribute("data-over", "true")
    page.dispatch_event(".drop-target", "drop", {"dataTransfer": dropped})
    expect(target).to_have_attribute("data-over", "false")
    expect(page.get_by_role("row", name=re.compile("dropped-7.txt 9 B"))).to_be_visible()
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_text("Upload succeeded").first).to_be_visible()
    expect(page.get_by_text("40 files of 40 uploaded.")).to_be_visible()
    client = server.client()
    assert client.list_objects_v2(Bucket="objects-drop")["KeyCount"] == 40
    assert client.get_object(Bucket="objects-drop", Key="dropped-39.txt")["Body"].read() == b"content 39"


def test_what_failed_says_why_and_goes_again_alone(visit: Visit, server: Server) -> None:
    """A small file that is refused, and a part of a large one whose connection breaks again and again."""
    visitor = open_bucket(visit, server, "objects-again")
    page = visitor.page
    refusal = "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
    page.route("**/refused.txt", lambda route: route.fulfill(status=403, body=refusal))
    page.route("**/large.bin?partNumber=2*", lambda route: route.abort())
    start_upload(page, [file("good.txt", b"1"), file("refused.txt", b"2"), file("large.bin", bytes(17 * MIB))])
    expect(page.get_by_text("2 files failed").first).to_be_visible(timeout=120_000)
    expect(page.get_by_role("row", name=re.compile("refused.txt"))).to_contain_text("Please reduce your request rate.")
    expect(page.get_by_role("row", name=re.compile("large.bin"))).to_contain_text("The connection to the server broke.")
    visitor.check_accessible()
    client = server.client()
    assert not client.list_multipart_uploads(Bucket="objects-again").get("Uploads"), "no parts stay"
    first = client.head_object(Bucket="objects-again", Key="good.txt")["VersionId"]
    page.unroute_all()
    page.get_by_role("button", name="Retry", exact=True).click()
    expect(page.get_by_text("Upload succeeded").first).to_be_visible()
    sizes = {each["Key"]: each["Size"] for each in client.list_objects_v2(Bucket="objects-again")["Contents"]}
    assert sizes == {"good.txt": 1, "large.bin": 17 * MIB, "refused.txt": 1}
    assert client.head_object(Bucket="objects-again", Key="good.txt")["VersionId"] == first


def test_keys_with_odd_characters_are_shown_opened_and_deleted(visit: Visit, server: Server) -> None:
    client = server.client()
    keys = ["a b+c%20d.txt", "ü/日本.txt", "q?x=1&y#z", "'quo\"te<b>.txt", "a//double"]
    visitor = open_bucket(visit, server, "objects-odd", versioned=False)
    for key in keys:
        client.put_object(Bucket="objects-odd", Key=key, Body=key.encode())
    page = visitor.page
    page.get_by_role("button", name="Refresh objects").click()
    for key in (keys[0], keys[2], keys[3]):
        page.get_by_role("link", name=key, exact=True).click()
        expect(page.get_by_role("heading", name=key, exact=True)).to_be_visible()
        page.get_by_role("link", name="objects-odd").click()
    page.get_by_role("link", name="a/", exact=True).click()
    page.get_by_role("link", name="/", exact=True).click()
    page.get_by_role("link", name="double").click()
    expect(page.get_by_role("heading", name="a//double")).to_be_visible()
    page.get_by_role("link", name="objects-odd").click()
    page.get_by_role("checkbox", name="Select all objects on this page").check()
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("dialog").get_by_label("Confirmation").fill("permanently delete")
    page.get_by_role("dialog").get_by_role("button", name="Delete objects").click()
    expect(page.get_by_text("No objects")).to_be_visible()
    assert client.list_objects_v2(Bucket="objects-odd")["KeyCount"] == 0


def test_a_version_is_deleted_for_good_only_after_it_was_typed(visit: Visit, server: Server) -> None:
    client = server.client()
    visitor = open_bucket(visit, server, "objects-versions")
    first = client.put_object(Bucket="objects-versions", Key="k", Body=b"1")["VersionId"]
    second = client.put_object(Bucket="objects-versions", Key="k", Body=b"2")["VersionId"]
    client.delete_object(Bucket="objects-versions", Key="k")
    page = visitor.page
    page.get_by_role("switch", name="Show versions").or_(page.get_by_label("Show versions")).first.check()
    expect(page.get_by_text("k (deleted)")).to_be_visible()
    page.get_by_role("row", name=re.compile(re.escape(first))).get_by_role("checkbox").check()
    page.get_by_role("button", name="Delete", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Confirmation").fill("delete")
    expect(dialog.get_by_role("button", name="Delete objects")).to_be_disabled()
    dialog.get_by_label("Confirmation").fill("permanently delete")
    dialog.get_by_role("button", name="Delete objects").click()
    expect(page.get_by_role("row", name=re.compile(re.escape(first)))).to_have_count(0)
    versions = client.list_object_versions(Bucket="objects-versions")
    assert [version["VersionId"] for version in versions["Versions"]] == [second]
    assert len(versions["DeleteMarkers"]) == 1


def test_tags_are_edited_on_the_object_s_page(visit: Visit, server: Server) -> None:
    client = server.client()
    visitor = open_bucket(visit, server, "objects-tags")
    client.put_object(Bucket="objects-tags", Key="k", Body=b"", Tagging="a=1", Metadata={"by": "a test"})
    page = visitor.page
    visitor.go("/buckets/objects-tags/object?key=k")
    expect(page.get_by_role("row", name=re.compile("x-amz-meta-by a test"))).to_be_visible()
    page.get_by_role("button", name="Edit tags").click()
    page.get_by_role("button", name="Add tag").click()
    page.get_by_label("Key of tag 2").fill("b")
    page.get_by_label("Value of tag 2").fill("2")
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_role("row", name="b 2")).to_be_visible()
    tags = client.get_object_tagging(Bucket="objects-tags", Key="k")["TagSet"]
    assert tags == [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]


def test_a_shared_page_reaches_nothing_of_the_console(visit: Visit, server: Server) -> None:
    """A script in an object, opened by its link where somebody is signed in, has an origin of its own."""
    client = server.client()
    visitor = open_bucket(visit, server, "objects-shared", permissions=["clipboard-read", "clipboard-write"])
    script = b"<title>no</title><script>document.title = 'ran ' + origin</script>"
    client.put_object(Bucket="objects-shared", Key="page.html", Body=script, ContentType="text/html")
    page = visitor.page
    page.get_by_role("button", name="Refresh objects").click()
    page.get_by_role("checkbox", name="Select page.html").check()
    page.get_by_role("button", name="Actions").click()
    page.get_by_role("menuitem", name="Share with a presigned URL").click()
    page.get_by_role("button", name="Copy presigned URL").click()
    expect(page.get_by_text("Presigned URL copied")).to_be_visible()
    url = page.evaluate("() => navigator.clipboard.readText()")
    other = page.context.new_page()
    other.goto(url)
    expect(other).to_have_title("ran null")
    asked = other.evaluate(
        "(url) => fetch(url, {headers: {'x-farshore-console': '1'}}).then(() => 'answered', () => 'refused')",
        f"{server.endpoint}/-/console/session",
    )
    assert asked == "refused"


def test_edited_metadata_are_those_of_a_new_version(visit: Visit, server: Server) -> None:
    client = server.client()
    visitor = open_bucket(visit, server, "objects-metadata")
    first = client.put_object(
        Bucket="objects-metadata",
        Key="a b/k",
        Body=b"content",
        Tagging="keep=1",
        StorageClass="STANDARD_IA",
        Metadata={"made-by": "a test", "goes": "away"},
    )["VersionId"]
    page = visitor.page
    visitor.go("/buckets/objects-metadata/object?key=a%20b/k")
    page.get_by_role("button", name="Edit metadata").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Metadata of a version never change.")).to_be_visible()
    dialog.get_by_role("button", name="Remove goes").click()
    dialog.get_by_label("Value of metadata 1").fill("text/plain; charset=utf-8")
    dialog.get_by_role("button", name="Add metadata").click()
    dialog.get_by_role("button", name="Save changes").click()
    expect(dialog.get_by_text("Enter a key.")).to_be_visible()
    dialog.get_by_label("Key of metadata 3").fill("Made-By")
    dialog.get_by_label("Value of metadata 3").fill("ü")
    expect(dialog.get_by_text("This key is there already.")).to_be_visible()
    expect(dialog.get_by_text("Use printable ASCII characters.")).to_be_visible()
    visitor.check_accessible()
    dialog.get_by_role("button", name="Type of metadata 3").click()
    page.get_by_role("option", name="System defined").click()
    dialog.get_by_role("button", name="Key of metadata 3").click()
    page.get_by_role("option", name="Cache-Control").click()
    dialog.get_by_label("Value of metadata 3").fill("max-age=60")
    visitor.picture("61-metadata")
    dialog.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text("Saved: a new version of the object is current")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("Cache-Control max-age=60"))).to_be_visible()
    now = client.head_object(Bucket="objects-metadata", Key="a b/k")
    assert now["VersionId"] != first
    assert (now["ContentType"], now["CacheControl"]) == ("text/plain; charset=utf-8", "max-age=60")
    assert (now["Metadata"], now["StorageClass"]) == ({"made-by": "a test"}, "STANDARD_IA")
    assert client.get_object_tagging(Bucket="objects-metadata", Key="a b/k")["TagSet"] == [
        {"Key": "keep", "Value": "1"}
    ]
    before = client.head_object(Bucket="objects-metadata", Key="a b/k", VersionId=first)
    assert before["Metadata"] == {"made-by": "a test", "goes": "away"}


def test_an_upload_has_the_storage_class_the_tags_and_the_metadata_that_were_given(
    visit: Visit, server: Server
) -> None:
    visitor = open_bucket(visit, server, "objects-given")
    page = visitor.page
    page.get_by_role("link", name="Upload").first.click()
    page.get_by_label("Files to upload").set_input_files([file("small", b"1"), file("large", bytes(17 * MIB))])
    page.get_by_role("button", name="Properties").click()
    page.get_by_role("button", name="Storage class").click()
    page.get_by_role("option", name="One Zone-IA").click()
    page.get_by_role("button", name="Add tag").click()
    page.get_by_label("Key of tag 1").fill("kind")
    page.get_by_role("button", name="Add metadata").click()
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_text("Enter a key.")).to_be_visible()
    page.get_by_label("Key of metadata 1").fill("made-by")
    page.get_by_label("Value of metadata 1").fill("a test")
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_text("Upload succeeded").first).to_be_visible()
    client = server.client()
    for key in ("small", "large"):
        head = client.head_object(Bucket="objects-given", Key=key)
        assert (head["Metadata"], head["StorageClass"]) == ({"made-by": "a test"}, "ONEZONE_IA")
        tags = client.get_object_tagging(Bucket="objects-given", Key=key)["TagSet"]
        assert tags == [{"Key": "kind", "Value": ""}]
