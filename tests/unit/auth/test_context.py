"""Global condition keys of each kind of caller. Source: IAM User Guide, "Request information … policy variables"."""

from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec import structs
from tests.support.access import OWNER, root, session, user

from farshore.auth.context import Circumstances, LazyContext, global_values
from farshore.model.access import ANONYMOUS, Principal, service_principal

CIRCUMSTANCES = Circumstances(
    principal=root(OWNER),
    now_us=1_777_629_600_000_000,
    region="eu-west-1",
    source_address="192.0.2.7",
    secure=False,
    headers={"User-Agent": "test/1", "Referer": "https://example.com/"},
    resource_account=OWNER,
)
KEYS = ("aws:PrincipalType", "aws:PrincipalArn", "aws:PrincipalAccount", "aws:userid", "aws:username")
CALLERS = [
    (root(OWNER), ["Account", f"arn:aws:iam::{OWNER}:root", OWNER, OWNER, None]),
    (user(OWNER), ["User", f"arn:aws:iam::{OWNER}:user/ana", OWNER, "AIDAANA", "ana"]),
    (
        session(OWNER, path="/p/"),
        ["AssumedRole", f"arn:aws:iam::{OWNER}:role/p/reader", OWNER, "AROAREADER:night", None],
    ),
    (ANONYMOUS, ["Anonymous", None, None, "anonymous", None]),
    (service_principal("s3.amazonaws.com"), [None, None, None, None, None]),
]


@pytest.mark.parametrize(("principal", "values"), CALLERS)
def test_a_caller_has_the_keys_of_its_kind(principal: Principal, values: list[str | None]) -> None:
    found = [global_values(replace(CIRCUMSTANCES, principal=principal), key.lower()) for key in KEYS]
    assert found == [() if value is None else (value,) for value in values]


def test_a_request_has_time_place_and_transport() -> None:
    keys = ("currenttime", "epochtime", "sourceip", "securetransport", "requestedregion", "useragent", "referer")
    assert [global_values(CIRCUMSTANCES, f"aws:{key}")[0] for key in keys] == [
        "2026-05-01T10:00:00Z",
        "1777629600",
        "192.0.2.7",
        "false",
        "eu-west-1",
        "test/1",
        "https://example.com/",
    ]
    mapped = replace(CIRCUMSTANCES, source_address="::ffff:192.0.2.7")
    assert global_values(mapped, "aws:sourceip") == ("192.0.2.7",)
    assert global_values(CIRCUMSTANCES, "aws:tokenissuetime") == ()
    assert global_values(replace(CIRCUMSTANCES, token_issued_us=0), "aws:tokenissuetime") == ("1970-01-01T00:00:00Z",)
    assert global_values(CIRCUMSTANCES, "aws:unheardof") == ()


def test_a_caller_s_tags_are_found_whatever_the_case_of_their_names() -> None:
    tagged = replace(CIRCUMSTANCES, principal=structs.replace(user(OWNER), tags={"Team": "crane"}))
    assert global_values(tagged, "aws:principaltag/team") == ("crane",)
    assert global_values(tagged, "aws:principaltag/size") == ()


def test_a_value_is_looked_up_once_and_only_when_asked_for() -> None:
    asked: list[str] = []

    def lookup(key: str) -> tuple[str, ...]:
        asked.append(key)
        return ("value",) if key == "here" else ()

    context = LazyContext(lookup)
    assert asked == []
    assert [context.get("here"), context.get("here"), context.get("gone")] == [("value",), ("value",), ()]
    assert asked == ["here", "gone"]
