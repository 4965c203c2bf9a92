"""Where events go: the settings of each destination, and the secrets that belong to them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

import msgspec

ARN = r"^arn:aws[a-z-]*:(sqs|sns|lambda):[a-z0-9-]+:[0-9]{12}:.+$"


class EventDestination(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands for a queue, topic or function: a webhook, a NATS subject or a file; one of them.

    webhook: URL; https, or http to this machine. secret_variable: environment variable with the secret that signs its
        messages.
    nats: URL of a server; subject: of a JetStream stream there.
    file: path; each message is a line.
    events_max: events in one message to a webhook or a file; to NATS each goes by itself.
    accounts: whose buckets may send to it; the ARN's own account when none are named.
    """

    arn: Annotated[str, msgspec.Meta(pattern=ARN)]
    webhook: str | None = None
    secret_variable: str | None = None
    events_max: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 100
    nats: str | None = None
    subject: str | None = None
    file: str | None = None
    accounts: tuple[Annotated[str, msgspec.Meta(pattern="^[0-9]{12}$")], ...] = ()

    @property
    def region(self) -> str:
        """The region whose buckets may send to it."""
        return self.arn.split(":")[3]

    @property
    def permitted(self) -> frozenset[str]:
        """The accounts whose buckets may send to it."""
        return frozenset(self.accounts or (self.arn.split(":")[4],))

    def fault(self) -> str | None:
        """What is wrong with it, in words; None when nothing is."""
        if sum(value is not None for value in (self.webhook, self.nats, self.file)) != 1:
            return "one of webhook, nats and file is needed"
        if (self.nats is None) != (self.subject is None):
            return "nats and subject belong together"
        if self.webhook is not None and not is_allowed(self.webhook):
            return "a webhook must be an https URL, or an http URL of this machine"
        if self.secret_variable is not None and self.webhook is None:
            return "secret_variable belongs to a webhook"
        return None

    def secret(self, environment: Mapping[str, str]) -> str | None:
        """The secret of a webhook; None when it has none. Raises KeyError: its variable is not set."""
        if self.secret_variable is None:
            return None
        secret = environment.get(self.secret_variable)
        if not secret:
            raise KeyError(self.secret_variable)
        return secret


_LOOPBACK = re.compile(r"http://(localhost|127(\.[0-9]{1,3}){3}|\[::1\])(:[0-9]+)?(/.*)?")
_TLS = re.compile(r"https://[^/?#@]+(/.*)?")


def is_allowed(url: str) -> bool:
    """Whether events may be sent to a URL: over TLS, or to this machine."""
    return _TLS.fullmatch(url) is not None or _LOOPBACK.fullmatch(url) is not None
