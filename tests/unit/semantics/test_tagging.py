"""Tag sets. Source: S3 User Guide, "Categorizing your objects using tags"; answers recorded on AWS."""

from __future__ import annotations

import pytest

from farshore.model.errors import BadRequest, InvalidArgument, InvalidTag, MalformedXML
from farshore.semantics.tagging import BUCKET_TAGS_MAX, check_tag_set, parse_tagging_header


def tag_set(**tags: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


@pytest.mark.parametrize(
    ("header", "tags"),
    [
        ("", {}),
        ("tag1=tag1&tag2=tag2&tag=", {"tag": "", "tag1": "tag1", "tag2": "tag2"}),
        ("wrongquery&wrongagain", {"wrongagain": "", "wrongquery": ""}),
        ("a%20b=c+d", {"a b": "c d"}),
        ("a=b=c", {"a": "b=c"}),
        ("na%C3%AFve=%E6%97%A5%E6%9C%AC", {"naïve": "日本"}),
    ],
)
def test_a_header_is_a_query_string_and_tags_come_back_in_order(header: str, tags: dict[str, str]) -> None:
    parsed = parse_tagging_header(header)
    assert parsed == tags
    assert list(parsed) == sorted(parsed)


@pytest.mark.parametrize(
    "header", ["key1=val1&key1=val2", "key1=val1,key2=val2", "a=%FF", "a=%zz", "a%", "a=<b>", "a=%00"]
)
def test_a_header_that_is_no_tag_set_is_an_invalid_argument(header: str) -> None:
    with pytest.raises(InvalidArgument, match="shall be encoded as UTF-8 then URLEncoded") as refused:
        parse_tagging_header(header)
    assert refused.value.details == {"ArgumentName": "x-amz-tagging", "ArgumentValue": header}


def test_a_header_has_at_most_ten_tags() -> None:
    assert len(parse_tagging_header("&".join(f"k{number}=" for number in range(10)))) == 10
    with pytest.raises(BadRequest, match="Object tags cannot be greater than 10"):
        parse_tagging_header("&".join(f"k{number}=" for number in range(11)))


@pytest.mark.parametrize("header", ["=value", "a" * 129 + "=", "a=" + "b" * 257, "aws:a=b"])
def test_a_header_with_a_tag_of_wrong_length_or_prefix_is_an_invalid_tag(header: str) -> None:
    with pytest.raises(InvalidTag):
        parse_tagging_header(header)


def test_a_document_gives_tags_in_order() -> None:
    tags = check_tag_set(tag_set(tag2="", tag1="v _.:/=+-@", **{"é" * 128: "x" * 256}))
    assert list(tags) == ["tag1", "tag2", "é" * 128]
    assert check_tag_set([]) == {}


@pytest.mark.parametrize(
    ("tags", "message", "details"),
    [
        (tag_set(Key1="a") * 2, "Cannot provide multiple Tags with the same key", {"TagKey": "Key1"}),
        (tag_set(**{"Key1,Key2": "a"}), "The TagKey you have provided is invalid", {"TagKey": "Key1,Key2"}),
        (tag_set(**{"": "a"}), "The TagKey you have provided is invalid", {"TagKey": ""}),
        (tag_set(**{"k" * 129: "a"}), "The TagKey you have provided is invalid", {"TagKey": "k" * 129}),
        (
            tag_set(Key1="Val1,Val2"),
            "The TagValue you have provided is invalid",
            {"TagKey": "Key1", "TagValue": "Val1,Val2"},
        ),
        (
            tag_set(k="v" * 257),
            "The TagValue you have provided is invalid",
            {"TagKey": "k", "TagValue": "v" * 257},
        ),
        (
            tag_set(**{"aws:prefixed": "a"}),
            "Your TagKey cannot be prefixed with aws:",
            {"TagKey": "aws:prefixed"},
        ),
    ],
)
def test_an_invalid_tag_is_named(tags: list[dict[str, str]], message: str, details: dict[str, str]) -> None:
    with pytest.raises(InvalidTag) as refused:
        check_tag_set(tags)
    assert refused.value.message == message
    assert refused.value.details == details


def test_a_bucket_has_another_limit_and_wording() -> None:
    many = tag_set(**{f"k{number}": "" for number in range(50)})
    assert len(check_tag_set(many, limit=BUCKET_TAGS_MAX)) == 50
    with pytest.raises(BadRequest, match="Object tags cannot be greater than 10"):
        check_tag_set(many)
    with pytest.raises(BadRequest, match="50"):
        check_tag_set(many + tag_set(one="more"), limit=BUCKET_TAGS_MAX)
    with pytest.raises(InvalidTag, match="System tags cannot be added/updated by requester"):
        check_tag_set(tag_set(**{"aws:prefixed": "a"}), limit=BUCKET_TAGS_MAX)


@pytest.mark.parametrize("tag", [{"Key": "a"}, {"Value": "a"}, {}])
def test_a_tag_needs_key_and_value(tag: dict[str, str]) -> None:
    with pytest.raises(MalformedXML):
        check_tag_set([tag])
