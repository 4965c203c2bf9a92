"""What becomes of a request once it is answered: it is counted, and recorded where somebody reads the records."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from farshore.api.request_counters import RequestCounters
from farshore.api.request_labels import RequestLabels
from farshore.api.request_record import record_of
from farshore.model.audit import AuditRecord
from farshore.runtime.counters import Counters

Audit = Callable[[AuditRecord], None]
"""Takes a record for the audit log. Never blocks, never raises."""


class RequestRecords:
    """Of one process. audit: None while no audit log is kept."""

    def __init__(self, counters: Counters, audit: Audit | None) -> None:
        self._counters = RequestCounters(counters)
        self._audit = audit

    def answered(self, http: web.BaseRequest, labels: RequestLabels, status: int, *, broken_off: bool = False) -> None:
        """A request was answered with a status.

        Args:
            broken_off: the client went away before it had the whole answer; status 0 when it had nothing.
        """
        if not broken_off:
            self._counters.observe(labels.service, labels.operation, status, labels.code, labels.begun_ns)
        if self._audit is not None:
            self._audit(record_of(http, labels, status, broken_off=broken_off))
