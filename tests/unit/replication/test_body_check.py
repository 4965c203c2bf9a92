"""Stored bodies are compared with the digests that they had when they were received; damage of any kind is found."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.delivery import stored
from tests.support.deployment import EAST, Deployed, in_deployment

from farshore.model.objects import Attributes, Checksum, ChecksumType, Part, Version
from farshore.replication.body_check import damaged_bodies
from farshore.semantics.checksums import compute

LARGE = 200 * 1024


def file_of(deployed: Deployed, blob: str) -> Path:
    return deployed.blob_folder(EAST) / blob[:2] / blob[2:4] / blob


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def cut(file: Path) -> None:
    os.truncate(file, file.stat().st_size - 1)


DAMAGES: dict[str, Callable[[Path], None]] = {"a bit": flip, "its end": cut, "all of it": Path.unlink}


@pytest.mark.parametrize("algorithm", ["CRC64NVME", "CRC32", "SHA256"])
@pytest.mark.parametrize("what", DAMAGES)
def test_a_blob_that_has_lost_a_bit_its_end_or_itself_is_found_beside_sound_ones(
    tmp_path: Path, what: str, algorithm: str
) -> None:
    async def test(deployed: Deployed) -> None:
        await deployed.bucket("source")
        versions: list[Version] = []
        for key in ("sound", "damaged", "small", "empty"):
            body = os.urandom({"small": 100, "empty": 0}.get(key, LARGE))
            value = compute(algorithm, body).value
            version_id = await deployed.put("source", key, body, **{f"Checksum{algorithm}": value})
            versions.append(stored(deployed, EAST, "source", key, version_id))
        region = deployed.stores[EAST]
        assert await damaged_bodies(region, versions) == []
        (blob,) = versions[1].blobs
        DAMAGES[what](file_of(deployed, blob))
        assert [each.key for each in await damaged_bodies(region, versions)] == ["damaged"]

    in_deployment(tmp_path, test)


async def parts_of(deployed: Deployed, checksums: bool) -> tuple[Version, list[str]]:
    """A version of two parts, with checksums of their own or MD5 alone; its blobs."""
    bucket_id = await deployed.bucket("source")
    region = deployed.stores[EAST]
    parts: list[Part] = []
    for number in (1, 2):
        body = os.urandom(LARGE)
        async with await region.blobs.create() as writer:
            await writer.write(body)
            blob = await writer.commit()
        etag = hashlib.md5(body, usedforsecurity=False).hexdigest()
        parts.append(Part(number, LARGE, etag, blob, compute("CRC32", body) if checksums else None))
    version = Version(
        bucket_id=bucket_id,
        key="k",
        version_id="v",
        created_us=1,
        owner="",
        size=2 * LARGE,
        etag="composite-2",
        attributes=Attributes(parts=tuple(parts), checksum=Checksum("CRC32", "AAAAAA==-2", ChecksumType.COMPOSITE)),
    )
    await region.metadata.write(lambda tx: tx.insert_version(version, None))
    return stored(deployed, EAST, "source", "k", "v"), list(version.blobs)


@pytest.mark.parametrize("checksums", [True, False], ids=["checksums", "MD5 alone"])
@pytest.mark.parametrize("number", [0, 1])
def test_a_damaged_part_is_found_by_its_own_digest(tmp_path: Path, number: int, checksums: bool) -> None:
    async def test(deployed: Deployed) -> None:
        version, blobs = await parts_of(deployed, checksums)
        region = deployed.stores[EAST]
        assert await damaged_bodies(region, [version]) == []
        flip(file_of(deployed, blobs[number]))
        assert await damaged_bodies(region, [version]) == [version]

    in_deployment(tmp_path, test)


def test_a_version_that_was_removed_meanwhile_is_not_damaged(tmp_path: Path) -> None:
    """Its bytes are gone, as they ought to be; those of its successor of the same id are its own."""

    async def test(deployed: Deployed) -> None:
        await deployed.bucket("source")
        versions = [
            stored(deployed, EAST, "source", key, await deployed.put("source", key, os.urandom(size)))
            for key, size in (("small", 100), ("large", LARGE))
        ]
        region = deployed.stores[EAST]

        def remove(tx: Any) -> None:
            for version in versions:
                tx.remove_version(version)

        await region.metadata.write(remove)
        await region.blobs.delete(versions[1].blobs)
        assert await damaged_bodies(region, versions) == []
        again = msgspec.structs.replace(versions[0], row=0)
        await region.metadata.write(lambda tx: tx.insert_version(again, b"another"))
        assert await damaged_bodies(region, versions) == []

    in_deployment(tmp_path, test)


def test_a_body_that_is_kept_beside_its_version_and_is_gone_is_damage(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        await deployed.bucket("source")
        version = stored(deployed, EAST, "source", "k", await deployed.put("source", "k", b"body"))
        region = deployed.stores[EAST]
        pointed = msgspec.structs.replace(version, size=5)
        assert await damaged_bodies(region, [pointed]) == [pointed], "another size than was said"
        await region.metadata.write(lambda tx: tx._run("DELETE FROM payload WHERE row = ?", (version.row,)))
        assert await damaged_bodies(region, [version]) == [version]

    in_deployment(tmp_path, test)
