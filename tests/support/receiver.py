"""A webhook for tests: takes POSTs on a free port of this machine, answers what the test says, keeps what came."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[dict[str, Any]], int]
"""A message -> the status to answer it with."""


class Receiver:
    """answer: may be replaced while it runs. taken: messages answered by 200, in order; refused: the others."""

    def __init__(self) -> None:
        self.answer: Answer = lambda _message: 200
        self.taken: list[dict[str, Any]] = []
        self.refused: list[dict[str, Any]] = []
        self.headers: list[Mapping[str, str]] = []
        self.bodies: list[bytes] = []
        self._lock = threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver.take(self)

            def log_message(self, format: str, *args: object) -> None:
                del format, args

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/events?x=1"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def records(self) -> list[dict[str, Any]]:
        """The events of all messages that were taken, in order."""
        with self._lock:
            return [record for message in self.taken for record in message.get("Records", ())]

    def take(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        message = json.loads(body)
        status = self.answer(message)
        with self._lock:
            self.headers.append(dict(handler.headers))
            self.bodies.append(body)
            (self.taken if status == 200 else self.refused).append(message)
        handler.send_response(status)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def receiver() -> Iterator[Receiver]:
    one = Receiver()
    try:
        yield one
    finally:
        one.close()


def is_signed(headers: Mapping[str, str], body: bytes, secret: str) -> bool:
    """Whether a message carries the signature that docs/observing.md describes."""
    fields = dict(part.split("=", 1) for part in headers["X-Farshore-Signature"].split(","))
    signed = f"{fields['t']}.".encode() + body
    return hmac.compare_digest(fields["v1"], hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest())
