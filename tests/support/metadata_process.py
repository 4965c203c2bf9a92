"""A process of its own on a store: `python -m tests.support.metadata_process DRIVER ADDRESS NAME COUNT`.

Adds to a counter that several processes share, and makes a version for each addition: COUNT of them, eight under way
at a time. Says on standard output what was answered, one line each, before it asks for the next.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys

from farshore.metadata.store import MetadataStore, Transaction
from farshore.model.buckets import ConfigurationKind
from tests.support.metadata import open_place, version

BUCKET = "shared"
CONCURRENT = 8


def add_one(tx: Transaction, name: str) -> int:
    """Read the counter, write the next number, and the number's version; every third time first fail half-way."""
    bucket = tx.bucket(BUCKET)
    assert bucket is not None
    number = int(tx.configuration(bucket.id, ConfigurationKind.TAGGING) or b"0") + 1
    tx.put_configuration(bucket.id, ConfigurationKind.TAGGING, str(number).encode())
    tx.insert_version(version(bucket.id, f"{number:06}", number, name, inline=True), f"{name} {number}".encode())
    return number


def fail(tx: Transaction) -> None:
    add_one(tx, "never")
    raise ZeroDivisionError


async def work(store: MetadataStore, name: str, numbers: list[int]) -> None:
    while numbers:
        number = numbers.pop()
        if number % 3 == 0:
            with contextlib.suppress(ZeroDivisionError):
                await store.write(fail)
        print(await store.write(lambda tx: add_one(tx, name)), flush=True)


async def main(driver: str, address: str, name: str, count: int) -> None:
    store = open_place(driver, address).open()
    numbers = list(range(count))
    await asyncio.gather(*(work(store, name, numbers) for _ in range(CONCURRENT)))
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
