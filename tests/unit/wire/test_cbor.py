"""CBOR as AWS's RPC protocol uses it: both ways, against botocore's own, and what is refused."""

from __future__ import annotations

import contextlib
import math
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farshore.wire.cbor import DEPTH_MAX, CborError, Moment, decode, encode

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(min_value=-(2**64), max_value=2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)


@given(VALUES)
def test_what_is_written_is_read_again(value: Any) -> None:
    assert decode(encode(value)) == value


@given(st.binary(max_size=64))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(CborError):
        decode(data)


@pytest.mark.parametrize(
    ("hexadecimal", "value"),
    [
        # RFC 8949, appendix A.
        ("00", 0),
        ("17", 23),
        ("1818", 24),
        ("1bffffffffffffffff", 2**64 - 1),
        ("20", -1),
        ("3903e7", -1000),
        ("f93e00", 1.5),
        ("fa47c35000", 100000.0),
        ("fb3ff199999999999a", 1.1),
        ("f90000", 0.0),
        ("f97c00", math.inf),
        ("f4", False),
        ("f6", None),
        ("f7", None),
        ("c11a514b67b0", datetime(2013, 3, 21, 20, 4, tzinfo=UTC)),
        ("c1fb41d452d9ec200000", datetime(2013, 3, 21, 20, 4, 0, 500_000, tzinfo=UTC)),
        ("4401020304", b"\1\2\3\4"),
        ("62c3bc", "ü"),
        ("83010203", [1, 2, 3]),
        ("a26161016162820203", {"a": 1, "b": [2, 3]}),
        ("5f42010243030405ff", b"\1\2\3\4\5"),
        ("7f657374726561646d696e67ff", "streaming"),
        ("9f018202039f0405ffff", [1, [2, 3], [4, 5]]),
        ("bf61610161629f0203ffff", {"a": 1, "b": [2, 3]}),
    ],
)
def test_examples_of_the_standard(hexadecimal: str, value: Any) -> None:
    assert decode(bytes.fromhex(hexadecimal)) == value


def test_a_time_is_written_with_its_tag() -> None:
    assert decode(encode(Moment(1_363_896_240_500_000))) == datetime(2013, 3, 21, 20, 4, 0, 500_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("nothing", b""),
        ("cut off", encode({"a": "text"})[:-1]),
        ("a length beyond the end", bytes.fromhex("5b7fffffffffffffff")),
        ("an array longer than its bytes", bytes.fromhex("9a7fffffff")),
        ("more after the value", b"\x00\x00"),
        ("a key that is no text", bytes.fromhex("a10102")),
        ("a foreign tag", bytes.fromhex("c24101")),
        ("a text that is not UTF-8", bytes.fromhex("61ff")),
        ("a break by itself", b"\xff"),
        ("an unknown number", b"\x1c"),
        ("a piece of another kind", bytes.fromhex("7f4161ff")),
        ("an unknown simple value", b"\xe0"),
        ("a time out of range", bytes.fromhex("c1fb7fefffffffffffff")),
        ("a time that is not a number", bytes.fromhex("c1fb7ff8000000000000")),
        ("too deep", b"\x81" * (DEPTH_MAX + 2) + b"\x00"),
        ("endlessly deep", b"\x9f" * 100_000),
    ],
)
def test_refused(name: str, data: bytes) -> None:
    with pytest.raises(CborError):
        decode(data)
