"""From a bucket's rules to those that apply to one version: at most one for each destination.

Source: S3 User Guide, "Replication configuration file elements" (rule priority, filters).
"""

from __future__ import annotations

from collections.abc import Mapping

from farshore.model.replication import ReplicationConfiguration, ReplicationRule, RuleFilter


def matches(rule_filter: RuleFilter, key: str, tags: Mapping[str, str]) -> bool:
    """Whether the key begins with the prefix and every tag of the filter is there, with that very value."""
    return key.startswith(rule_filter.prefix) and all(tags.get(name) == value for name, value in rule_filter.tags)


def winning_rules(
    configuration: ReplicationConfiguration, key: str, tags: Mapping[str, str]
) -> tuple[ReplicationRule, ...]:
    """The enabled rules whose filter matches, the strongest for each destination.

    A winner shadows the weaker rules to its destination whatever its options say: when it does not replicate delete
    markers, no weaker rule does so in its place. AWS does not say; the order by priority alone is our reading.

    Args:
        configuration: with rules strongest first, as `compile_configuration` makes it.
        tags: the version's, as given when it was created; a delete marker has none.
    """
    found: list[ReplicationRule] = []
    for rule in configuration.rules:
        # Most rules have no tags: the prefix alone is compared without a call.
        if not rule.enabled or not key.startswith(rule.filter.prefix):
            continue
        if rule.filter.tags and not matches(rule.filter, key, tags):
            continue
        if all(stronger.destination != rule.destination for stronger in found):
            found.append(rule)
    return tuple(found)
