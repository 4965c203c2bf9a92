"""What becomes of a request once it is answered: it is counted, and recorded where somebody reads the records."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from farshore.api.request_counters import RequestCounters
from farshore.api.request_labels import RequestLabels
from farshore.api.request_record import record_of
from farshore.model.audit import AuditRecord
from farshore.runtime.counters import Counters
from farshore.service.access_logs import AccessLogs, Logged
from farshore.service.deployment import Params

Audit = Callable[[AuditRecord], None]
"""Takes a record for the audit log. Never blocks, never raises."""


class RequestRecords:
    """Of one process.

    Args:
        audit: None while no audit log is kept.
    """

    def __init__(self, counters: Counters, audit: Audit | None, access_logs: AccessLogs) -> None:
        self._counters = RequestCounters(counters)
        self._audit = audit
        self._access_logs = access_logs

    def answered(self, http: web.BaseRequest, labels: RequestLabels, status: int, *, broken_off: bool = False) -> None:
        """A request was answered with a status.

        Args:
            broken_off: the client went away before it had the whole answer; status 0 when it had nothing.
        """
        if not broken_off:
            self._counters.observe(labels.service, labels.operation, status, labels.code, labels.begun_ns)
        logged, source = self._logged(labels), self._logged_source(labels)
        if self._audit is None and logged is None and source is None:
            return
        record = record_of(http, labels, status, broken_off=broken_off)
        if self._audit is not None:
            self._audit(record)
        if logged is not None:
            self._log(logged, labels, record)
        if source is not None:
            assert labels.request is not None and labels.request.trail.source is not None
            self._access_logs.take_copy_source(source, record, labels.now_us, labels.request.trail.source)

    def _logged(self, labels: RequestLabels) -> Logged | None:
        """The bucket of the request, if it keeps a log."""
        if labels.bucket is None or labels.service != "s3":
            return None
        trail = None if labels.request is None else labels.request.trail
        if trail is None or trail.bucket is None:
            # It ended before its bucket was looked at; AWS logs these too.
            return self._access_logs.named(labels.bucket)
        return self._access_logs.of(trail.region, trail.bucket)

    def _logged_source(self, labels: RequestLabels) -> Logged | None:
        """The bucket that a copy reads from, if it keeps a log."""
        source = None if labels.request is None else labels.request.trail.source
        return None if source is None else self._access_logs.of(source.region, source.bucket)

    def _log(self, logged: Logged, labels: RequestLabels, record: AuditRecord) -> None:
        self._access_logs.take(logged, record, labels.now_us)
        if labels.operation == "DeleteObjects" and labels.request is not None and labels.answer is not None:
            entries: list[Params] = labels.request.params["Delete"].get("Objects", [])
            self._access_logs.take_deleted(logged, record, labels.now_us, labels.answer, entries)
