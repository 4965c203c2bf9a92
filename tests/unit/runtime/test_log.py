"""Log lines: JSON or text, with their process, without secrets."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from farshore.runtime import log


@pytest.fixture(autouse=True)
def restore() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def out() -> io.StringIO:
    return io.StringIO()


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_away_from_a_terminal_lines_are_json_with_time_level_process_and_what_is_bound(out: io.StringIO) -> None:
    log.configure(form="auto", level="info", process="api 1", stream=out)
    structlog.get_logger().bind(request_id="R1").info("did it", count=3)
    (line,) = lines(out)
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "did it", "level": "info", "process": "api 1", "request_id": "R1", "count": 3}


def test_the_standard_librarys_warnings_take_the_same_road(out: io.StringIO) -> None:
    log.configure(form="json", level="info", process="api 1", stream=out)
    logging.getLogger("aiohttp").warning("odd %s", "thing")
    logging.getLogger("aiohttp").info("chatter")
    (line,) = lines(out)
    assert (line["event"], line["level"], line["process"]) == ("odd thing", "warning", "api 1")


def test_events_below_the_level_are_left_out(out: io.StringIO) -> None:
    log.configure(form="json", level="warning", process="", stream=out)
    structlog.get_logger().info("chatter")
    assert out.getvalue() == ""


@pytest.mark.parametrize("form", ["json", "text"])
def test_no_secret_reaches_the_log(out: io.StringIO, form: Any) -> None:
    log.configure(form=form, level="info", process="", stream=out)
    secret = "s3cr3t"
    logger = structlog.get_logger()
    logger.info("a", secret_access_key=secret, Authorization=f"AWS4 Signature={secret}")
    logger.info("b", path=f"/b/k?X-Amz-Expires=1&X-Amz-Signature={secret}&X-Amz-Security-Token={secret}")
    try:
        local_secret = secret  # A traceback shows no locals.
        raise ValueError(f"of {len(local_secret)}")
    except ValueError:
        logger.exception("c")
    text = out.getvalue()
    assert "ValueError" in text
    assert "X-Amz-Expires=1&" in text
    assert secret not in text
