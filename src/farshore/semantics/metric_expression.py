"""Expressions of CloudWatch's metric math: from text to a tree. What a tree comes to is `metric_math`'s.

Source: CloudWatch User Guide, "Metric math syntax and functions".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

DEPTH_MAX = 50
"""Of parentheses, brackets, calls and signs in each other."""


class Unparsable(ValueError):  # noqa: N818 - named for what is so.
    """A text that is no expression; the message says why."""


@dataclass(frozen=True, slots=True)
class Number:
    value: float


@dataclass(frozen=True, slots=True)
class Text:
    """A text in quotes, or one of the words REPEAT and LINEAR."""

    value: str


@dataclass(frozen=True, slots=True)
class Name:
    """The id of another query."""

    id: str


@dataclass(frozen=True, slots=True)
class Negated:
    operand: Tree


@dataclass(frozen=True, slots=True)
class Operation:
    """operator: as in the text, AND and OR for `&&` and `||`."""

    operator: str
    left: Tree
    right: Tree


@dataclass(frozen=True, slots=True)
class Listing:
    """Several time series in square brackets."""

    items: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Call:
    function: str
    arguments: tuple[Tree, ...]


Tree = Number | Text | Name | Negated | Operation | Listing | Call

WORDS = ("REPEAT", "LINEAR")
_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)|(?P<text>"[^"]*"|'[^']*')|(?P<word>[A-Za-z][A-Za-z0-9_]*)"""
    r"""|(?P<sign>==|!=|<=|>=|&&|\|\||[-+*/^<>()\[\],]))"""
)
_LEVELS = (("OR",), ("AND",), ("==", "!=", "<=", ">=", "<", ">"), ("+", "-"), ("*", "/"))
"""Operators, those that bind least first; of one level from left to right."""

_SAME = {"&&": "AND", "||": "OR"}


def parse(text: str) -> Tree:
    """The tree of an expression.

    Raises:
        Unparsable.
    """
    parser = _Parser(text)
    tree = parser.level(0)
    if parser.ahead:
        raise Unparsable(f"Unexpected '{parser.ahead}'.")
    return tree


def walk(tree: Tree) -> Iterator[Tree]:
    """The tree and all that is in it, in no order."""
    waiting = [tree]
    while waiting:
        part = waiting.pop()
        yield part
        match part:
            case Negated(operand=operand):
                waiting.append(operand)
            case Operation(left=left, right=right):
                waiting += (left, right)
            case Listing(items=parts) | Call(arguments=parts):
                waiting += parts
            case _:
                continue


class _Parser:
    """Descends by levels. ahead: the next token, empty at the end."""

    def __init__(self, text: str) -> None:
        self._text = text.rstrip()
        self._place = 0
        self._depth = 0
        self._kind = ""
        self.ahead = ""
        self._next()

    def level(self, number: int) -> Tree:
        if number == len(_LEVELS):
            return self._signed()
        left = self.level(number + 1)
        while _SAME.get(self.ahead, self.ahead) in _LEVELS[number]:
            operator = self._take()
            left = Operation(_SAME.get(operator, operator), left, self.level(number + 1))
        return left

    def _signed(self) -> Tree:
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise Unparsable("The expression is nested too deeply.")
        try:
            if self.ahead == "-":
                self._take()
                return Negated(self._signed())
            base = self._atom()
            if self.ahead == "^":
                self._take()
                return Operation("^", base, self._signed())
            return base
        finally:
            self._depth -= 1

    def _atom(self) -> Tree:
        kind, token = self._kind, self._take()
        match kind:
            case "number":
                return Number(float(token))
            case "text":
                return Text(token[1:-1])
            case "word" if self.ahead == "(":
                self._take()
                return Call(token, self._parts(")"))
            case "word" if token in WORDS:
                return Text(token)
            case "word":
                return Name(token)
            case _ if token == "(":
                inner = self.level(0)
                self._expect(")")
                return inner
            case _ if token == "[":
                return Listing(self._parts("]"))
            case _:
                raise Unparsable(f"Unexpected '{token}'." if token else "The expression ends too early.")

    def _parts(self, end: str) -> tuple[Tree, ...]:
        """What stands between here and the end, by commas."""
        parts: list[Tree] = []
        while self.ahead != end:
            if parts:
                self._expect(",")
            parts.append(self.level(0))
        self._take()
        return tuple(parts)

    def _expect(self, token: str) -> None:
        if self.ahead != token:
            raise Unparsable(f"'{token}' is missing before '{self.ahead}'." if self.ahead else f"'{token}' is missing.")
        self._take()

    def _take(self) -> str:
        token = self.ahead
        self._next()
        return token

    def _next(self) -> None:
        if self._place >= len(self._text):
            self._kind = self.ahead = ""
            return
        found = _TOKEN.match(self._text, self._place)
        if found is None or found.lastgroup is None:
            raise Unparsable(f"Unexpected '{self._text[self._place :].lstrip()[:1]}'.")
        self._place = found.end()
        self._kind, self.ahead = found.lastgroup, found[found.lastgroup]
