"""Completing uploads of many parts: put together off the event loop, and anew when the upload changed meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.support.deployment import EAST, Deployed, in_deployment
from tests.support.faults import FaultyMetadata

from farshore.metadata.store import Transaction
from farshore.model.errors import EntityTooSmall, InvalidPart, NoSuchUpload, S3Error
from farshore.model.objects import Checksum, Part
from farshore.semantics.multipart import PART_MIN_BYTES, multipart_etag
from farshore.service.multipart import FEW_PARTS, complete_multipart_upload

MANY = FEW_PARTS + 1


def part(number: int, blob: str = "blob", size: int = PART_MIN_BYTES) -> Part:
    return Part(number, size, f"{number:032x}", f"{blob}-{number}", Checksum("CRC64NVME", "AAAAAAAAAAA="), 7)


async def upload(deployed: Deployed, parts: Sequence[Part]) -> str:
    await deployed.bucket("shelf")
    upload_id: str = (await deployed.s3("CreateMultipartUpload", Bucket="shelf", Key="k"))["UploadId"]

    def command(tx: Transaction) -> None:
        for each in parts:
            tx.put_part(upload_id, each)

    await deployed.write(command)
    return upload_id


async def complete(
    deployed: Deployed,
    upload_id: str,
    parts: Sequence[Part],
    meanwhile: Callable[[Transaction], None] | None = None,
) -> dict[str, Any]:
    """Complete, in a deployment that fails when parts are read inside the command, on the event loop.

    Args:
        meanwhile: what changes after the parts were put together, and before the command; then they may be read.
    """
    metadata = deployed.stores[EAST].metadata
    watched = FaultyMetadata(metadata)

    async def before_write() -> None:
        if meanwhile is not None:
            await metadata.write(meanwhile)

    def on_the_loop(*_: object) -> Exception | None:
        return AssertionError("parts are read on the event loop") if meanwhile is None else None

    watched.before_write = before_write
    watched.faults["parts"] = on_the_loop
    deployment = deployed.deployment_of({EAST: replace(deployed.stores[EAST], metadata=watched)})
    listed = [{"PartNumber": each.number, "ETag": each.etag} for each in parts]
    request = deployed.request(
        "CompleteMultipartUpload", Bucket="shelf", Key="k", UploadId=upload_id, MultipartUpload={"Parts": listed}
    )
    return (await complete_multipart_upload(replace(request, deployment=deployment))).output


def test_many_parts_are_put_together_before_the_command(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        parts = [part(number) for number in range(1, MANY + 2)]
        upload_id = await upload(deployed, parts)
        output = await complete(deployed, upload_id, parts[:-1])
        assert output["ETag"] == f'"{multipart_etag([each.etag for each in parts[:-1]])}"'
        metadata = deployed.stores[EAST].metadata
        version = metadata.reader.find("shelf", "k", None)[1]
        assert version is not None
        assert (version.attributes.parts, version.size) == (tuple(parts[:-1]), MANY * PART_MIN_BYTES)
        assert await deployed.write(lambda tx: tx.garbage(2**62, 10)) == [parts[-1].blob]
        assert metadata.reader.parts(upload_id, 0, 1) == []

    in_deployment(tmp_path, test)


def test_many_parts_are_refused_before_the_command(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        parts = [part(number, size=1 if number == 5 else PART_MIN_BYTES) for number in range(1, MANY + 1)]
        upload_id = await upload(deployed, parts)
        with pytest.raises(EntityTooSmall):
            await complete(deployed, upload_id, parts)

    in_deployment(tmp_path, test)


OTHER = Part(9, PART_MIN_BYTES, "f" * 32, "another", Checksum("CRC64NVME", "AAAAAAAAAAA="), 8)


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (lambda tx, upload_id: tx.put_part(upload_id, OTHER), InvalidPart),
        (lambda tx, upload_id: tx.remove_upload(upload_id), NoSuchUpload),
    ],
    ids=["a part was replaced", "the upload was aborted"],
)
def test_an_upload_that_changed_meanwhile_is_looked_at_anew(
    tmp_path: Path, change: Callable[[Transaction, str], None], refusal: type[S3Error]
) -> None:
    async def test(deployed: Deployed) -> None:
        parts = [part(number) for number in range(1, MANY + 1)]
        upload_id = await upload(deployed, parts)
        with pytest.raises(refusal):
            await complete(deployed, upload_id, parts, meanwhile=lambda tx: change(tx, upload_id))
        assert deployed.stores[EAST].metadata.reader.find("shelf", "k", None)[1] is None

    in_deployment(tmp_path, test)


def test_parts_that_came_meanwhile_are_thrown_away(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        parts = [part(number) for number in range(1, MANY + 1)]
        upload_id = await upload(deployed, parts)
        late = part(MANY + 1, "late")
        await complete(deployed, upload_id, parts, meanwhile=lambda tx: tx.put_part(upload_id, late))
        assert await deployed.write(lambda tx: tx.garbage(2**62, 10)) == [late.blob]

    in_deployment(tmp_path, test)
