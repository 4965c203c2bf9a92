"""From a form to an operation's parameters: readers compiled once from the model, with its constraints checked.

A reader collects what the constraints of the model (required, length, range, pattern, enumeration) refuse, in AWS's
words; all of it is answered in one ValidationError.
Source: Smithy, "Constraint traits"; messages recorded on AWS and quoted from it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from farshore.model.query_errors import ValidationError
from farshore.wire.query_form import Node
from farshore.wire.shapes import Definition, Shape
from farshore.wire.timestamps import parse_timestamp

_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_BOOLEANS = {"true": True, "false": False}
_RANGES = {"integer": 2**31, "long": 2**63}


class Faults:
    """What is wrong with the parameters, in the order of the model's members.

    echo: whether messages repeat the value, as STS does; IAM does not (recorded).
    """

    __slots__ = ("_echo", "_messages", "_worded")

    def __init__(self, echo: bool) -> None:
        self._echo = echo
        self._messages: list[str] = []
        self._worded: list[str] = []

    def add(self, place: str, value: str | None, constraint: str) -> None:
        echoed = "" if not self._echo else " null" if value is None else f" '{value}'"
        self._messages.append(f"Value{echoed} at '{place}' failed to satisfy constraint: {constraint}")

    def add_worded(self, message: str) -> None:
        """A refusal that AWS words in a way of its own."""
        self._worded.append(message)

    def check(self) -> None:
        """Raises ValidationError when there are any."""
        count = len(self._messages)
        if count:
            noun = "error" if count == 1 else "errors"
            raise ValidationError(f"{count} validation {noun} detected: {'; '.join(self._messages)}")
        if self._worded:
            raise ValidationError(self._worded[0])


Reader = Callable[[Node, str, Faults], Any]
"""(what was sent, its place in messages, where to put faults) -> value."""
_Check = Callable[[Any, str, Faults], None]


class FormCompiler:
    """Compiles the readers of one service."""

    def __init__(self, definition: Definition) -> None:
        self._echo = bool(definition.patches.get("echoes_values"))
        self._worded: Mapping[str, str] = definition.patches.get("pattern_messages", {})
        self._open_enums = definition.names("open_enums")

    def compile(self, shape: Shape | None) -> Callable[[Node], dict[str, Any]]:
        """The reader of an operation's input: raises ValidationError."""
        structure = _no_members if shape is None else self._structure(shape)

        def read(form: Node) -> dict[str, Any]:
            faults = Faults(self._echo)
            params = structure(form, "", faults)
            faults.check()
            return params

        return read

    def _structure(self, shape: Shape) -> Reader:
        required = frozenset(shape.required)
        fields = [
            (name, member.wire_name(name), _spoken(name), self._reader(member), name in required, member.type)
            for name, member in shape.members.items()
        ]

        def read(node: Node, place: str, faults: Faults) -> dict[str, Any]:
            values: dict[str, Any] = {}
            for name, wire_name, spoken, reader, needed, kind in fields:
                where = f"{place}.{spoken}" if place else spoken
                child = node.child(wire_name)
                if child is None or (kind not in ("structure", "list", "map") and child.text is None):
                    if needed:
                        faults.add(where, None, "Member must not be null")
                    continue
                values[name] = reader(child, where, faults)
            return values

        return read

    def _reader(self, shape: Shape) -> Reader:
        match shape.type:
            case "structure":
                return self._structure(shape)
            case "list":
                return self._list(shape)
            case "map":
                return self._map(shape)
            case "string":
                return self._string(shape)
            case "integer" | "long":
                return _integer_reader(_RANGES[shape.type], _range_check(shape))
            case "double" | "float":
                return _read_number
            case "boolean":
                return _read_boolean
            case "timestamp":
                return _read_timestamp
            case other:
                raise AssertionError(f"{shape.name}: no reader for {other}")

    def _list(self, shape: Shape) -> Reader:
        reader = self._reader(shape.item)
        item_name = None if shape.flattened else shape.item.wire_name("member")
        check = _length_check(shape)

        def read(node: Node, place: str, faults: Faults) -> list[Any]:
            around = node if item_name is None else node.child(item_name)
            items = [] if around is None else around.numbered()
            values = [reader(item, f"{place}.{number}.member", faults) for number, item in enumerate(items, 1)]
            check(values, place, faults)
            return values

        return read

    def _map(self, shape: Shape) -> Reader:
        key_name, value_name = shape.key.wire_name("key"), shape.value.wire_name("value")
        read_key, read_value = self._reader(shape.key), self._reader(shape.value)
        flattened = shape.flattened

        def read(node: Node, place: str, faults: Faults) -> dict[str, Any]:
            around = node if flattened else node.child("entry")
            values: dict[str, Any] = {}
            for number, entry in enumerate([] if around is None else around.numbered(), 1):
                key, value = entry.child(key_name), entry.child(value_name)
                if key is None or value is None:
                    faults.add(f"{place}.{number}", None, "Member must not be null")
                    continue
                where = f"{place}.{number}"
                values[read_key(key, f"{where}.key", faults)] = read_value(value, f"{where}.value", faults)
            return values

        return read

    def _string(self, shape: Shape) -> Reader:
        checks = [_length_check(shape)]
        pattern = shape.traits.get("pattern")
        if pattern is not None:
            checks.append(_pattern_check(pattern, self._worded.get(shape.name) or self._worded.get(pattern)))
        if shape.enum and shape.name not in self._open_enums:
            checks.append(_enum_check(tuple(shape.enum)))

        def read(node: Node, place: str, faults: Faults) -> str:
            text = node.text or ""
            for check in checks:
                check(text, place, faults)
            return text

        return read


