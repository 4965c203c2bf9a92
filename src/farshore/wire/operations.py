"""Operations, and which of them a request means.

A request is routed by its method and level (service, bucket, object), by the sub-resource that its query selects
(`?acl`, `?uploadId=…`), and then by required headers (`x-amz-copy-source`). Services whose paths have another form (S3
Control) are routed by path templates.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from farshore.model.errors import InvalidArgument, InvalidRequest, MethodNotAllowed, S3Error

_SERVICE, _BUCKET, _OBJECT = "/", "/{Bucket}", "/{Bucket}/{Key+}"
_LEVEL_NAMES = {_SERVICE: "SERVICE", _BUCKET: "BUCKET", _OBJECT: "OBJECT"}
_ALLOW_ORDER = ("HEAD", "DELETE", "POST", "GET", "PUT", "PATCH")
_ACCOUNT_PREFIX = r"(?:[0-9]{12}/)?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation of the model.

    path: template without query, `/{Bucket}/{Key+}`.
    fixed_query: parameters that stand in the model's URI; value None: any value.
    required_query, required_headers: wire names.
    http_status: of an answer, unless the service says another.
    has_body: the request has a body; streaming_input: it is a stream, not a document.
    checksum_required: a document must come with Content-MD5 or a checksum.
    checksum_of_object: checksum headers beside the document are not the document's, but the object's.
    """

    name: str
    service: str
    method: str
    path: str
    fixed_query: tuple[tuple[str, str | None], ...] = ()
    required_query: tuple[str, ...] = ()
    required_headers: tuple[str, ...] = ()
    http_status: int = 200
    streaming_input: bool = False
    streaming_output: bool = False
    checksum_required: bool = False
    checksum_of_object: bool = False
    has_body: bool = False

    def path_pattern(self) -> re.Pattern[str]:
        """Matches a decoded path without its first slash; groups are the labels of the template, in order.

        S3 Control may be addressed with the account as the host's first label, which then stands before the path.
        """
        parts = re.split(r"(\{[^}]+\})", self.path[1:])
        return re.compile(_ACCOUNT_PREFIX + "".join("(.+)" if part[:1] == "{" else re.escape(part) for part in parts))


class _Candidate(NamedTuple):
    operation: Operation
    query: tuple[tuple[str, str | None], ...]
    headers: tuple[str, ...]


_Table = dict[str, list[_Candidate]]
"""By method, the most specific first."""


