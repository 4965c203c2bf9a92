"""Condition operators, qualifiers, `IfExists` and policy variables, case by case.

Source: IAM User Guide, "IAM JSON policy elements: Condition operators", "Single-valued vs. multivalued context keys".
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from farshore.auth import conditions
from farshore.auth.conditions import compile_conditions
from farshore.auth.policy import PolicyError

CASES: list[tuple[str, object, list[str], bool]] = [
    # operator, the policy's value(s), the request's values, whether it holds
    ("StringEquals", "may", ["may"], True),
    ("StringEquals", "may", ["May"], False),
    ("StringEquals", ["june", "may"], ["may"], True),
    ("StringEquals", "m*", ["may"], False),
    ("StringEquals", "m*", ["m*"], True),
    ("StringEquals", "may", [], False),
    ("StringEqualsIfExists", "may", [], True),
    ("StringEqualsIfExists", "may", ["june"], False),
    ("StringNotEquals", "may", ["june"], True),
    ("StringNotEquals", ["may", "june"], ["june"], False),
    ("StringNotEquals", "may", [], True),
    ("StringEqualsIgnoreCase", "MAY", ["may"], True),
    ("StringNotEqualsIgnoreCase", "MAY", ["may"], False),
    ("StringLike", "m?y", ["may"], True),
    ("StringLike", "m*", ["m"], True),
    ("StringLike", "*a*", ["may"], True),
    ("StringLike", "m?y", ["maay"], False),
    ("StringLike", "m.y", ["may"], False),
    ("StringLike", "m*", ["m\ny"], True),
    ("StringNotLike", "m*", ["june"], True),
    ("StringNotLike", "m*", ["may"], False),
    ("NumericEquals", "10", ["10.0"], True),
    ("NumericEquals", 10, ["10"], True),
    ("NumericLessThan", "10", ["9"], True),
    ("NumericLessThan", "10", ["10"], False),
    ("NumericLessThanEquals", "10", ["10"], True),
    ("NumericGreaterThan", "10", ["9"], False),
    ("NumericGreaterThanEquals", "10", ["ten"], False),
    ("NumericNotEquals", "10", ["11"], True),
    ("DateLessThan", "2030-01-01T00:00:00Z", ["2029-12-31T23:59:59Z"], True),
    ("DateGreaterThan", "2030-01-01T00:00:00Z", ["2029-12-31T23:59:59Z"], False),
    ("DateEquals", "2030-01-01", ["2030-01-01T00:00:00Z"], True),
    ("DateLessThan", "1893456000", ["2029-12-31T23:59:59Z"], True),
    ("DateGreaterThanEquals", "2030-01-01T00:00:00Z", ["1893456000"], True),
    ("Bool", "true", ["true"], True),
    ("Bool", False, ["false"], True),
    ("Bool", "TRUE", ["true"], True),
    ("Bool", "true", ["false"], False),
    ("Bool", "true", [], False),
    ("BinaryEquals", "Y3JhbmU=", ["Y3JhbmU="], True),
    ("IpAddress", "203.0.113.0/24", ["203.0.113.9"], True),
    ("IpAddress", "203.0.113.9", ["203.0.113.9"], True),
    ("IpAddress", "203.0.113.0/24", ["203.0.114.9"], False),
    ("IpAddress", "2001:db8::/32", ["2001:db8:1::1"], True),
    ("IpAddress", "2001:db8::/32", ["203.0.113.9"], False),
    ("IpAddress", "203.0.113.0/24", ["no address"], False),
    ("NotIpAddress", "203.0.113.0/24", ["203.0.113.9"], False),
    ("NotIpAddress", "203.0.113.0/24", ["198.51.100.1"], True),
    ("ArnEquals", "arn:aws:iam::1:role/*", ["arn:aws:iam::1:role/a/b"], True),
    ("ArnLike", "arn:aws:iam::*:role/a", ["arn:aws:iam::1:role/a"], True),
    ("ArnLike", "arn:aws:iam:*::role/a", ["arn:aws:iam::1:role/a"], False),
    ("ArnLike", "arn:aws:*:::b", ["arn:aws:s3:x::b"], False),
    ("ArnNotLike", "arn:aws:iam::*:role/a", ["arn:aws:iam::1:role/b"], True),
    ("ArnEquals", "arn:aws:s3:::b:c", ["arn:aws:s3:::b:c"], True),
    ("Null", "true", [], True),
    ("Null", "true", ["x"], False),
    ("Null", "false", ["x"], True),
    ("Null", "false", [], False),
    # A key with several values needs a qualifier.
    ("StringEquals", "a", ["a", "b"], False),
    ("StringNotEquals", "c", ["a", "b"], False),
    ("ForAnyValue:StringEquals", "a", ["a", "b"], True),
    ("ForAnyValue:StringEquals", "c", ["a", "b"], False),
    ("ForAnyValue:StringEquals", "c", [], False),
    ("ForAnyValue:StringNotEquals", "a", ["a", "b"], True),
    ("ForAnyValue:StringNotEquals", "a", ["a"], False),
    ("ForAnyValue:StringNotEquals", "a", [], False),
    ("ForAllValues:StringEquals", ["a", "b"], ["a", "b"], True),
    ("ForAllValues:StringEquals", ["a", "b"], ["a", "c"], False),
    ("ForAllValues:StringEquals", "a", [], True),
    ("ForAllValues:StringNotEquals", "c", ["a", "b"], True),
    ("ForAllValues:StringNotEquals", "a", ["a", "b"], False),
    ("ForAllValues:StringLike", "a*", ["aa", "ab"], True),
    ("ForAnyValue:StringEqualsIfExists", "a", [], True),
]


@pytest.mark.parametrize(("operator", "values", "present", "holds"), CASES)
def test_an_operator_holds(operator: str, values: object, present: list[str], holds: bool) -> None:
    (condition,) = compile_conditions({operator: {"aws:Key": values}}, PolicyError, with_variables=True)
    assert condition.key == "aws:key"
    assert condition.holds({"aws:key": present}) is holds


VARIABLES: list[tuple[str, str, str, bool]] = [
    ("StringEquals", "home/${aws:username}", "home/ana", True),
    ("StringEquals", "home/${AWS:UserName}", "home/ana", True),
    ("StringEquals", "home/${aws:username}", "home/ben", False),
    ("StringEquals", "${aws:missing}", "", False),
    ("StringEquals", "${aws:several}", "a", False),
    ("StringEquals", "${aws:missing, 'ana'}", "ana", True),
    ("StringEquals", "${*}${?}${$}", "*?$", True),
    ("StringLike", "${*}", "anything", False),
    ("StringLike", "${*}*", "*anything", True),
    ("StringLike", "${aws:star}/x", "any/x", False),
    ("StringLike", "${aws:star}/x", "*/x", True),
    ("StringNotEquals", "${aws:missing}", "x", True),
    ("ArnLike", "arn:aws:iam::1:user/${aws:username}", "arn:aws:iam::1:user/ana", True),
]


@pytest.mark.parametrize(("operator", "value", "present", "holds"), VARIABLES)
def test_variables_are_filled_in_literally(operator: str, value: str, present: str, holds: bool) -> None:
    known = {"aws:username": ["ana"], "aws:star": ["*"], "aws:several": ["a", "b"]}
    (condition,) = compile_conditions({operator: {"k": value}}, PolicyError, with_variables=True)
    assert condition.holds({**known, "k": [present]}) is holds


@pytest.mark.parametrize("value", ["${aws:referer}", "arn:${aws:referer}", "${aws:referer}:x"])
@pytest.mark.parametrize("operator", ["Bool", "ArnLike", "ArnEquals"])
@pytest.mark.parametrize("referer", ["", "zz", "yes", "::::"])
def test_what_a_variable_makes_of_a_value_may_be_nothing_that_the_operator_takes(
    operator: str, value: str, referer: str
) -> None:
    """It then matches nothing: another value may."""
    context = {"aws:referer": [referer], "k": ["true" if operator == "Bool" else "arn:aws:iam::1:root"]}
    (condition,) = compile_conditions({operator: {"k": value}}, PolicyError, with_variables=True)
    assert not condition.holds(context)
    (condition,) = compile_conditions({operator: {"k": [value, context["k"][0]]}}, PolicyError, with_variables=True)
    assert condition.holds(context)


@pytest.mark.parametrize("present", [True, False])
@pytest.mark.parametrize(
    ("values", "where"),
    [("true", {False}), ("false", {True}), (["true", "false"], {True, False}), ([True], {False}), ([], set[bool]())],
)
def test_null_holds_for_any_one_of_its_values(values: object, where: set[bool], present: bool) -> None:
    (condition,) = compile_conditions({"Null": {"k": values}}, PolicyError, with_variables=True)
    assert condition.holds({"k": ["x"] if present else []}) is (present in where)


def test_the_old_version_knows_no_variables() -> None:
    (condition,) = compile_conditions({"StringEquals": {"k": "${aws:username}"}}, PolicyError, with_variables=False)
    assert condition.holds({"k": ["${aws:username}"], "aws:username": ["ana"]})


REFUSED: list[dict[str, Any]] = [
    {"StringEqual": {"k": "v"}},
    {"ForEachValue:StringEquals": {"k": "v"}},
    {"NumericEquals": {"k": "ten"}},
    {"DateEquals": {"k": "soon"}},
    {"Bool": {"k": "yes"}},
    {"IpAddress": {"k": "203.0.113.300"}},
    {"ArnEquals": {"k": "role/a"}},
    {"BinaryEquals": {"k": "é"}},
    {"StringEquals": "v"},
    {"StringEquals": {"k": {"v": "w"}}},
    {"NullIfExists": {"k": "true"}},
    {"Null": {"k": "perhaps"}},
    *({"DateEquals": {"k": value}} for value in ("9" * 12, "9" * 20, "9" * 400, "9" * 5000, 10**30, "1e9", "-1", "")),
    *({"NumericLessThan": {"k": value}} for value in ("1e9", "", "٣", 1e400, float("nan"))),
]


@pytest.mark.parametrize("block", REFUSED)
def test_what_no_operator_takes_is_refused(block: dict[str, Any]) -> None:
    with pytest.raises(PolicyError):
        compile_conditions(block, PolicyError, with_variables=True)


TEXTS = st.one_of(
    st.text(max_size=12),
    st.text(st.sampled_from("0123456789.:-+/*?TZ"), max_size=30),
    st.sampled_from(
        [
            "true", "FALSE", "9" * 20, "9" * 5000, "-0", "1e400", "2030-01-01", "1893456000", "99999999999.999999999",
            "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-23:59", "10.0.0.0/8", "::1%eth0", "1.2.3.4/255.0.0.0",
            "::/0", "arn:aws:s3:::b/*", ":::::", "${k}", "${other}", "arn:${other}:*:?::${k}", "${none, 'true'}",
            "${", "Y3JhbmU=", "\ud800", "\0",
        ]
    ),
)  # fmt: skip
JSON_VALUES = TEXTS | st.booleans() | st.integers() | st.floats() | st.just(10**400)
OPERATORS = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "ForAllValues:", "ForAnyValue:"]),
    st.sampled_from(sorted(conditions.OPERATORS)),
    st.sampled_from(["", "IfExists"]),
)


@settings(max_examples=1500, deadline=None)
@given(
    OPERATORS,
    st.lists(JSON_VALUES, max_size=3),
    st.fixed_dictionaries({}, optional=dict.fromkeys(["k", "other"], st.lists(TEXTS, max_size=3))),
    st.booleans(),
)
def test_whatever_was_compiled_decides_about_whatever_a_request_says(
    operator: str, values: list[Any], context: dict[str, list[str]], with_variables: bool
) -> None:
    """A policy is refused when it is put, or it answers yes or no for ever after."""
    try:
        (condition,) = compile_conditions({operator: {"k": values}}, PolicyError, with_variables=with_variables)
    except PolicyError:
        return
    assert condition.holds(context) in (True, False)
