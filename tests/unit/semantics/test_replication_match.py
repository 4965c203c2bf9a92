"""Which rules apply. Source: S3 User Guide, "Replication configuration file elements": filters, priority."""

from __future__ import annotations

import pytest

from farshore.model.replication import ReplicationConfiguration, ReplicationRule, RuleFilter
from farshore.semantics.replication_match import matches, winning_rules


def rule(
    priority: int,
    destination: str = "d",
    prefix: str = "",
    tags: dict[str, str] | None = None,
    *,
    enabled: bool = True,
    delete_markers: bool = False,
) -> ReplicationRule:
    return ReplicationRule(
        id=str(priority),
        priority=priority,
        enabled=enabled,
        filter=RuleFilter(prefix, tuple((tags or {}).items())),
        destination=destination,
        delete_markers=delete_markers,
    )


def configuration(*rules: ReplicationRule) -> ReplicationConfiguration:
    return ReplicationConfiguration("role", tuple(sorted(rules, key=lambda r: -r.priority)))


@pytest.mark.parametrize(
    ("prefix", "filter_tags", "key", "tags", "matching"),
    [
        ("", (), "any", {}, True),
        ("p/", (), "p/a", {}, True),
        ("p/", (), "p", {}, False),
        ("p", (), "P", {}, False),
        ("/p", (), "p", {}, False),
        ("", (("a", "b"),), "k", {"a": "b", "c": "d"}, True),
        ("", (("a", "b"),), "k", {}, False),
        ("", (("a", "b"),), "k", {"a": "B"}, False),
        ("", (("a", "b"),), "k", {"A": "b"}, False),
        ("", (("a", ""),), "k", {"a": ""}, True),
        ("", (("a", ""),), "k", {}, False),
        ("p", (("a", "b"), ("c", "d")), "pk", {"a": "b", "c": "d"}, True),
        ("p", (("a", "b"), ("c", "d")), "pk", {"a": "b"}, False),
        ("p", (("a", "b"),), "k", {"a": "b"}, False),
    ],
)
def test_all_predicates_of_a_filter_must_hold(
    prefix: str, filter_tags: tuple[tuple[str, str], ...], key: str, tags: dict[str, str], matching: bool
) -> None:
    rule_filter = RuleFilter(prefix, filter_tags)
    assert matches(rule_filter, key, tags) is matching
    only = ReplicationRule(id="x", priority=1, enabled=True, filter=rule_filter, destination="d")
    assert bool(winning_rules(configuration(only), key, tags)) is matching


def test_each_destination_has_one_winner_by_priority() -> None:
    rules = configuration(rule(1, "x"), rule(2, "y"), rule(3, "x", "p"), rule(4, "y", "q"), rule(5, "z", "nothing"))
    assert [(r.destination, r.priority) for r in winning_rules(rules, "p", {})] == [("x", 3), ("y", 2)]
    assert [(r.destination, r.priority) for r in winning_rules(rules, "q", {})] == [("y", 4), ("x", 1)]
    assert [(r.destination, r.priority) for r in winning_rules(rules, "o", {})] == [("y", 2), ("x", 1)]


def test_a_disabled_rule_neither_applies_nor_shadows() -> None:
    assert winning_rules(configuration(rule(1, enabled=False)), "k", {}) == ()
    weaker = rule(1)
    assert winning_rules(configuration(weaker, rule(2, enabled=False)), "k", {}) == (weaker,)


def test_without_priorities_the_first_rule_of_the_document_wins() -> None:
    first, second = rule(0, prefix="p"), rule(0)
    assert winning_rules(ReplicationConfiguration("role", (first, second), v1=True), "pk", {}) == (first,)
    assert winning_rules(ReplicationConfiguration("role", (first, second), v1=True), "k", {}) == (second,)