class Router:
    """Finds the operation of a request.

    Args:
        operations: those that can be meant; of several that look the same on the wire, one.
        selectors: parameters that select a resource although they are not in any URI of the model, with the
            ResourceType that AWS calls it.
        ignored_at_key: sub-resources of buckets that AWS takes no notice of on an object.
    """

    def __init__(
        self, operations: Iterable[Operation], selectors: Mapping[str, str], ignored_at_key: Collection[str]
    ) -> None:
        self._resource_types = selectors
        self._plain: dict[str, _Table] = {level: defaultdict(list) for level in _LEVEL_NAMES}
        self._selected: dict[str, dict[str, _Table]] = {level: defaultdict(_new_table) for level in _LEVEL_NAMES}
        self._templates: list[tuple[str, re.Pattern[str], Operation]] = []
        self._companions: dict[tuple[str, str], tuple[str, str]] = {}
        for operation in operations:
            self._add(operation)
        self._first_segments = {operation.path.split("/")[1] for _, _, operation in self._templates}
        self._templates.sort(key=lambda entry: len(re.sub(r"\{[^}]+\}", "", entry[2].path)), reverse=True)
        self._misplaced = {
            _SERVICE: frozenset[str](),
            _BUCKET: self._selected[_OBJECT].keys() - self._selected[_BUCKET].keys(),
            _OBJECT: self._selected[_BUCKET].keys() - self._selected[_OBJECT].keys() - set(ignored_at_key),
        }

    def route(
        self, method: str, bucket: str | None, key: str | None, query: Mapping[str, str], headers: Mapping[str, str]
    ) -> Operation:
        """The operation of a request. Raises MethodNotAllowed, InvalidArgument, InvalidRequest."""
        level = _SERVICE if bucket is None else _BUCKET if key is None else _OBJECT
        if bucket in self._first_segments or (bucket is not None and self._is_account_host(bucket, key)):
            return self._route_template(method, f"{bucket}/{key}" if key is not None else f"{bucket}")
        if query:
            selected = self._select(level, method, query)
            if selected is not None:
                return self._route_selected(level, method, selected, query, headers)
        for candidate in self._plain[level].get(method, ()):
            if _matches(candidate, query, headers):
                return candidate.operation
        raise _not_allowed(method, _LEVEL_NAMES[level], self._plain[level])

    def _add(self, operation: Operation) -> None:
        if operation.path not in _LEVEL_NAMES:
            self._templates.append((operation.method, operation.path_pattern(), operation))
            return
        selector = next((name for name, value in operation.fixed_query if value is None), None)
        if selector is None:
            selector = next((name for name in operation.required_query if name in self._resource_types), None)
            for name in operation.required_query:
                if selector is not None and name != selector:
                    self._companions[operation.path, operation.method] = (name, selector)
        conditions = (*operation.fixed_query, *((name, None) for name in operation.required_query))
        table = self._plain[operation.path] if selector is None else self._selected[operation.path][selector]
        candidates = table[operation.method]
        candidates.append(_Candidate(operation, conditions, operation.required_headers))
        candidates.sort(key=lambda each: (len(each.query), len(each.headers)), reverse=True)
        # The least specific answers for its headers itself, with AWS's message, unless there is a choice.
        if len(candidates) == 1:
            candidates[0] = candidates[0]._replace(headers=())
        else:
            candidates[:] = [each._replace(headers=each.operation.required_headers) for each in candidates]

    def _select(self, level: str, method: str, query: Mapping[str, str]) -> str | None:
        """The sub-resource that a query names, if any."""
        selectors = self._selected[level]
        named = [name for name in query if name in selectors]
        if len(named) > 1:
            raise InvalidArgument(
                f"Conflicting query string parameters: {', '.join(sorted(named))}",
                ArgumentName="ResourceType",
                ArgumentValue=named[0],
            )
        if named:
            return named[0]
        for name in query:
            if name in self._misplaced[level]:
                if level == _OBJECT:
                    raise InvalidRequest(f"Key is not expected for the {method} method ?{name} subresource")
                raise _not_allowed(method, self._resource_type(name), self._selected[_OBJECT][name])
        companion = self._companions.get((level, method))
        if companion is not None and companion[0] in query:
            name, selector = companion
            raise InvalidArgument(
                f"This operation does not accept {name} without {selector}", ArgumentName=name, ArgumentValue=name
            )
        return None

    def _route_selected(
        self, level: str, method: str, selector: str, query: Mapping[str, str], headers: Mapping[str, str]
    ) -> Operation:
        table = self._selected[level][selector]
        for candidate in table.get(method, ()):
            if _matches(candidate, query, headers):
                return candidate.operation
        possible = {name: candidates for name, candidates in table.items() if name != method}
        raise _not_allowed(method, self._resource_type(selector), possible)

    def _resource_type(self, selector: str) -> str:
        return self._resource_types.get(selector, selector.upper())

    def _is_account_host(self, bucket: str, key: str | None) -> bool:
        return key is not None and bucket.isdigit() and key.partition("/")[0] in self._first_segments

    def _route_template(self, method: str, path: str) -> Operation:
        allowed: set[str] = set()
        for candidate_method, pattern, operation in self._templates:
            if pattern.fullmatch(path):
                if candidate_method == method:
                    return operation
                allowed.add(candidate_method)
        raise _not_allowed(method, "SERVICE", allowed)


def _new_table() -> _Table:
    return defaultdict(list)


def _matches(candidate: _Candidate, query: Mapping[str, str], headers: Mapping[str, str]) -> bool:
    for name, value in candidate.query:
        if name not in query or (value is not None and query[name] != value):
            return False
    # Presigned requests may carry headers as parameters.
    return all(name in headers or name in query for name in candidate.headers)


def _not_allowed(method: str, resource_type: str, allowed: Collection[str]) -> S3Error:
    allow = ", ".join(name for name in _ALLOW_ORDER if name in allowed)
    return MethodNotAllowed(headers={"Allow": allow} if allow else None, Method=method, ResourceType=resource_type)
