"""The HTTP library's log: refused requests are quiet, defects are not."""

from __future__ import annotations

import logging

import pytest
from aiohttp.http import HttpProcessingError
from tests.support.logs import captured_logs

from farshore.api.http_log import HttpLog


def test_a_refused_request_is_one_short_line(caplog: pytest.LogCaptureFixture) -> None:
    error = HttpProcessingError(code=400, message="Bad header:\n\n  b'" + "x" * 1000 + "'\n    ^")
    with captured_logs() as logs:
        HttpLog().exception("Error handling request from %s", "192.0.2.1", exc_info=error)
    (line,) = logs.entries
    assert line["log_level"] == "debug"
    assert line["said"] == "Error handling request from 192.0.2.1"
    assert line["reason"].startswith("Bad header: b'xxx") and len(line["reason"]) == 120
    assert caplog.records == []


def test_a_defect_is_logged_with_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    error = ValueError("odd")
    HttpLog().exception("Unhandled exception", exc_info=error)
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("aiohttp.server", logging.ERROR)
    assert record.getMessage() == "Unhandled exception"
    assert record.exc_info is not None and record.exc_info[1] is error
