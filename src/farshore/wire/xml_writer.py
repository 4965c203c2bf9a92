"""From values to documents: Python source generated once from the model, one plain function for each structure.

A listing of 1,000 keys is written without looking at a shape: each function is a row of `if` and f-strings. What is
compiled contains names of the model only, never a value.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from farshore.wire.shapes import Definition, Shape
from farshore.wire.timestamps import iso_milliseconds, iso_seconds, iso_whole_seconds
from farshore.wire.xml import DECLARATION, escape_text

DocumentWriter = Callable[[Mapping[str, Any]], bytes]


class WriterCompiler:
    """Generates the document writers of one service; structures that documents share are generated once.

    Add documents, then `compile`.
    """

    def __init__(self, definition: Definition) -> None:
        self._definition = definition
        self._keeps_milliseconds = bool(definition.patches.get("milliseconds"))
        self._whole_seconds = bool(definition.patches.get("whole_seconds"))
        self._url_encoded = definition.names("url_encoded")
        self._lines: list[str] = []
        self._structures: dict[str, str] = {}

    def add_document(self, name: str, root: str, shape: Shape, members: Mapping[str, Shape]) -> None:
        """A document of a structure's members, under the root's name."""
        function = self._structure(shape, members)
        self._emit_document(name, root, (f"{function}(v, a)",))

    def add_bare_document(self, name: str, root: str, member: str) -> None:
        """A document that is one text."""
        self._emit_document(name, root, (f"x = v.get({member!r})", "if x: a(text(x))"))

    def add_fragment(self, name: str, tag: str, shape: Shape) -> None:
        """One element of a structure's members, to be put into a document of the caller's."""
        function = self._structure(shape, shape.members)
        self._lines += [
            f"def document_{name}(v):",
            f"    out = ['<{tag}>']",
            f"    {function}(v, out.append)",
            f"    out.append('</{tag}>')",
            "    return ''.join(out).encode()",
        ]

    def compile(self) -> dict[str, DocumentWriter]:
        """The writers by document name: members in, encoded document out. Members that are None are left out."""
        namespace: dict[str, Any] = {
            "text": escape_text,
            "base64_text": _base64_text,
            "iso_seconds": iso_seconds,
            "iso_milliseconds": iso_milliseconds,
            "iso_whole_seconds": iso_whole_seconds,
            "url_encoded": _url_encoded,
        }
        code = compile("\n".join(self._lines), f"<{self._definition.service} documents>", "exec")
        exec(code, namespace)
        return {name[9:]: writer for name, writer in namespace.items() if name.startswith("document_")}

    def _emit_document(self, name: str, root: str, statements: tuple[str, ...]) -> None:
        opening = f'{DECLARATION}<{root} xmlns="{self._definition.namespace}">'
        self._lines += [
            f"def document_{name}(v):",
            f"    out = [{opening!r}]",
            "    a = out.append",
            *(f"    {statement}" for statement in statements),
            f"    a({f'</{root}>'!r})",
            "    return ''.join(out).encode()",
        ]

    def _structure(self, shape: Shape, members: Mapping[str, Shape]) -> str:
        """The name of the function `(value, append)` that writes what is inside a structure's element."""
        known = self._structures.get(shape.name)
        if known is not None:
            return known
        function = self._structures[shape.name] = f"structure_{shape.name}"
        body: list[str] = []
        interleaved: Mapping[str, Mapping[str, str]] = self._definition.patches.get("interleaved", {}).get(
            shape.name, {}
        )
        for name, kinds in interleaved.items():
            body += self._interleaved(name, {kind: members[member] for kind, member in kinds.items()})
        for name, member in members.items():
            if not member.traits.get("xmlAttribute"):
                body += self._member(name, member)
        self._lines += [f"def {function}(v, a):", "    g = v.get", *(f"    {line}" for line in body)]
        return function

    def _member(self, name: str, shape: Shape) -> list[str]:
        wire_name = shape.wire_name(name)
        return [
            f"x = g({name!r})",
            "if x is not None:",
            *(f"    {line}" for line in self._value(wire_name, shape, "x")),
        ]

    def _value(self, tag: str, shape: Shape, variable: str) -> list[str]:
        """Statements that write the value of a variable as elements of the tag's name."""
        match shape.type:
            case "structure":
                function = self._structure(shape, shape.members)
                return [_opening(tag, shape, variable), f"{function}({variable}, a)", f"a('</{tag}>')"]
            case "list":
                item = tag if shape.flattened else shape.item.wire_name("member")
                loop = [f"for y in {variable}:", *(f"    {line}" for line in self._value(item, shape.item, "y"))]
                return loop if shape.flattened else [f"a('<{tag}>')", *loop, f"a('</{tag}>')"]
            case "map":
                key, value = shape.key.wire_name("key"), shape.value.wire_name("value")
                entry = (
                    f"<entry><{key}>{{text(y)}}</{key}><{value}>{{{self._scalar(shape.value, 'z')}}}</{value}></entry>"
                )
                return [f"a('<{tag}>')", f"for y, z in {variable}.items(): a(f'{entry}')", f"a('</{tag}>')"]
            case _:
                return [f"a(f'<{tag}>{{{self._scalar(shape, variable)}}}</{tag}>')"]

    def _scalar(self, shape: Shape, variable: str) -> str:
        match shape.type:
            case "string" if shape.name in self._url_encoded:
                return f"url_encoded({variable})"
            case "string":
                return f"text({variable})"
            case "integer" | "long" | "double" | "float":
                return variable
            case "boolean":
                return f'"true" if {variable} else "false"'
            case "timestamp" if self._keeps_milliseconds or shape.traits.get("timestampFormat") == "iso8601":
                return f"iso_milliseconds({variable})"
            case "timestamp":
                return f"iso_whole_seconds({variable})" if self._whole_seconds else f"iso_seconds({variable})"
            case "blob":
                return f"base64_text({variable})"
            case other:
                raise AssertionError(f"{shape.name}: no writer for {other}")

    def _interleaved(self, name: str, kinds: Mapping[str, Shape]) -> list[str]:
        """One list of (kind, structure) pairs, where the order of kinds among each other counts."""
        lines = [f"for kind, y in g({name!r}) or ():"]
        for kind, shape in kinds.items():
            lines += [f"    if kind == {kind!r}:"]
            lines += [f"        {line}" for line in self._value(kind, shape.item, "y")]
        return lines


def _opening(tag: str, shape: Shape, variable: str) -> str:
    """The statement that writes a structure's start tag, with the attributes that the model puts there."""
    attributes = [(name, member) for name, member in shape.members.items() if member.traits.get("xmlAttribute")]
    if not attributes:
        return f"a('<{tag}>')"
    namespace = shape.traits["xmlNamespace"]
    written = f'<{tag} xmlns:{namespace["prefix"]}="{namespace["uri"]}"'
    for name, member in attributes:
        written += f' {member.wire_name(name)}="{{text({variable}[{name!r}])}}"'
    return f"a(f'''{written}>''')"


def _url_encoded(value: str) -> str:
    """Policy documents, which IAM answers percent-encoded (RFC 3986)."""
    return quote(value, safe="")


def _base64_text(value: bytes) -> str:
    return base64.b64encode(value).decode()
