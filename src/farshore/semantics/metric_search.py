"""Search expressions of CloudWatch: which metrics a text finds.

A search has a schema in braces (a namespace, and the names of exactly the dimensions that a metric must have), terms,
or both. Terms stand beside each other or with AND, OR, NOT and parentheses between them. A term finds a metric by its
namespace, its name, or the names or values of its dimensions; after `MetricName=`, `Namespace=` or the name of a
dimension, in quotes or not, by that one alone. In double quotes it must be all of it; else it may be some of its words,
in whatever case.
Source: CloudWatch User Guide, "CloudWatch search expression syntax".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from farshore.semantics.metric_expression import Call, Number, Text
from farshore.semantics.metric_points import is_period, is_statistic

SEARCH_MAX = 1024
"""Characters of a search."""

DEPTH_MAX = 50


class Unsearchable(ValueError):  # noqa: N818 - named for what is so.
    """A text that is no search; the message says why."""


@dataclass(frozen=True, slots=True)
class Found:
    """A metric, as searches look at it. dimensions: name -> value."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]


Finds = Callable[[Found], bool]
"""Whether a metric is found."""

_SCHEMA = re.compile(r"\s*\{([^{}]*)\}\s*,?")
_NAME = re.compile(r'\s*(?:"([^"]+)"|([^",{}]+?))\s*(?:,|$)')
_TOKEN = re.compile(r'\s*(?:(?P<exact>"(?:[^"\\]|\\.)*")|(?P<sign>[()=])|(?P<word>[^\s(){}="]+))')
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_JOINING = ("AND", "OR", "NOT")


@dataclass(frozen=True, slots=True)
class Search:
    """A call of SEARCH. period_s: None takes that of the query."""

    finds: Finds
    stat: str
    period_s: int | None


def read_search(call: Call) -> Search:
    """`SEARCH('search', 'statistic')`, with a period in seconds after them or without.

    Raises:
        Unsearchable.
    """
    match call.arguments:
        case (Text(value=text), Text(value=stat)):
            period_s = None
        case (Text(value=text), Text(value=stat), Number(value=period_s)):
            pass
        case _:
            raise Unsearchable("SEARCH takes a search and a statistic in quotes, and a period in seconds.")
    if not is_statistic(stat):
        raise Unsearchable(f"'{stat}' is not a valid statistic.")
    if period_s is not None and not is_period(period_s):
        raise Unsearchable("The period must be a multiple of 60.")
    return Search(compile_search(text), stat, None if period_s is None else int(period_s))


def compile_search(text: str) -> Finds:
    """What a search finds.

    Raises:
        Unsearchable.
    """
    if len(text) > SEARCH_MAX:
        raise Unsearchable(f"A search must not be longer than {SEARCH_MAX} characters.")
    schema = _SCHEMA.match(text)
    parts: list[Finds] = []
    if schema is not None:
        parts.append(_in_schema(schema[1]))
        text = text[schema.end() :]
    if text.strip():
        parts.append(_Parser(text).parse())
    if not parts:
        raise Unsearchable("A search needs a schema or a term.")
    return lambda metric: all(part(metric) for part in parts)


def found_of(metric: Mapping[str, Any]) -> Found:
    """AWS's Metric structure as searches look at it."""
    dimensions = {dimension["Name"]: dimension["Value"] for dimension in metric["Dimensions"]}
    return Found(metric["Namespace"], metric["MetricName"], dimensions)


def _in_schema(text: str) -> Finds:
    names: list[str] = []
    place = 0
    while place < len(text):
        name = _NAME.match(text, place)
        if name is None:
            raise Unsearchable(f"The schema '{{{text}}}' cannot be read.")
        names.append(name[1] or name[2])
        place = name.end()
    if not names:
        raise Unsearchable("The schema needs a namespace.")
    namespace, *dimensions = names
    wanted = frozenset(dimensions)
    return lambda metric: metric.namespace == namespace and (not wanted or wanted == frozenset(metric.dimensions))


class _Parser:
    """Descends: OR binds least, NOT most. ahead: the next token, empty at the end."""

    def __init__(self, text: str) -> None:
        self._text = text.rstrip()
        self._place = 0
        self._depth = 0
        self._kind = self._ahead = ""
        self._next()

    def parse(self) -> Finds:
        found = self._any_of(None)
        if self._ahead:
            raise Unsearchable(f"Unexpected '{self._ahead}' in the search.")
        return found

    def _any_of(self, where: str | None) -> Finds:
        parts = [self._all_of(where)]
        while self._ahead == "OR":
            self._next()
            parts.append(self._all_of(where))
        return lambda metric: any(part(metric) for part in parts)

    def _all_of(self, where: str | None) -> Finds:
        parts = [self._one(where)]
        while self._ahead not in ("", "OR", ")"):
            if self._ahead == "AND":
                self._next()
            parts.append(self._one(where))
        return lambda metric: all(part(metric) for part in parts)

    def _one(self, where: str | None) -> Finds:
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise Unsearchable("The search is nested too deeply.")
        kind, token = self._kind, self._take()
        try:
            if token == "NOT":
                negated = self._one(where)
                return lambda metric: not negated(metric)
            if token == "(":
                inner = self._any_of(where)
                if self._take() != ")":
                    raise Unsearchable("A ')' is missing in the search.")
                return inner
            text = _unquoted(token) if kind == "exact" else token
            if kind in ("word", "exact") and self._ahead == "=" and where is None:
                self._next()
                return self._one(text)
            if kind == "exact":
                return _exactly(text, where)
            if kind != "word" or token in _JOINING:
                raise Unsearchable(f"Unexpected '{token}' in the search." if token else "The search ends too early.")
            return _partly(token, where)
        finally:
            self._depth -= 1

    def _take(self) -> str:
        token = self._ahead
        self._next()
        return token

    def _next(self) -> None:
        found = _TOKEN.match(self._text, self._place)
        if found is None or found.lastgroup is None:
            if self._text[self._place :].strip():
                raise Unsearchable(f"Unexpected '{self._text[self._place :].strip()[:1]}' in the search.")
            self._kind = self._ahead = ""
            return
        self._place = found.end()
        self._kind, self._ahead = found.lastgroup, found[found.lastgroup]


def _unquoted(token: str) -> str:
    """What is in the quotes; of a quote in there the backslash before it is none of it."""
    return token[1:-1].replace('\\"', '"')


def _exactly(wanted: str, where: str | None) -> Finds:
    return lambda metric: wanted in _texts(metric, where)


def _partly(term: str, where: str | None) -> Finds:
    wanted = "".join(_words(term)) or term.lower()
    return lambda metric: any(_has(text, wanted) for text in _texts(metric, where))


def _texts(metric: Found, where: str | None) -> Sequence[str]:
    match where:
        case None:
            return metric.namespace, metric.name, *metric.dimensions, *metric.dimensions.values()
        case "Namespace":
            return (metric.namespace,)
        case "MetricName":
            return (metric.name,)
        case dimension:
            return (metric.dimensions[dimension],) if dimension in metric.dimensions else ()


def _has(text: str, wanted: str) -> bool:
    """Whether words of the text that follow each other, written as one, are what is wanted."""
    words = _words(text)
    return any(wanted in accumulate(words[start:]) for start in range(len(words)))


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORDS.findall(text)]
