"""Principals in trust policies as text."""

from __future__ import annotations

import json
from typing import Any

from farshore.auth.policy import PolicyKind, parse_policy
from farshore.auth.trust_policy import named_principals, rename_principal, without_deleted

ANN = "arn:aws:iam::111122223333:user/ann"
GONE = "AIDABPPKMAKKTHK42446C"


def document(*principals: Any, element: str = "Principal", **more: Any) -> str:
    statements = [{"Effect": "Allow", element: each, "Action": "sts:AssumeRole", **more} for each in principals]
    return json.dumps({"Version": "2012-10-17", "Statement": statements if len(statements) > 1 else statements[0]})


def test_every_principal_is_named_whatever_its_form() -> None:
    text = document("*", {"AWS": ANN, "Service": ["s3.amazonaws.com", "b.amazonaws.com"]}, {"AWS": ["1" * 12]})
    assert list(named_principals(text)) == [
        ("AWS", ANN),
        ("Service", "s3.amazonaws.com"),
        ("Service", "b.amazonaws.com"),
        ("AWS", "1" * 12),
    ]


def test_a_rename_reaches_principals_and_nothing_else() -> None:
    condition = {"StringEquals": {"aws:PrincipalArn": ANN}}
    for element in ("Principal", "NotPrincipal"):
        for principal in ({"AWS": ANN}, {"AWS": ["*", ANN]}):
            text = document(principal, element=element, Condition=condition)
            renamed = json.loads(rename_principal(text, ANN, "new"))["Statement"]
            assert "new" in (
                renamed[element]["AWS"] if isinstance(renamed[element]["AWS"], list) else [renamed[element]["AWS"]]
            )
            assert ANN not in str(renamed[element])
            assert renamed["Condition"] == condition


def test_ids_of_what_is_gone_compile_to_nobody_and_conditions_keep_theirs() -> None:
    condition = {"StringEquals": {"aws:userid": GONE}}
    text = document({"AWS": [GONE, ANN]}, Condition=condition)
    changed = without_deleted(text)
    policy = parse_policy(changed, PolicyKind.TRUST, source="trust")
    (statement,) = policy.statements
    assert statement.principals is not None
    assert ANN in statement.principals.arns
    assert not statement.principals.accounts
    assert json.loads(changed)["Statement"]["Condition"] == condition
    assert without_deleted(document({"AWS": ANN})) == document({"AWS": ANN})
