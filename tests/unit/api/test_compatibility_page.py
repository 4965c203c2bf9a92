"""docs/s3-compatibility.md says what the server does: no operation is missing, none is claimed that is not there."""

from __future__ import annotations

import re
from pathlib import Path

from farshore.api.dispatch import S3
from farshore.service.bucket_config import NOT_CONFIGURED
from farshore.wire.service_model import load

PAGE = Path(__file__).parents[3] / "docs" / "s3-compatibility.md"
ROWS = dict(re.findall(r"^\| ([A-Z]\w+) \| (yes|partly|unset|no) \|", PAGE.read_text(), re.MULTILINE))


def test_the_page_lists_every_operation_of_the_model_once() -> None:
    assert set(ROWS) == set(load("s3").operations)


def test_the_page_says_yes_or_partly_exactly_where_a_service_function_answers() -> None:
    served = {name for name, state in ROWS.items() if state in ("yes", "partly")}
    assert served == set(S3) - set(NOT_CONFIGURED)


def test_the_page_says_unset_exactly_where_only_the_unset_answer_exists() -> None:
    assert {name for name, state in ROWS.items() if state == "unset"} == set(NOT_CONFIGURED)
