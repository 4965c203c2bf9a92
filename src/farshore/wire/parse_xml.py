"""From a document's elements to values: compiled once into closures, one for each shape.

A reader raises MalformedXML for what AWS's published schema does not admit: a missing required element, one twice that
is no list, a value outside its enumeration, a number that is none. The order of elements does not matter, and elements
that the model does not know are ignored, except where a document is read strictly.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from farshore.model.errors import MalformedXML
from farshore.wire.shapes import Definition, Shape
from farshore.wire.timestamps import parse_timestamp
from farshore.wire.xml import Element

Reader = Callable[[Element], Any]

_RANGES = {"integer": 2**31, "long": 2**63}
_BOOLEANS = {"true": True, "false": False, "1": True, "0": False}


class ReaderCompiler:
    """Compiles the readers of one service; shapes that documents share are compiled once.

    Args:
        strict: whether readers refuse unknown elements: for documents in which a part left out would mean more than
            was asked.
    """

    def __init__(self, definition: Definition, *, strict: bool) -> None:
        self._strict = strict
        self._open_enums = definition.names("open_enums")
        self._structures: dict[str, Reader] = {}

    def structure(self, shape: Shape, members: Mapping[str, Shape] | None = None) -> Reader:
        """A reader of the structure's members, or of those given, from child elements and attributes."""
        if members is None:
            known = self._structures.get(shape.name)
            if known is None:
                known = self._structures[shape.name] = self._structure(shape, shape.members)
            return known
        return self._structure(shape, members)

    def _structure(self, shape: Shape, members: Mapping[str, Shape]) -> Reader:
        attributes: dict[str, tuple[str, Reader]] = {}
        fields: dict[str, tuple[str, Reader, bool]] = {}
        for name, member in members.items():
            wire_name = member.wire_name(name)
            if member.traits.get("xmlAttribute"):
                attributes[wire_name.rpartition(":")[2]] = (name, self._reader(member))
            elif member.type == "list" and member.flattened:
                fields[wire_name] = (name, self._reader(member.item), True)
            else:
                fields[wire_name] = (name, self._reader(member), False)
        required = tuple(name for name in shape.required if name in members)
        return _structure_reader(fields, attributes, required, self._strict)

    def _reader(self, shape: Shape) -> Reader:
        match shape.type:
            case "structure":
                return self.structure(shape)
            case "list":
                return _list_reader(shape.item.wire_name("member"), self._reader(shape.item), self._strict)
            case "map":
                return _map_reader(shape.key.wire_name("key"), shape.value.wire_name("value"))
            case "string" if shape.enum and shape.name not in self._open_enums:
                return _enum_reader(frozenset(shape.enum))
            case "string":
                return _read_text
            case "integer" | "long":
                return _integer_reader(_RANGES[shape.type])
            case "double" | "float":
                return _read_number
            case "boolean":
                return _read_boolean
            case "timestamp":
                return _read_timestamp
            case "blob":
                return _read_blob
            case other:
                raise AssertionError(f"{shape.name}: no reader for {other}")


def _structure_reader(
    fields: Mapping[str, tuple[str, Reader, bool]],
    attributes: Mapping[str, tuple[str, Reader]],
    required: tuple[str, ...],
    strict: bool,
) -> Reader:
    def read(element: Element) -> dict[str, Any]:
        values: dict[str, Any] = {}
        name, repeated = "", False
        try:
            for child in element.children:
                field = fields.get(child.name)
                if field is None:
                    if strict:
                        name, repeated = child.name, False
                        raise MalformedXML()
                    continue
                name, reader, repeated = field
                if repeated:
                    if name in values:
                        values[name].append(reader(child))
                    else:
                        values[name] = [reader(child)]
                elif name in values:
                    raise MalformedXML()
                else:
                    values[name] = reader(child)
        except MalformedXML as error:
            error.inside(f"{name}[{len(values.get(name, ()))}]" if repeated else name)
            raise
        for wire_name, (name, reader) in attributes.items():
            if wire_name in element.attributes:
                attribute = Element(wire_name, {})
                attribute.text = element.attributes[wire_name]
                values[name] = reader(attribute)
        for name in required:
            if name not in values:
                raise MalformedXML(member=name)
        return values

    return read


def _list_reader(item_name: str, reader: Reader, strict: bool) -> Reader:
    def read(element: Element) -> list[Any]:
        if strict and any(child.name != item_name for child in element.children):
            raise MalformedXML()
        return [reader(child) for child in element.children if child.name == item_name]

    return read


def _map_reader(key_name: str, value_name: str) -> Reader:
    """Maps of strings to strings: `<entry><key/><value/></entry>`; the model has no others in documents."""

    def read(element: Element) -> dict[str, str]:
        values: dict[str, str] = {}
        for entry in element.children:
            parts = {child.name: child.text for child in entry.children}
            if key_name not in parts or value_name not in parts:
                raise MalformedXML()
            values[parts[key_name]] = parts[value_name]
        return values

    return read


def _enum_reader(allowed: frozenset[str]) -> Reader:
    def read(element: Element) -> str:
        text = _read_text(element)
        if text not in allowed:
            raise MalformedXML()
        return text

    return read


def _integer_reader(limit: int) -> Reader:
    def read(element: Element) -> int:
        text = element.text.strip()
        digits = text[1:] if text[:1] in ("-", "+") else text
        if not digits.isascii() or not digits.isdigit() or len(digits) > 19:
            raise MalformedXML()
        value = int(text)
        if not -limit <= value < limit:
            raise MalformedXML()
        return value

    return read


def _read_text(element: Element) -> str:
    if element.children:
        raise MalformedXML()
    return element.text


def _read_number(element: Element) -> float:
    try:
        value = float(element.text)
    except ValueError as error:
        raise MalformedXML() from error
    if not math.isfinite(value):
        raise MalformedXML()
    return value


def _read_boolean(element: Element) -> bool:
    value = _BOOLEANS.get(element.text.strip().lower())
    if value is None:
        raise MalformedXML()
    return value


def _read_timestamp(element: Element) -> datetime:
    try:
        return parse_timestamp(element.text)
    except ValueError as error:
        raise MalformedXML() from error


def _read_blob(element: Element) -> bytes:
    try:
        return base64.b64decode(element.text, validate=True)
    except ValueError as error:
        raise MalformedXML() from error
