"""From settings to a deployment: the one place that names concrete drivers."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

import structlog

from farshore.app.bell import Ring, Why, nobody_listens
from farshore.app.bucket_names import reconcile_names, tell_unserved
from farshore.app.cannot_serve import CannotServe
from farshore.app.data_folder import DataFolder
from farshore.app.root_account import ensure_root
from farshore.blobs.filesystem import FilesystemBlobStore
from farshore.blobs.store import BlobsUnavailable
from farshore.metadata.deployment_key import DeploymentKeyError
from farshore.metadata.directory import Directory
from farshore.metadata.sqlite import SqliteMetadataStore
from farshore.metadata.sqlite_directory import SqliteDirectory
from farshore.metadata.sqlite_file import NewerSchemaError
from farshore.metadata.sqlite_session import UnsupportedSqliteError
from farshore.metadata.store import StoreUnavailable
from farshore.runtime.clock import SystemClock
from farshore.runtime.counters import Counters
from farshore.runtime.settings import RootCredentials, Settings
from farshore.service.deployment import Deployment, Region

log = structlog.get_logger()


@asynccontextmanager
async def open_deployment(
    settings: Settings, ring: Ring = nobody_listens, *, process: str | None = None
) -> AsyncGenerator[Deployment]:
    """Open the stores of the data folder for this process, and close them at the end.

    Args:
        process: names the file in which this process counts; None counts nowhere.
    Raises:
        CannotServe: a store cannot be opened; says what to do about it.
    """
    folder = data_folder(settings)
    async with AsyncExitStack() as stores:
        try:
            directory = SqliteDirectory.open(folder.directory)
            stores.push_async_callback(directory.close)
            regions: dict[str, Region] = {}
            for name in settings.regions:
                metadata = SqliteMetadataStore.open(folder.region_metadata(name), name)
                metadata.watch_events(partial(ring, Why.EVENTS, name))
                stores.push_async_callback(metadata.close)
                blobs = FilesystemBlobStore.open(folder.region_blobs(name))
                stores.push_async_callback(blobs.close)
                regions[name] = Region(name, metadata, blobs)
        except (
            BlobsUnavailable,
            DeploymentKeyError,
            NewerSchemaError,
            OSError,
            StoreUnavailable,
            UnsupportedSqliteError,
        ) as error:
            raise CannotServe(f"cannot open the stores in {folder.path}: {error}") from error
        yield Deployment(
            directory=directory,
            regions=regions,
            clock=SystemClock(),
            ring=partial(ring, Why.TASKS),
            ring_jobs=partial(ring, Why.JOBS),
            replicates=settings.replicate,
            event_destinations={each.arn: each.permitted for each in settings.events},
            counters=Counters(None if process is None else folder.counters / process),
        )


@asynccontextmanager
async def open_directory(folder: DataFolder) -> AsyncGenerator[Directory]:
    """Open the directory of a data folder, beside a server that may be running on it.

    Raises:
        CannotServe: there is none, or it cannot be opened.
    """
    if not folder.directory.is_file():
        raise CannotServe(f"{folder.path} is no data folder of Farshore: start the server once")
    try:
        directory = SqliteDirectory.open(folder.directory)
    except (DeploymentKeyError, NewerSchemaError, OSError, StoreUnavailable, UnsupportedSqliteError) as error:
        raise CannotServe(f"cannot open the directory in {folder.path}: {error}") from error
    try:
        yield directory
    finally:
        await directory.close()


async def prepare(settings: Settings, root: RootCredentials) -> None:
    """Make the data folder ready, before any process serves from it: stores at their present schema, the root account,
    and names and buckets that agree.

    Only while the folder's lock is held and nothing serves: what is half-made then belongs to nobody.
    """
    folder = data_folder(settings)
    folder.forget_counters()
    async with open_deployment(settings) as deployment:
        await ensure_root(deployment.directory, folder, root, deployment.clock.now_us())
        tell_unserved(deployment, await reconcile_names(deployment))


def data_folder(settings: Settings) -> DataFolder:
    return DataFolder(Path(settings.data).absolute())
