"""Policy documents: what IAM's grammar takes and refuses, and what patterns of resources match."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from farshore.auth.policy import PolicyError, PolicyKind, compile_policy, parse_policy

VERSION = "2012-10-17"


def one(**members: Any) -> dict[str, Any]:
    return {"Version": VERSION, "Statement": [{"Effect": "Allow", **members}]}


IDENTITY = one(Action="s3:GetObject", Resource="*")
RESOURCE = one(Action="s3:GetObject", Resource="arn:aws:s3:::b/*", Principal="*")
TRUST = one(Action="sts:AssumeRole", Principal={"Service": "s3.amazonaws.com"})


@pytest.mark.parametrize(
    ("kind", "document"),
    [(PolicyKind.IDENTITY, IDENTITY), (PolicyKind.RESOURCE, RESOURCE), (PolicyKind.TRUST, TRUST)],
)
def test_each_kind_takes_its_own_elements_only(kind: PolicyKind, document: dict[str, Any]) -> None:
    assert len(compile_policy(document, kind, source="p").statements) == 1
    for other in PolicyKind:
        if other is not kind:
            with pytest.raises(PolicyError):
                compile_policy(document, other, source="p")


REFUSED: list[object] = [
    [],
    "text",
    {},
    {"Version": VERSION},
    {"Version": VERSION, "Statement": []},
    {"Version": VERSION, "Statement": ["text"]},
    {"Version": "2020-01-01", "Statement": IDENTITY["Statement"]},
    {**IDENTITY, "Owner": "me"},
    one(Action="s3:GetObject", Resource="*", Efect="Allow"),
    {"Version": VERSION, "Statement": {"Effect": "allow", "Action": "s3:*", "Resource": "*"}},
    {"Version": VERSION, "Statement": {"Action": "s3:*", "Resource": "*"}},
    one(Resource="*"),
    one(Action="s3:GetObject"),
    one(Action="s3:GetObject", NotAction="s3:PutObject", Resource="*"),
    one(Action="s3:GetObject", Resource="*", NotResource="*"),
    one(Action="GetObject", Resource="*"),
    one(Action="s3:Get Object", Resource="*"),
    one(Action=["s3:GetObject", 7], Resource="*"),
    one(Action="s3:GetObject", Resource="bucket/*"),
    one(Action="s3:GetObject", Resource="arn:aws:s3"),
    one(Action="s3:GetObject", Resource="*", Sid="with space"),
    one(Action="s3:GetObject", Resource="*", Sid=7),
    one(Action="s3:GetObject", Resource="*", Condition="x"),
    {"Version": VERSION, "Statement": [{"Sid": "A", **IDENTITY["Statement"][0]}] * 2},
]


@pytest.mark.parametrize("document", REFUSED)
def test_what_the_grammar_does_not_know_is_refused(document: object) -> None:
    with pytest.raises(PolicyError):
        compile_policy(document, PolicyKind.IDENTITY, source="p")


@pytest.mark.parametrize(
    "principal",
    [
        "arn:aws:iam::111111111111:user/ana",
        {"AWS": "arn:aws:iam::111111111111:user/*"},
        {"AWS": "ana"},
        {"AWS": "1111"},
        {"Owner": "*"},
        {},
        [],
        {"AWS": {"x": "y"}},
    ],
)
def test_a_principal_is_everyone_an_account_or_a_whole_arn(principal: object) -> None:
    with pytest.raises(PolicyError):
        compile_policy(
            one(Action="s3:GetObject", Resource="arn:aws:s3:::b/*", Principal=principal),
            PolicyKind.RESOURCE,
            source="p",
        )


@pytest.mark.parametrize("text", ["", "{", "[]", '{"Version": "2012-10-17", "Version": "2012-10-17"}', "\ufeff{}"])
def test_text_that_is_no_json_object_is_refused(text: str) -> None:
    with pytest.raises(PolicyError):
        parse_policy(text, PolicyKind.IDENTITY, source="p")


def test_a_root_arn_and_an_account_id_are_one_principal() -> None:
    listed = [{"AWS": "111111111111"}, {"AWS": "arn:aws:iam::111111111111:root"}]
    documents = [one(Action="s3:*", Resource="arn:aws:s3:::b", Principal=principal) for principal in listed]
    compiled = [compile_policy(document, PolicyKind.RESOURCE, source="p") for document in documents]
    assert compiled[0].statements[0].principals == compiled[1].statements[0].principals


MATCHES: list[tuple[str, str, bool]] = [
    ("*", "arn:aws:s3:::b/k", True),
    ("arn:aws:s3:::b", "arn:aws:s3:::b", True),
    ("arn:aws:s3:::b", "arn:aws:s3:::b/k", False),
    ("arn:aws:s3:::b/*", "arn:aws:s3:::b/k/l", True),
    ("arn:aws:s3:::b/*", "arn:aws:s3:::b", False),
    ("arn:aws:s3:::b*", "arn:aws:s3:::bc/k", True),
    ("arn:aws:s3:::b/?", "arn:aws:s3:::b/k", True),
    ("arn:aws:s3:::b/?", "arn:aws:s3:::b/kk", False),
    ("arn:aws:s3:::b/*/x", "arn:aws:s3:::b/k/l/x", True),
    ("arn:aws:s3:::b/*", "arn:aws:s3:::b/k:l", True),
    ("arn:aws:s3:::b/${aws:username}/*", "arn:aws:s3:::b/ana/x", True),
    ("arn:aws:s3:::b/${aws:username}/*", "arn:aws:s3:::b/ben/x", False),
    ("arn:aws:s3:::b/${aws:missing}/*", "arn:aws:s3:::b//x", False),
    ("arn:aws:s3:::b/${*}", "arn:aws:s3:::b/k", False),
    ("arn:aws:s3:::b/${*}", "arn:aws:s3:::b/*", True),
    # A wildcard stays within its segment of the ARN.
    ("arn:aws:s3:*:*:b/x", "arn:aws:s3:::b/x", True),
    ("arn:aws:s3:*:*:b/x", "arn:aws:s3:::foo:b/x", False),
    ("arn:aws:iam::*:role/x", "arn:aws:iam::1:role/x", True),
    ("arn:*:s3:::b", "arn:aws:s3:::b", True),
]


@pytest.mark.parametrize(("pattern", "resource", "matches"), MATCHES)
def test_a_resource_is_matched_segment_by_segment(pattern: str, resource: str, matches: bool) -> None:
    policy = compile_policy(one(Action="s3:*", Resource=pattern), PolicyKind.IDENTITY, source="p")
    resources = policy.statements[0].resources
    assert resources is not None
    assert resources[0].matches(resource, {"aws:username": ["ana"]}) is matches


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, '{"Statement":' * 20_000, '{"Statement": [{"Sid": "\\ud800"}]}'],
    ids=["deep list", "deep members", "an escape that is no text"],
)
def test_a_document_that_no_reader_can_hold_is_invalid_json(text: str) -> None:
    with pytest.raises(PolicyError, match="This policy contains invalid Json"):
        parse_policy(text, PolicyKind.IDENTITY, source="test")


NAMES = st.sampled_from(
    [
        *(
            "Version",
            "Id",
            "Statement",
            "Sid",
            "Effect",
            "Principal",
            "NotPrincipal",
            "Action",
            "NotAction",
            "Resource",
        ),
        *(
            "NotResource",
            "Condition",
            "AWS",
            "Service",
            "CanonicalUser",
            "StringLike",
            "Null",
            "DateEquals",
            "aws:Referer",
        ),
    ]
)
WORDS = st.sampled_from(
    [
        "2012-10-17",
        "Allow",
        "Deny",
        "*",
        "s3:*",
        "arn:aws:s3:::b/*",
        "arn:aws:iam::123456789012:root",
        "true",
        "",
        ":::::",
    ]
)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=12,
)


@settings(max_examples=500, deadline=None)
@given(
    st.fixed_dictionaries(
        {
            "Statement": st.fixed_dictionaries(
                {"Effect": WORDS, "Action": WORDS},
                optional=dict.fromkeys(["Sid", "Principal", "Resource", "NotResource", "Condition"], DOCUMENTS),
            )
        },
        optional={"Version": WORDS | DOCUMENTS, "Id": DOCUMENTS},
    )
    | DOCUMENTS,
    st.sampled_from(PolicyKind),
)
def test_any_document_is_a_policy_or_is_refused(document: object, kind: PolicyKind) -> None:
    with contextlib.suppress(PolicyError):
        policy = parse_policy(json.dumps(document), kind, source="x")
        for statement in (statement for listed in policy.candidates("s3:GetObject") for statement in listed):
            for condition in statement.conditions:
                condition.holds({"aws:referer": ["x"]})


@pytest.mark.parametrize("kind", PolicyKind)
@pytest.mark.parametrize("element", ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource"])
def test_an_element_may_not_be_null(kind: PolicyKind, element: str) -> None:
    document = {PolicyKind.IDENTITY: IDENTITY, PolicyKind.RESOURCE: RESOURCE, PolicyKind.TRUST: TRUST}[kind]
    statement = {name: value for name, value in document["Statement"][0].items() if name != element.removeprefix("Not")}
    with pytest.raises(PolicyError):
        compile_policy({"Version": VERSION, "Statement": [{**statement, element: None}]}, kind, source="p")
