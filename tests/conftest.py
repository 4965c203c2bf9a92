"""Fixtures that every test may use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.server import Server


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run the long forms of tests: minutes each")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--slow"):
        return
    skip = pytest.mark.skip(reason="slow: run with --slow")
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(skip)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server, one process, shared by the tests of a session: each makes buckets of its own."""
    one = Server(tmp_path_factory.mktemp("server") / "data", workers=0)
    one.start()
    yield one
    one.stop()


@pytest.fixture
def server_factory(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Makes servers of one's own: `server_factory(workers=2)` is running, and ends with the test."""
    made: list[Server] = []

    def make(*, start: bool = True, **settings: Any) -> Server:
        one = Server(settings.pop("data", tmp_path / f"data-{len(made)}"), **settings)
        made.append(one)
        if start:
            one.start()
        return one

    yield make
    for one in made:
        one.kill()
