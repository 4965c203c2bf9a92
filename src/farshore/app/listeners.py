"""The listening sockets, bound before anything else happens, so that a port in use is said at once.

With several API processes each has a socket of its own on the one port (SO_REUSEPORT), and the kernel spreads the
connections: measured on two processes, 4, 16 and 64 connections that come at once split at worst 3:1, 11:5 and 36:28,
where one shared socket gives 4:0, 14:2 and 38:26. The parent keeps the sockets, so that what waits in the queue
of a process that died is served by the one that follows it.
"""

from __future__ import annotations

import errno
import ipaddress
import socket

from farshore.app.cannot_serve import CannotServe


def bind(host: str, port: int, count: int) -> list[socket.socket]:
    """Bind `count` sockets to one address; port 0 takes any free port. They do not listen yet.

    Raises:
        CannotServe: the port is in use, or is not ours to take, or the host is no address of this machine.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror as error:
        raise CannotServe(f"{host} cannot be resolved: {error.strerror}") from error
    bound: list[socket.socket] = []
    try:
        # The first is bound alone, so that it cannot slip in beside another server that shares its port.
        alone = socket.socket(family, kind, protocol)
        bound.append(alone)
        alone.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        alone.bind(address)
        if count > 1:
            address = alone.getsockname()
            bound.pop().close()
            for _ in range(count):
                shared = socket.socket(family, kind, protocol)
                bound.append(shared)
                shared.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                shared.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
                shared.bind(address)
    except OSError as error:
        for each in bound:
            each.close()
        instead = " (--port takes another; 0 a free one)" if error.errno == errno.EADDRINUSE else ""
        raise CannotServe(f"cannot listen on {host} port {port}: {error.strerror}{instead}") from error
    for each in bound:
        each.setblocking(False)
    return bound


def endpoint(listener: socket.socket, host: str) -> str:
    """The URL to reach the listener by, from this machine where it listens on all addresses."""
    name = listener.getsockname()
    port: int = name[1]
    try:
        address = ipaddress.ip_address(name[0])
        if address.is_unspecified:
            host = "127.0.0.1" if address.version == 4 else "::1"
    except ValueError:  # Not an IP address; `host` is what we have.
        pass
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
