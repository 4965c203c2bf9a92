"""Configurations as they followed each other: what was in force, and what became of a rule."""

from __future__ import annotations

import msgspec
import pytest

from farshore.model.replication import ReplicationConfiguration, ReplicationRule, RuleFilter
from farshore.semantics.replication_history import Era, RuleChangeKind, changes_of_rule, era_of, same_rule

RULE = ReplicationRule(id="r", priority=1, enabled=True, filter=RuleFilter("logs/"), destination="there")


def changed(**members: object) -> ReplicationRule:
    return msgspec.structs.replace(RULE, **members)


def era(number: int, *rules: ReplicationRule, after_row: int = 0) -> Era:
    configuration = ReplicationConfiguration("role", rules) if rules else None
    return Era(number=number, at_us=number * 10, after_row=after_row, configuration=configuration)


@pytest.mark.parametrize(
    ("row", "at_us", "present"),
    [(5, None, False), (6, 10, True), (9, 10, True), (10, 20, False), (15, 30, True)],
)
def test_what_was_in_force_is_told_by_the_order_of_writes(row: int, at_us: int | None, present: bool) -> None:
    """A time would not tell: an upload that began before a change may end after it."""
    history = [era(1, RULE, after_row=5), era(2, after_row=9), era(3, RULE, after_row=14)]
    then = era_of(history, row)
    assert (then.known, then.at_us, then.configuration is not None) == (True, at_us, present)


def test_what_is_older_than_all_that_is_remembered_is_not_known() -> None:
    assert not era_of([era(7, RULE, after_row=5)], 5).known
    assert era_of([era(7, RULE, after_row=5)], 6).known


def test_without_any_change_there_never_was_a_configuration() -> None:
    then = era_of([], 1)
    assert then.known and then.configuration is None


def test_a_rule_is_known_by_its_id_else_by_being_the_same_in_all_else() -> None:
    renamed, other = changed(id="generated-anew"), changed(id="x", destination="elsewhere")
    assert same_rule(ReplicationConfiguration("role", (other, renamed)), RULE) == renamed
    by_id = changed(destination="elsewhere")
    assert same_rule(ReplicationConfiguration("role", (renamed, by_id)), RULE) == by_id
    assert same_rule(ReplicationConfiguration("role", (other,)), RULE) is None
    assert same_rule(None, RULE) is None


def test_what_became_of_a_rule() -> None:
    off, narrowed = changed(enabled=False), changed(filter=RuleFilter("logs/2026/"))
    history = [era(1, RULE), era(2, off), era(3, off), era(4, RULE), era(5, narrowed), era(6), era(7, narrowed)]
    kinds = [(change.at_us, change.kind) for change in changes_of_rule(history, narrowed)]
    assert kinds == [
        (10, RuleChangeKind.CREATED),
        (20, RuleChangeKind.DISABLED),
        (40, RuleChangeKind.ENABLED),
        (50, RuleChangeKind.CHANGED),
        (60, RuleChangeKind.REMOVED),
        (70, RuleChangeKind.CREATED),
    ]


def test_the_beginning_of_a_rule_may_be_forgotten() -> None:
    assert [change.kind for change in changes_of_rule([era(9, RULE), era(10, changed(enabled=False))], RULE)] == [
        RuleChangeKind.DISABLED
    ]