def java_pattern(pattern: str) -> re.Pattern[str]:
    """A pattern of the model, which is Java's. Classes of letters and numbers are Unicode's, `\\w` is ASCII's."""
    if "\\p{" not in pattern:
        return re.compile(pattern, re.ASCII)
    for java, python in _UNICODE_CLASSES.items():
        pattern = pattern.replace(java, python)
    return re.compile(pattern)


_UNICODE_CLASSES = {
    "\\p{L}": "\\w",
    "\\p{M}": "\u0300-\u036f",
    "\\p{N}": "\\d",
    "\\p{Z}": " \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000",
    "\\p{S}": "$+<=>^`|~\u00a2-\u00a9\u20a0-\u20bf",
    "\\p{P}": "!-#%-*,-/:;?@\\[-\\]_{}\u2010-\u2027",
}
"""Near enough: `\\w` also has the underscore, which every pattern of these services allows beside letters."""


def _spoken(name: str) -> str:
    """A member in a message: `RoleName` is `roleName`."""
    return name[:1].lower() + name[1:]


def _no_members(_node: Node, _place: str, _faults: Faults) -> dict[str, Any]:
    return {}


def _length_check(shape: Shape) -> _Check:
    least, most = shape.traits.get("min"), shape.traits.get("max")

    def check(value: str | list[Any], place: str, faults: Faults) -> None:
        echoed = value if isinstance(value, str) else f"[{', '.join(map(str, value))}]"
        if least is not None and len(value) < least:
            faults.add(place, echoed, f"Member must have length greater than or equal to {least}")
        if most is not None and len(value) > most:
            faults.add(place, echoed, f"Member must have length less than or equal to {most}")

    return check


def _pattern_check(pattern: str, worded: str | None) -> _Check:
    compiled = java_pattern(pattern)

    def check(value: str, place: str, faults: Faults) -> None:
        if compiled.fullmatch(value):
            return
        if worded is not None and value:
            faults.add_worded(worded.replace("{place}", place))
        else:
            faults.add(place, value, f"Member must satisfy regular expression pattern: {pattern}")

    return check


def _enum_check(allowed: tuple[str, ...]) -> _Check:
    def check(value: str, place: str, faults: Faults) -> None:
        if value not in allowed:
            faults.add(place, value, f"Member must satisfy enum value set: [{', '.join(allowed)}]")

    return check


def _range_check(shape: Shape) -> _Check:
    least, most = shape.traits.get("min"), shape.traits.get("max")

    def check(value: int, place: str, faults: Faults) -> None:
        if least is not None and value < least:
            faults.add(place, str(value), f"Member must have value greater than or equal to {least}")
        if most is not None and value > most:
            faults.add(place, str(value), f"Member must have value less than or equal to {most}")

    return check


def _integer_reader(limit: int, check: _Check) -> Reader:
    def read(node: Node, place: str, faults: Faults) -> int:
        text = node.text or ""
        if not _INTEGER.fullmatch(text) or not -limit <= int(text) < limit:
            faults.add_worded(f"Value '{text}' at '{place}' is not an integer")
            return 0
        check(int(text), place, faults)
        return int(text)

    return read


def _read_number(node: Node, place: str, faults: Faults) -> float:
    try:
        return float(node.text or "")
    except ValueError:
        faults.add_worded(f"Value '{node.text}' at '{place}' is not a number")
        return 0.0


def _read_boolean(node: Node, place: str, faults: Faults) -> bool:
    value = _BOOLEANS.get((node.text or "").lower())
    if value is None:
        faults.add_worded(f"Value '{node.text}' at '{place}' is not a boolean")
    return value is True


def _read_timestamp(node: Node, place: str, faults: Faults) -> Any:
    try:
        return parse_timestamp(node.text or "")
    except ValueError:
        faults.add_worded(f"Value '{node.text}' at '{place}' is not a timestamp")
        return None
