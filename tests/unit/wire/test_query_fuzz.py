"""Whatever a client sends as a form is read, or refused as the protocol refuses; nothing else happens."""

from __future__ import annotations

import contextlib
import random
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from farshore.model.query_errors import InvalidAction, MalformedQueryString, MissingAction, ValidationError
from farshore.wire.query_form import read_form
from farshore.wire.query_protocol import load

MODELS = [load("iam"), load("sts")]
PIECES = st.sampled_from(
    [
        "UserName", "RoleName", "MaxItems", "Tags", "PolicyArns", "TagKeys", "ContextEntries", "member", "entry", "key",
        "Key", "Value", "1", "2", "-1", "0", "99999999999", "", "ä",
    ]
)  # fmt: skip


@given(st.binary(max_size=400))
@settings(max_examples=400, deadline=None)
def test_any_bytes_are_a_form_or_malformed(body: bytes) -> None:
    with contextlib.suppress(MalformedQueryString):
        assert read_form(body).text is None


@given(
    st.sampled_from([(model, name) for model in MODELS for name in model.operations]),
    st.dictionaries(st.lists(PIECES, min_size=1, max_size=6).map(".".join), st.text(max_size=20), max_size=12),
    st.integers(),
)
@settings(max_examples=600, deadline=None)
def test_any_parameters_are_read_or_refused(chosen: object, parameters: dict[str, str], seed: int) -> None:
    model, name = chosen  # type: ignore[misc]
    shape_names = random.Random(seed).sample(sorted(parameters), len(parameters))
    form = read_form(urlencode({"Action": name, **{each: parameters[each] for each in shape_names}}).encode())
    try:
        assert isinstance(model.parse(model.operation(form), form), dict)
    except ValidationError as error:
        assert error.message


@pytest.mark.parametrize("body", [b"", b"&&&", b"=", b"Action", b"Action=", b"%", b"Action=%00"])
def test_what_names_no_operation_is_refused(body: bytes) -> None:
    for model in MODELS:
        with pytest.raises((MissingAction, InvalidAction)):
            model.operation(read_form(body))
