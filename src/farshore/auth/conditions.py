"""Condition blocks: operators, set qualifiers and `IfExists`, compiled once.

All operators of a block, and all keys of an operator, must hold; of a key's values any one is enough (for negated
operators none may match). A key that the request does not have makes a condition fail, except where the operator is
negated or ends in `IfExists`.
Source: IAM User Guide, "IAM JSON policy elements: Condition operators", "Single-valued vs. multivalued context keys".
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any, cast

Test = Callable[[str, str], bool]
"""(the request's value, the policy's value) -> whether they match."""
Fill = Callable[[str], str | None]
_VARIABLE = re.compile(r"\$\{([^}]*)\}")


class Qualifier(Enum):
    NONE = ""
    FOR_ALL_VALUES = "ForAllValues"
    FOR_ANY_VALUE = "ForAnyValue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One operator on one key. `key` is lower-case: condition keys are not case-sensitive."""

    key: str
    values: tuple[str, ...]
    test: Test
    negated: bool
    if_exists: bool
    qualifier: Qualifier
    null: bool
    variables: bool

    def holds(self, present: Sequence[str], fill: Fill) -> bool:
        """Whether it holds.

        Args:
            present: the request's values of the key; empty when the request has none.
            fill: values of policy variables.
        """
        if self.null:
            return (not present) == (self.values[0].lower() == "true")
        if not present:
            return self.if_exists or self.negated or self.qualifier is Qualifier.FOR_ALL_VALUES
        wanted = self._filled(fill)
        match self.qualifier:
            case Qualifier.FOR_ALL_VALUES:
                return all(self._one(value, wanted) for value in present)
            case Qualifier.FOR_ANY_VALUE:
                return any(self._one(value, wanted) for value in present)
            case Qualifier.NONE:
                return len(present) == 1 and self._one(present[0], wanted)

    def _one(self, value: str, wanted: Sequence[str]) -> bool:
        return any(self.test(value, text) for text in wanted) != self.negated

    def _filled(self, fill: Fill) -> Sequence[str]:
        """The policy's values with variables filled in. One whose variable has no value cannot match."""
        if not self.variables:
            return self.values
        return [text for text in (_substitute(value, fill) for value in self.values) if text is not None]


def compile_conditions(block: object, error: type[Exception], *, with_variables: bool) -> tuple[Condition, ...]:
    """Compile a Condition element.

    Raises:
        error: an operator that IAM does not know, or a value that the operator cannot take.
    """
    if not isinstance(block, dict):
        raise error("Syntax errors in policy.")
    conditions: list[Condition] = []
    for operator, keys in cast("dict[str, Any]", block).items():
        if not isinstance(keys, dict):
            raise error("Syntax errors in policy.")
        for key, values in cast("dict[str, Any]", keys).items():
            conditions.append(_condition(operator, key, values, error, with_variables))
    return tuple(conditions)


def _condition(operator: str, key: str, values: object, error: type[Exception], with_variables: bool) -> Condition:
    qualifier, _, name = operator.rpartition(":")
    if qualifier not in ("", "ForAllValues", "ForAnyValue"):
        raise error(f"Invalid Condition type : {operator}")
    if_exists = name.endswith("IfExists") and name != "NullIfExists"
    base = name.removesuffix("IfExists") if if_exists else name
    entry = _OPERATORS.get(base)
    if entry is None:
        raise error(f"Invalid Condition type : {operator}")
    test, negated, check = entry
    texts = _texts(values, error)
    variables = with_variables and base.startswith(("String", "Arn")) and any("${" in text for text in texts)
    for text in texts:
        if not (variables and "${" in text) and not check(text):
            raise error(f"Invalid value {text} for condition type : {base}")
    return Condition(
        key=key.lower(),
        values=texts,
        test=test,
        negated=negated,
        if_exists=if_exists,
        qualifier=Qualifier(qualifier),
        null=base == "Null",
        variables=variables,
    )


def _texts(values: object, error: type[Exception]) -> tuple[str, ...]:
    listed = cast("list[object]", values if isinstance(values, list) else [values])
    texts: list[str] = []
    for value in listed:
        if isinstance(value, bool):
            texts.append("true" if value else "false")
        elif isinstance(value, (str, int, float)):
            texts.append(str(value))
        else:
            raise error("Syntax errors in policy.")
    return tuple(texts)


def _substitute(text: str, fill: Fill) -> str | None:
    """Fill variables in. `${*}`, `${?}`, `${$}` are the characters; what a variable holds is no wildcard."""
    parts: list[str] = []
    place = 0
    for match in _VARIABLE.finditer(text):
        name, _, default = match[1].partition(",")
        value = match[1] if match[1] in ("*", "?", "$") else fill(name.strip())
        if value is None and default:
            value = default.strip().strip("'")
        if value is None:
            return None
        parts += [text[place : match.start()], value.replace("*", _STAR).replace("?", _QUESTION)]
        place = match.end()
    return "".join([*parts, text[place:]])


