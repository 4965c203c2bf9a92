"""What the HTTP library logs of connections: a request that is not HTTP is no error of the server's."""

from __future__ import annotations

import logging
from typing import Any

import structlog
from aiohttp.http import HttpProcessingError

_REASON_MAX = 120

log = structlog.get_logger()


class HttpLog(logging.LoggerAdapter[logging.Logger]):
    """Takes the place of the HTTP library's logger.

    Anybody who reaches the port can send what is not HTTP, as often as they like, and gets 400: that is one short line
    of level debug. Everything else goes to the library's own logger as it is.
    """

    def __init__(self) -> None:
        super().__init__(logging.getLogger("aiohttp.server"), None)

    def exception(self, msg: object, *args: object, exc_info: Any = True, **more: Any) -> None:
        if isinstance(exc_info, HttpProcessingError):
            reason = " ".join(exc_info.message.split())  # The parser shows the place in lines of their own.
            log.debug("refused what is not HTTP", said=str(msg) % args, reason=reason[:_REASON_MAX])
        else:
            super().exception(msg, *args, exc_info=exc_info, **more)
