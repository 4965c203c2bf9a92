"""Listening sockets: one port, and nobody else's."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest

from farshore.app import listeners
from farshore.app.cannot_serve import CannotServe

Bind = Callable[[str, int, int], list[socket.socket]]


@pytest.fixture
def bind() -> Iterator[Bind]:
    made: list[socket.socket] = []

    def bound(host: str, port: int, count: int) -> list[socket.socket]:
        made.extend(new := listeners.bind(host, port, count))
        return new

    yield bound
    for each in made:
        each.close()


@pytest.mark.parametrize("count", [1, 3])
def test_all_sockets_share_one_free_port(bind: Bind, count: int) -> None:
    sockets = bind("127.0.0.1", 0, count)
    assert len({each.getsockname() for each in sockets}) == 1
    assert len(sockets) == count
    assert sockets[0].getsockname()[1] > 0


IN_USE = r"^cannot listen on 127\.0\.0\.1 port \d+: Address already in use \(--port takes another; 0 a free one\)$"


@pytest.mark.parametrize("first", [1, 2])
@pytest.mark.parametrize("second", [1, 2])
def test_a_port_that_another_server_listens_on_is_refused_even_if_both_would_share(
    bind: Bind, first: int, second: int
) -> None:
    sockets = bind("127.0.0.1", 0, first)
    for each in sockets:
        each.listen()
    with pytest.raises(CannotServe, match=IN_USE):
        bind("127.0.0.1", sockets[0].getsockname()[1], second)


@pytest.mark.parametrize("host", ["no.such.host.invalid", "192.0.2.1"])
def test_a_host_that_is_not_this_machines_is_refused(bind: Bind, host: str) -> None:
    with pytest.raises(CannotServe, match=host.replace(".", r"\.")):
        bind(host, 0, 1)


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", "http://127.0.0.1:{}"), ("localhost", "http://localhost:{}"), ("0.0.0.0", "http://127.0.0.1:{}")],
)
def test_the_endpoint_can_be_reached_from_this_machine(bind: Bind, host: str, expected: str) -> None:
    (one,) = bind(host, 0, 1)
    assert listeners.endpoint(one, host) == expected.format(one.getsockname()[1])
