"""Results of tasks: what a job counts, keeps for its report, and when it has had enough failures."""

from __future__ import annotations

import pytest

from farshore.model.batch import ManifestRow
from farshore.model.replication import FailureCode
from farshore.service.job_tasks import not_replicated


@pytest.mark.parametrize("code", FailureCode)
def test_every_failure_code_has_a_sentence(code: FailureCode) -> None:
    result = not_replicated(ManifestRow("b", "k", "v"), code)
    assert result.message[0].isupper() and " " in result.message and not result.message.endswith(".")
