"""Answers recorded on Amazon S3, and the comparison of ours with them.

`recorded/*.json` is an excerpt of the answers that the AWS-validated tests of the LocalStack project recorded
(Apache License 2.0), by the name of that test and its labels: status, members and errors as boto3 shows them, or a
document read into dictionaries. `<name:N>` stands for a value that differs between runs: the same name and number is
the same value throughout a test, two numbers are two values. `datetime` is any time.

Two members are left out, where this server differs knowingly: ServerSideEncryption (it encrypts nothing), and
DisplayName (AWS is doing away with it).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Self
from xml.etree import ElementTree

from botocore.exceptions import ClientError

_PLACEHOLDER = re.compile(r"<([a-z][a-z0-9_-]*(?::\d+)?)>")
_LEFT_OUT = frozenset(("ServerSideEncryption", "DisplayName"))
_ISO_8601 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z")
_HTTP_DATE = re.compile(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT")


class Recorded:
    """One recorded test. Call it with a label and a request: it asks, and compares the answer with the label's.

    Use it as a context manager: at its end every label must have been compared.

    Args:
        bound: values of placeholders that are known beforehand.
    """

    def __init__(self, file: str, test: str, **bound: str) -> None:
        text = (Path(__file__).parent / "recorded" / f"{file}.json").read_text("utf-8")
        self._answers: Mapping[str, Any] = json.loads(text)[test]
        self._bound = {name.replace("_", "-"): value for name, value in bound.items()}
        self._seen: set[str] = set()

    def __call__(self, label: str, ask: Callable[..., Any], **params: Any) -> Any:
        """Ask, by a method of boto3's client; returns the answer, or what the error says."""
        answer = asked(ask, **params)
        self.compare(label, answer)
        return answer

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(self._answers)

    def recorded(self, label: str) -> Any:
        """The answer recorded under a label."""
        return self._answers[label]

    def compare(self, label: str, answer: Any) -> None:
        """Compare what was asked in another way."""
        self._seen.add(label)
        differences: list[str] = []
        self._differ(self._answers[label], shown(answer), label, differences)
        assert not differences, "\n".join(["differs from AWS:", *differences])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            assert self._seen == self._answers.keys(), self._answers.keys() - self._seen

    def _differ(self, expected: Any, actual: Any, place: str, differences: list[str]) -> None:
        if isinstance(expected, dict) and isinstance(actual, dict):
            for name in dict.fromkeys((*expected, *actual)):
                if name not in actual:
                    differences.append(f"{place}.{name}: missing, AWS: {expected[name]!r}")
                elif name not in expected:
                    differences.append(f"{place}.{name}: {actual[name]!r}, AWS: none")
                else:
                    self._differ(expected[name], actual[name], f"{place}.{name}", differences)
        elif isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
            for number, (one, other) in enumerate(zip(expected, actual, strict=True)):
                self._differ(one, other, f"{place}[{number}]", differences)
        elif not self._same(expected, actual):
            differences.append(f"{place}: {actual!r}, AWS: {expected!r}")

    def _same(self, expected: Any, actual: Any) -> bool:
        if expected == "datetime":
            return isinstance(actual, str) and bool(_ISO_8601.fullmatch(actual) or _HTTP_DATE.fullmatch(actual))
        if not isinstance(expected, str) or not _PLACEHOLDER.search(expected):
            return expected == actual
        names = _PLACEHOLDER.findall(expected)
        pattern = "(.+?)".join(re.escape(part) for part in _PLACEHOLDER.split(expected)[::2])
        match = re.fullmatch(pattern, str(actual), re.DOTALL)
        return match is not None and all(self._bind(*pair) for pair in zip(names, match.groups(), strict=True))

    def _bind(self, name: str, value: str) -> bool:
        kind, _, number = name.partition(":")
        if not number:
            return self._bound.setdefault(name, value) == value
        others = {bound for other, bound in self._bound.items() if other.startswith(f"{kind}:") and other != name}
        return value not in others and self._bound.setdefault(name, value) == value


def asked(ask: Callable[..., Any], **params: Any) -> Any:
    """The answer to a request, or what boto3 says of an error."""
    try:
        return ask(**params)
    except ClientError as error:
        return error.response


def shown(answer: Any) -> Any:
    """An answer as it is recorded."""
    if isinstance(answer, Mapping):
        members = {name: shown(value) for name, value in answer.items() if name not in _LEFT_OUT}
        if "ResponseMetadata" in members:
            members["status"] = members.pop("ResponseMetadata")["HTTPStatusCode"]
        return members
    if isinstance(answer, list):
        return [shown(value) for value in answer]
    if isinstance(answer, datetime):
        return answer.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    if hasattr(answer, "read"):
        return answer.read().decode("utf-8", "replace")
    return answer


def document(text: bytes) -> dict[str, Any]:
    """A document in dictionaries, as it is recorded: elements of one name become a list, an empty one None."""
    root = ElementTree.fromstring(text)
    return {_local(root.tag): _element(root)}


def _element(element: ElementTree.Element) -> Any:
    if not len(element):
        return element.text
    members: dict[str, Any] = {}
    for child in element:
        name, value = _local(child.tag), _element(child)
        if name in _LEFT_OUT:
            continue
        if name not in members:
            members[name] = value
        elif isinstance(members[name], list):
            members[name].append(value)
        else:
            members[name] = [members[name], value]
    return members


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
