"""The server that is measured: one of our own, which may be stopped and looked into, or one that runs already."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from farshore.app.data_folder import DataFolder
from farshore.bench import processes
from farshore.bench.loads import Cpu, Endpoint

SOURCE_REGION = "us-east-1"
DESTINATION_REGION = "us-west-2"
_START_S_MAX = 60.0
_STOP_S_MAX = 90.0


class CannotMeasure(Exception):  # noqa: N818 - named for what is so.
    """The bench cannot go on; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A running server.

    pids: its processes, empty when they are not known (then CPU and memory are not measured).
    """

    endpoint_url: str
    access_key_id: str
    secret: str
    pids: tuple[int, ...] = ()

    @property
    def cpu(self) -> Cpu | None:
        return (lambda: processes.cpu_s(self.pids)) if self.pids else None

    def endpoint(self, region: str = SOURCE_REGION) -> Endpoint:
        place = urlsplit(self.endpoint_url)
        if place.scheme != "http" or place.hostname is None:
            raise CannotMeasure(f"the bench speaks plain HTTP, and {self.endpoint_url} is something else")
        return Endpoint(
            host=place.hostname,
            port=place.port or 80,
            access_key_id=self.access_key_id,
            secret=self.secret,
            region=region,
        )

    def client(self, region: str = SOURCE_REGION, service: str = "s3") -> Any:
        """A boto3 client, for what is not measured."""
        import boto3
        from botocore.config import Config

        return boto3.client(
            service,
            endpoint_url=self.endpoint_url,
            region_name=region,
            aws_access_key_id=self.access_key_id,
            aws_secret_access_key=self.secret,
            config=Config(s3={"addressing_style": "path"}, read_timeout=300),
        )

    def control(self, region: str = SOURCE_REGION) -> Any:
        """A boto3 client of S3 Control. With a user before the host, the SDK's account id does not change the host."""
        import boto3

        return boto3.client(
            "s3control",
            endpoint_url=self.endpoint_url.replace("://", "://@"),
            region_name=region,
            aws_access_key_id=self.access_key_id,
            aws_secret_access_key=self.secret,
        )


@asynccontextmanager
async def own_server(
    data: Path, *, workers: int, replicate: bool = True, environment: Mapping[str, str] = {}
) -> AsyncGenerator[Subject]:
    """`farshore serve` on a data folder, in processes of its own, on a free port of 127.0.0.1.

    It is stopped at the end; what it stored stays.

    Args:
        environment: more settings.
    Raises:
        CannotMeasure: it does not start.
    """
    settings = {"FARSHORE_REPLICATE": str(replicate).lower(), "FARSHORE_LOG_LEVEL": "warning", **environment}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "FARSHORE_"))}
    arguments = ("serve", "--data", str(data), "--port", "0", "--workers", str(workers))
    regions = ("--region", SOURCE_REGION, "--region", DESTINATION_REGION)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "farshore",
        *arguments,
        *regions,
        env={**inherited, **settings},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(_START_S_MAX):
            line = (await process.stdout.readline()).decode().strip()
        key = DataFolder(data).read_credentials()
        if not line.startswith("http://") or key is None:
            raise CannotMeasure(f"farshore {' '.join(arguments)} did not start: {line or 'it ended'}")
        pids = tuple(processes.family(process.pid))
        yield Subject(endpoint_url=line, access_key_id=key[0], secret=key[1], pids=pids)
    finally:
        await _stop(process)


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(_STOP_S_MAX):
                await process.wait()
        except TimeoutError:
            process.kill()
    await process.wait()
