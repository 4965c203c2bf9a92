"""The routes whose metrics are published, and where: those of rules with metrics or Replication Time Control.

Source: S3 User Guide, "Monitoring progress with replication metrics".
"""

from __future__ import annotations

from collections.abc import Iterator

from farshore.metadata.store import Reader
from farshore.model.buckets import ConfigurationKind
from farshore.model.metrics import MetricName, Route
from farshore.model.replication import ReplicationRule
from farshore.service.deployment import Deployment, Region


def configured_routes(deployment: Deployment, reader: Reader, *, metered: bool = False) -> Iterator[Route]:
    """The routes of the rules that a region's buckets have now. On the event loop: compiled rules are its own.

    Args:
        metered: only of those whose metrics are published.
    """
    for bucket in reader.buckets_with(ConfigurationKind.REPLICATION):
        configuration = deployment.configurations.get(reader, bucket)
        for rule in () if configuration is None else configuration.rules:
            if not metered or (rule.enabled and rule.metered):
                yield Route(bucket.id, rule.destination, rule.id)


def is_metered(deployment: Deployment, reader: Reader, route: Route) -> bool:
    """Whether the metrics of a route are published now. On the event loop, as `configured_routes`."""
    rule = _rule_of(deployment, reader, route)
    return rule is not None and rule.enabled and rule.metered


def is_configured(deployment: Deployment, reader: Reader, route: Route) -> bool:
    """Whether a rule makes the route now. On the event loop, as `configured_routes`."""
    return _rule_of(deployment, reader, route) is not None


def _rule_of(deployment: Deployment, reader: Reader, route: Route) -> ReplicationRule | None:
    bucket = reader.bucket_by_id(route.bucket_id)
    configuration = None if bucket is None else deployment.configurations.get(reader, bucket)
    rules = () if configuration is None else configuration.rules
    return next((rule for rule in rules if (rule.id, rule.destination) == (route.rule_id, route.destination)), None)


def published_in(deployment: Deployment, source: Region, destination: str, name: MetricName) -> str | None:
    """The region that publishes a metric: failures in the source's, the others in the destination's.

    Returns:
        None when nobody does: the destination bucket does not exist any more.
    """
    if name is MetricName.OPERATIONS_FAILED:
        return source.name
    home = deployment.directory.bucket_home(destination)
    return None if home is None else home.region