_STAR, _QUESTION = "\ue000", "\ue001"
"""Stand for `*` and `?` that are meant literally, inside a pattern (private-use characters)."""


def _equals(value: str, wanted: str) -> bool:
    return value == wanted.replace(_STAR, "*").replace(_QUESTION, "?")


def _equals_ignoring_case(value: str, wanted: str) -> bool:
    return value.casefold() == wanted.replace(_STAR, "*").replace(_QUESTION, "?").casefold()


def _like(value: str, wanted: str) -> bool:
    """Wildcard match without regular expressions' cost for the common forms."""
    if "*" not in wanted and "?" not in wanted:
        return _equals(value, wanted)
    if "?" not in wanted and wanted.count("*") == 1 and _STAR not in wanted and _QUESTION not in wanted:
        head, _, tail = wanted.partition("*")
        return len(value) >= len(head) + len(tail) and value.startswith(head) and value.endswith(tail)
    return _wild(wanted).fullmatch(value) is not None


def _wild(wanted: str) -> re.Pattern[str]:
    special = {"*": ".*", "?": ".", _STAR: re.escape("*"), _QUESTION: re.escape("?")}
    return re.compile("".join(special.get(character) or re.escape(character) for character in wanted), re.DOTALL)


def _arn_like(value: str, wanted: str) -> bool:
    """Each of the six parts of an ARN is matched by itself: a `*` does not reach across a colon, but in the last."""
    have, want = value.split(":", 5), wanted.split(":", 5)
    return len(have) == len(want) and all(_like(part, pattern) for part, pattern in zip(have, want, strict=True))


def _number(compare: Callable[[float, float], bool]) -> Test:
    def test(value: str, wanted: str) -> bool:
        return _is_number(value) and compare(float(value), float(wanted))

    return test


def _date(compare: Callable[[datetime, datetime], bool]) -> Test:
    def test(value: str, wanted: str) -> bool:
        have, want = _moment(value), _moment(wanted)
        return have is not None and want is not None and compare(have, want)

    return test


def _moment(text: str) -> datetime | None:
    """ISO 8601, or seconds since the epoch."""
    try:
        if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
            return datetime.fromtimestamp(float(text), UTC)
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _bool(value: str, wanted: str) -> bool:
    return value.lower() == wanted.lower()


def _binary(value: str, wanted: str) -> bool:
    return value == wanted


def _ip(value: str, wanted: str) -> bool:
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        return False


def _is_any(_: str) -> bool:
    return True


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", text) is not None


def _is_moment(text: str) -> bool:
    return _moment(text) is not None


def _is_bool(text: str) -> bool:
    return text.lower() in ("true", "false")


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return False
    return True


def _is_arn(text: str) -> bool:
    return text.count(":") >= 5 or text == "*"


_OPERATORS: Mapping[str, tuple[Test, bool, Callable[[str], bool]]] = {
    "StringEquals": (_equals, False, _is_any),
    "StringNotEquals": (_equals, True, _is_any),
    "StringEqualsIgnoreCase": (_equals_ignoring_case, False, _is_any),
    "StringNotEqualsIgnoreCase": (_equals_ignoring_case, True, _is_any),
    "StringLike": (_like, False, _is_any),
    "StringNotLike": (_like, True, _is_any),
    "NumericEquals": (_number(float.__eq__), False, _is_number),
    "NumericNotEquals": (_number(float.__eq__), True, _is_number),
    "NumericLessThan": (_number(float.__lt__), False, _is_number),
    "NumericLessThanEquals": (_number(float.__le__), False, _is_number),
    "NumericGreaterThan": (_number(float.__gt__), False, _is_number),
    "NumericGreaterThanEquals": (_number(float.__ge__), False, _is_number),
    "DateEquals": (_date(datetime.__eq__), False, _is_moment),
    "DateNotEquals": (_date(datetime.__eq__), True, _is_moment),
    "DateLessThan": (_date(datetime.__lt__), False, _is_moment),
    "DateLessThanEquals": (_date(datetime.__le__), False, _is_moment),
    "DateGreaterThan": (_date(datetime.__gt__), False, _is_moment),
    "DateGreaterThanEquals": (_date(datetime.__ge__), False, _is_moment),
    "Bool": (_bool, False, _is_bool),
    "BinaryEquals": (_binary, False, _is_base64),
    "IpAddress": (_ip, False, _is_network),
    "NotIpAddress": (_ip, True, _is_network),
    "ArnEquals": (_arn_like, False, _is_arn),
    "ArnLike": (_arn_like, False, _is_arn),
    "ArnNotEquals": (_arn_like, True, _is_arn),
    "ArnNotLike": (_arn_like, True, _is_arn),
    "Null": (_bool, False, _is_bool),
}
"""operator -> (test, negated, whether a policy may have this value)."""
