"""What would mend a refusal, under configurations of any length."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from farshore.model.objects import Version
from farshore.semantics.replication_config import compile_configuration
from farshore.semantics.replication_eligibility import Refusal
from farshore.semantics.replication_remedy import Subject, mend_refusal

REFUSALS = (
    Refusal.PREFIX_DOES_NOT_MATCH,
    Refusal.RULE_DISABLED,
    Refusal.SHADOWED,
    Refusal.DELETE_MARKERS_OFF,
)
"""Those that are mended by another configuration."""


def configuration(rules: int) -> dict[str, Any]:
    """As short as a configuration of so many rules can be."""
    return {
        "Role": "arn:aws:iam::111122223333:role/r",
        "Rules": [
            {"ID": f"{number}", "Prefix": "", "Status": "Enabled", "Destination": {"Bucket": "arn:aws:s3:::abc"}}
            for number in range(rules)
        ],
    }


def subject(document: dict[str, Any]) -> Subject:
    version = Version(bucket_id=1, key="in/k", version_id="v", created_us=1, owner="111122223333")
    return Subject(bucket="bucket", key="in/k", version=version, document=document, owner="111122223333")


@pytest.mark.parametrize("rules", [1, 10, 40, 50, 60])
@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_configuration_is_repeated_in_a_command_wherever_it_is_not_longer_than_4000_characters(
    rules: int, refusal: Refusal
) -> None:
    document = configuration(rules)
    (rule, *_) = compile_configuration(document).rules
    remedy = mend_refusal(subject(document), rule, refusal)
    assert remedy is not None
    length = len(json.dumps(document, separators=(",", ":")))
    if length < 3500:
        assert remedy.command is not None and remedy.command.startswith("aws s3api put-bucket-replication")
    if length > 4000:
        assert remedy.command is None
    assert rule.id in remedy.text


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_thousand_rules_are_mended_without_copying_all_of_them_for_each(refusal: Refusal) -> None:
    """It took seven seconds of the event loop, for commands that were too long to be shown."""
    document = configuration(1000)
    about = subject(document)
    rules = compile_configuration(document).rules
    began = time.process_time()
    remedies = [mend_refusal(about, rule, refusal) for rule in rules]
    assert time.process_time() - began < 2
    assert all(remedy is not None and remedy.command is None for remedy in remedies)
