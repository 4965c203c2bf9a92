"""The drivers that run the suite of the metadata port."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.support.metadata import OpenStore, SqlitePlace, StorePlace


@pytest.fixture(params=["sqlite"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> StorePlace:
    """An empty place of each driver. A further driver is one more parameter."""
    makers: dict[str, Callable[[], StorePlace]] = {"sqlite": lambda: SqlitePlace(str(tmp_path / "meta" / "region.db"))}
    return makers[request.param]()


@pytest.fixture
def store(place: StorePlace) -> Iterator[OpenStore]:
    opened = OpenStore(place)
    yield opened
    opened.close()
