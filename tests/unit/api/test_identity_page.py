"""docs/identity.md says which operations of IAM and STS are there: none is missing, none is claimed that is not."""

from __future__ import annotations

import re
from pathlib import Path

from farshore.api.identity_operations import IAM, STS
from farshore.wire.query_protocol import load

PAGE = (Path(__file__).parents[3] / "docs" / "identity.md").read_text()
SECTION = PAGE.partition("\n## Operations\n")[2].partition("\nEverything else")[0]
NAMED = re.findall(r"`([A-Z]\w+)`", SECTION)


def test_the_page_names_what_is_dispatched_and_each_once() -> None:
    known = {*load("iam").operations, *load("sts").operations}
    named = [name for name in NAMED if name in known]
    assert sorted(named) == sorted([*IAM, *STS])


def test_what_is_dispatched_is_an_operation_of_awss_model() -> None:
    assert set(load("iam").operations) >= set(IAM)
    assert set(load("sts").operations) >= set(STS)
