"""The workers beside each other: what one of them meets is not the others' business."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.support.delivery import find, put_rule
from tests.support.deployment import EAST, WEST, Deployed, in_deployment
from tests.support.faults import FaultyMetadata
from tests.support.logs import captured_logs

from farshore.app.background import Background
from farshore.maintenance.event_delivery import Retention
from farshore.runtime.supervision import DEFECT_S
from farshore.service.deployment import Region


def test_a_defect_in_one_worker_ends_no_other_and_it_begins_anew(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        await deployed.bucket("source", EAST)
        await deployed.bucket("there", WEST)
        await put_rule(deployed, "source", "there")
        failed = asyncio.Semaphore(0)

        def defect() -> Exception:
            failed.release()
            return ZeroDivisionError("a defect")

        east = FaultyMetadata(deployed.stores[EAST].metadata)
        east.faults["buckets"] = defect  # Sizes are measured bucket by bucket.
        regions = {**deployed.stores, EAST: Region(EAST, east, deployed.stores[EAST].blobs)}
        background = Background(
            deployed.deployment_of(regions), replicate=True, batch_share=0.5, targets={}, retention=Retention()
        )
        stop = asyncio.Event()
        with captured_logs() as logs:
            running = asyncio.create_task(background.run(stop))
            await failed.acquire()
            version_id = await deployed.put("source", "k")
            deployed.clock.move(DEFECT_S)
            await failed.acquire()
            await east.until(lambda: find(deployed, WEST, "there", "k", version_id))
            stop.set()
            async with asyncio.timeout(30):
                await running
        assert "worker failed" in logs.events

    in_deployment(tmp_path, test)
