"""Condition blocks: operators, set qualifiers and `IfExists`, compiled once.

All operators of a block, and all keys of an operator, must hold; of a key's values any one is enough (for negated
operators none may match). A key that the request does not have makes a condition fail, except where the operator is
negated or ends in `IfExists`.
Source: IAM User Guide, "IAM JSON policy elements: Condition operators", "Single-valued vs. multivalued context keys",
"IAM policy elements: Variables and tags".
"""

from __future__ import annotations

import base64
import contextlib
import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import lru_cache
from typing import Any, cast

from farshore.auth import wildcards
from farshore.auth.wildcards import Context, Pieces, Test, fill_in, has_variables, literal, split


class Qualifier(Enum):
    NONE = ""
    FOR_ALL_VALUES = "ForAllValues"
    FOR_ANY_VALUE = "ForAnyValue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One operator on one key. `key` is lower-case: condition keys are not case-sensitive.

    tests: one for each value of the policy that has no variables; `filled` compiles the others when they are asked.
    null: for the operator Null, any one of: whether the key must be absent.
    """

    key: str
    operator: str
    values: tuple[str, ...]
    tests: tuple[Test, ...]
    variables: tuple[Pieces, ...]
    filled: Callable[[Pieces], Test]
    negated: bool
    if_exists: bool
    qualifier: Qualifier
    null: frozenset[bool] | None = None

    def holds(self, context: Context) -> bool:
        """Whether it holds for a request."""
        present = context.get(self.key, ())
        if self.null is not None:
            return (not present) in self.null
        qualifier = self.qualifier
        if not present:
            if qualifier is Qualifier.NONE:
                return self.if_exists or self.negated
            return self.if_exists or qualifier is Qualifier.FOR_ALL_VALUES
        tests = self._tests(context) if self.variables else self.tests
        if qualifier is Qualifier.NONE:
            # AWS: a key with several values never satisfies an operator without a qualifier.
            return len(present) == 1 and self._one(present[0], tests)
        several = all if qualifier is Qualifier.FOR_ALL_VALUES else any
        return several(self._one(value, tests) for value in present)

    def _one(self, value: str, tests: Sequence[Test]) -> bool:
        for test in tests:  # A loop: any() over a generator costs three times as much.
            if test(value):
                return not self.negated
        return self.negated

    def _tests(self, context: Context) -> Sequence[Test]:
        """The tests with variables filled in. A value whose variable has none, or one that the operator cannot take,
        cannot match: what a request says never makes a decision fail."""
        tests = list(self.tests)
        for pieces in self.variables:
            filled = fill_in(pieces, context)
            if filled is not None:
                with contextlib.suppress(ValueError):
                    tests.append(self.filled(filled))
        return tests


@dataclass(frozen=True, slots=True)
class _Operator:
    """compile: a policy's value, variables filled in, to its test. ValueError where the operator cannot take it."""

    compile: Callable[[Pieces], Test]
    negated: bool = False
    takes_variables: bool = False


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
    entry = OPERATORS.get(base)
    if entry is None:
        raise error(f"Invalid Condition type : {operator}")
    texts = _texts(values, error)
    tests: list[Test] = []
    variables: list[Pieces] = []
    for text in texts:
        pieces = split(text, with_variables=with_variables and entry.takes_variables)
        if has_variables(pieces):
            variables.append(pieces)
            continue
        try:
            tests.append(entry.compile(pieces))
        except ValueError:
            raise error(f"Invalid value {text} for condition type : {base}") from None
    return Condition(
        key=key.lower(),
        operator=operator,
        values=texts,
        tests=tuple(tests),
        variables=tuple(variables),
        filled=entry.compile,
        negated=entry.negated,
        if_exists=if_exists,
        qualifier=Qualifier(qualifier),
        null=frozenset(text.lower() == "true" for text in texts) if base == "Null" else None,
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


def _equals(pieces: Pieces) -> Test:
    return literal(pieces).__eq__


def _equals_ignoring_case(pieces: Pieces) -> Test:
    wanted = literal(pieces).casefold()

    def test(value: str) -> bool:
        return value.casefold() == wanted

    return test


def _number(compare: Callable[[float, float], bool]) -> Callable[[Pieces], Test]:
    def compiled(pieces: Pieces) -> Test:
        wanted = _to_number(literal(pieces))

        def test(value: str) -> bool:
            return _NUMBER.fullmatch(value) is not None and compare(float(value), wanted)

        return test

    return compiled


_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_SECONDS = re.compile(r"[0-9]{1,11}(\.[0-9]{1,9})?")


def _to_number(text: str) -> float:
    if _NUMBER.fullmatch(text) is None:
        raise ValueError(text)
    return float(text)


def _date(compare: Callable[[datetime, datetime], bool]) -> Callable[[Pieces], Test]:
    def compiled(pieces: Pieces) -> Test:
        wanted = _to_moment(literal(pieces))

        def test(value: str) -> bool:
            try:
                return compare(_to_moment(value), wanted)
            except ValueError:
                return False

        return test

    return compiled


def _to_moment(text: str) -> datetime:
    """ISO 8601, or seconds since the epoch. Raises ValueError for anything else."""
    if _SECONDS.fullmatch(text) and len(text) != len("YYYYMMDD"):
        return datetime.fromtimestamp(float(text), UTC)
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _bool(pieces: Pieces) -> Test:
    wanted = literal(pieces).lower()
    if wanted not in ("true", "false"):
        raise ValueError(wanted)

    def test(value: str) -> bool:
        return value.lower() == wanted

    return test


def _binary(pieces: Pieces) -> Test:
    wanted = literal(pieces)
    base64.b64decode(wanted, validate=True)
    return wanted.__eq__


def _ip(pieces: Pieces) -> Test:
    network = ipaddress.ip_network(literal(pieces), strict=False)
    version, mask, wanted = network.version, int(network.netmask), int(network.network_address)

    def test(value: str) -> bool:
        address = _address(value)
        return address is not None and address[0] == version and address[1] & mask == wanted

    return test


@lru_cache(maxsize=4096)
def _address(text: str) -> tuple[int, int] | None:
    """(IP version, the address as a number); None for what is no address. Kept: callers come again and again."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return address.version, int(address)


def _arn(pieces: Pieces) -> Test:
    text = "".join(piece for piece in pieces if isinstance(piece, str))
    if text.count(":") < 5 and text != "":
        raise ValueError(text)
    return wildcards.arn_like(pieces)


OPERATORS: Mapping[str, _Operator] = {
    "StringEquals": _Operator(_equals, takes_variables=True),
    "StringNotEquals": _Operator(_equals, negated=True, takes_variables=True),
    "StringEqualsIgnoreCase": _Operator(_equals_ignoring_case, takes_variables=True),
    "StringNotEqualsIgnoreCase": _Operator(_equals_ignoring_case, negated=True, takes_variables=True),
    "StringLike": _Operator(wildcards.like, takes_variables=True),
    "StringNotLike": _Operator(wildcards.like, negated=True, takes_variables=True),
    "NumericEquals": _Operator(_number(float.__eq__)),
    "NumericNotEquals": _Operator(_number(float.__eq__), negated=True),
    "NumericLessThan": _Operator(_number(float.__lt__)),
    "NumericLessThanEquals": _Operator(_number(float.__le__)),
    "NumericGreaterThan": _Operator(_number(float.__gt__)),
    "NumericGreaterThanEquals": _Operator(_number(float.__ge__)),
    "DateEquals": _Operator(_date(datetime.__eq__)),
    "DateNotEquals": _Operator(_date(datetime.__eq__), negated=True),
    "DateLessThan": _Operator(_date(datetime.__lt__)),
    "DateLessThanEquals": _Operator(_date(datetime.__le__)),
    "DateGreaterThan": _Operator(_date(datetime.__gt__)),
    "DateGreaterThanEquals": _Operator(_date(datetime.__ge__)),
    "Bool": _Operator(_bool, takes_variables=True),
    "BinaryEquals": _Operator(_binary),
    "IpAddress": _Operator(_ip),
    "NotIpAddress": _Operator(_ip, negated=True),
    "ArnEquals": _Operator(_arn, takes_variables=True),
    "ArnLike": _Operator(_arn, takes_variables=True),
    "ArnNotEquals": _Operator(_arn, negated=True, takes_variables=True),
    "ArnNotLike": _Operator(_arn, negated=True, takes_variables=True),
    "Null": _Operator(_bool),
}
