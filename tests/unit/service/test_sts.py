"""STS: who calls, and temporary credentials for whom the trust policy names."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.iam import Caller, IamForTests, policy, trust

from farshore.model.query_errors import (
    AccessDenied,
    MalformedPolicyDocument,
    NotImplemented,
    PackedPolicyTooLarge,
    QueryError,
    ValidationError,
)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[IamForTests]:
    made = IamForTests(tmp_path)
    made.root.iam("CreateUser", UserName="ann")
    yield made
    made.close()


def ann(world: IamForTests, *documents: str) -> Caller:
    for number, document in enumerate(documents):
        world.root.iam("PutUserPolicy", UserName="ann", PolicyName=f"p{number}", PolicyDocument=document)
    return world.caller_of_key(world.root.iam("CreateAccessKey", UserName="ann")["AccessKey"]["AccessKeyId"])


def arn(world: IamForTests, rest: str) -> str:
    return f"arn:aws:iam::{world.account}:{rest}"


def make_role(world: IamForTests, document: str, **more: Any) -> str:
    made = world.root.iam("CreateRole", RoleName="crew", AssumeRolePolicyDocument=document, **more)
    return made["Role"]["Arn"]


def refused(caller: Caller, operation: str, **params: Any) -> QueryError:
    with pytest.raises(QueryError) as error:
        caller.sts(operation, **params)
    return error.value


def test_everybody_may_ask_who_they_are(world: IamForTests) -> None:
    assert world.root.sts("GetCallerIdentity") == {
        "UserId": world.account,
        "Account": world.account,
        "Arn": arn(world, "root"),
    }
    user_id = world.root.iam("GetUser", UserName="ann")["User"]["UserId"]
    assert ann(world, policy("*", effect="Deny")).sts("GetCallerIdentity") == {
        "UserId": user_id,
        "Account": world.account,
        "Arn": arn(world, "user/ann"),
    }


def test_a_session_as_aws_recorded_it(world: IamForTests) -> None:
    role_arn = make_role(world, trust({"AWS": arn(world, "user/ann")}), Path="/a/")
    answer = ann(world).sts("AssumeRole", RoleArn=role_arn, RoleSessionName="night")
    assert answer.keys() == {"Credentials", "AssumedRoleUser"}
    credentials, user = answer["Credentials"], answer["AssumedRoleUser"]
    assert credentials.keys() == {"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"}
    assert credentials["AccessKeyId"].startswith("ASIA")
    assert credentials["Expiration"].timestamp() * 1e6 == world.clock.us + 3600 * 1e6
    role_id = world.root.iam("GetRole", RoleName="crew")["Role"]["RoleId"]
    assert user == {
        "AssumedRoleId": f"{role_id}:night",
        "Arn": f"arn:aws:sts::{world.account}:assumed-role/crew/night",
    }
    session = world.caller_of_session(credentials)
    assert session.sts("GetCallerIdentity") == {
        "UserId": user["AssumedRoleId"],
        "Account": world.account,
        "Arn": user["Arn"],
    }


OTHER_USER = "arn:aws:iam::{account}:user/other"


@pytest.mark.parametrize(
    ("document", "documents", "allowed"),
    [
        (trust({"AWS": "{user}"}), (), True),
        (trust({"AWS": "{user}"}), (policy("sts:AssumeRole", effect="Deny"),), False),
        (trust({"AWS": "{account}"}), (), False),
        (trust({"AWS": "{account}"}), (policy("sts:AssumeRole"),), True),
        (trust({"AWS": "{account}"}), (policy("sts:AssumeRole", "arn:aws:iam::{account}:role/other"),), False),
        (trust({"AWS": "arn:aws:iam::{account}:root"}), (policy("sts:*", "arn:aws:iam::{account}:role/cr*"),), True),
        (trust({"Service": "s3.amazonaws.com"}), (policy("*"),), False),
        (trust("*"), (), True),
        (trust({"AWS": "{user}"}, Condition={"StringEquals": {"sts:ExternalId": "secret-id"}}), (), False),
        (trust({"AWS": "{user}"}, Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}), (), False),
        (trust({"AWS": "{user}"}, Condition={"StringLike": {"sts:RoleSessionName": "ni*"}}), (), True),
        (trust({"AWS": "{user}"}, Condition={"StringLike": {"sts:RoleSessionName": "day"}}), (), False),
    ],
    ids=[
        "trusted by name",
        "denied by the user's policy",
        "account trusted, no policy",
        "account trusted, policy",
        "policy for another role",
        "root ARN trusted, wildcard policy",
        "not trusted, whatever its policies",
        "everybody trusted",
        "external id missing",
        "second factor missing",
        "session name",
        "another session name",
    ],
)
def test_trust_and_the_callers_policies_decide(
    world: IamForTests, document: str, documents: tuple[str, ...], allowed: bool
) -> None:
    def fill(text: str) -> str:
        return text.replace("{user}", arn(world, "user/ann")).replace("{account}", world.account)

    role_arn = make_role(world, fill(document))
    who = ann(world, *map(fill, documents))
    if allowed:
        assert who.sts("AssumeRole", RoleArn=role_arn, RoleSessionName="night")["AssumedRoleUser"]
    else:
        error = refused(who, "AssumeRole", RoleArn=role_arn, RoleSessionName="night")
        assert (error.status, error.code, error.message) == (
            403,
            "AccessDenied",
            f"User: {arn(world, 'user/ann')} is not authorized to perform: sts:AssumeRole on resource: {role_arn}",
        )


def test_the_external_id_lets_in(world: IamForTests) -> None:
    condition = {"StringEquals": {"sts:ExternalId": "secret-id"}}
    role_arn = make_role(world, trust({"AWS": arn(world, "user/ann")}, Condition=condition))
    who = ann(world)
    who.sts("AssumeRole", RoleArn=role_arn, RoleSessionName="night", ExternalId="secret-id")
    assert (
        refused(who, "AssumeRole", RoleArn=role_arn, RoleSessionName="night", ExternalId="other").code == "AccessDenied"
    )


def test_a_role_that_does_not_exist_is_refused_like_one_that_does_not_trust(world: IamForTests) -> None:
    missing = arn(world, "role/nobody")
    error = refused(ann(world, policy("*")), "AssumeRole", RoleArn=missing, RoleSessionName="night")
    assert error.message == (
        f"User: {arn(world, 'user/ann')} is not authorized to perform: sts:AssumeRole on resource: {missing}"
    )


def test_across_accounts_both_sides_must_allow_it(world: IamForTests) -> None:
    partner = world.add_account("partner")
    their_root = world.caller_of_root(partner)
    their_root.iam("CreateUser", UserName="bob")
    key = their_root.iam("CreateAccessKey", UserName="bob")["AccessKey"]["AccessKeyId"]
    bob = world.caller_of_key(key)
    role_arn = make_role(world, trust({"AWS": f"arn:aws:iam::{partner}:user/bob"}))
    assert refused(bob, "AssumeRole", RoleArn=role_arn, RoleSessionName="night").code == "AccessDenied"
    their_root.iam("PutUserPolicy", UserName="bob", PolicyName="p", PolicyDocument=policy("sts:AssumeRole", role_arn))
    answer = bob.sts("AssumeRole", RoleArn=role_arn, RoleSessionName="night")
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{world.account}:assumed-role/crew/night"
    world.root.iam("UpdateAssumeRolePolicy", RoleName="crew", PolicyDocument=trust({"AWS": world.account}))
    assert refused(bob, "AssumeRole", RoleArn=role_arn, RoleSessionName="night").code == "AccessDenied"


def test_the_root_assumes_no_role(world: IamForTests) -> None:
    role_arn = make_role(world, trust("*"))
    error = refused(world.root, "AssumeRole", RoleArn=role_arn, RoleSessionName="night")
    assert (error.code, error.message) == ("AccessDenied", "Roles may not be assumed by root accounts.")


def test_a_session_lasts_as_long_as_it_asks_up_to_the_roles_maximum(world: IamForTests) -> None:
    role_arn = make_role(world, trust("*"), MaxSessionDuration=7200)
    who, asked = ann(world), {"RoleArn": role_arn, "RoleSessionName": "night"}
    long = who.sts("AssumeRole", **asked, DurationSeconds=7200)["Credentials"]
    assert long["Expiration"].timestamp() * 1e6 == world.clock.us + 7200 * 1e6
    assert refused(who, "AssumeRole", **asked, DurationSeconds=7201).message == (
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    )
    session = world.caller_of_session(long)
    assert refused(session, "AssumeRole", **asked, DurationSeconds=3601).message == (
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
    )
    session.sts("AssumeRole", **asked, DurationSeconds=3600)
    for seconds, bound in ((899, "greater than or equal to 900"), (43_201, "less than or equal to 43200")):
        error = refused(who, "AssumeRole", **asked, DurationSeconds=seconds)
        assert isinstance(error, ValidationError)
        assert f"Value '{seconds}' at 'durationSeconds' failed" in error.message
        assert bound in error.message


def test_a_session_policy_limits_and_must_be_one(world: IamForTests) -> None:
    role_arn = make_role(world, trust("*"))
    world.root.iam("PutRolePolicy", RoleName="crew", PolicyName="all", PolicyDocument=policy("iam:*"))
    who, asked = ann(world), {"RoleArn": role_arn, "RoleSessionName": "night"}
    answer = who.sts("AssumeRole", **asked, Policy=policy("iam:GetUser"))
    assert 0 < answer["PackedPolicySize"] <= 100
    limited = world.caller_of_session(answer["Credentials"])
    assert limited.iam("GetUser", UserName="ann")
    with pytest.raises(AccessDenied, match="because no session policy allows the iam:ListUsers action"):
        limited.iam("ListUsers")
    assert isinstance(refused(who, "AssumeRole", **asked, Policy="{"), MalformedPolicyDocument)
    read_only = [{"arn": "arn:aws:iam::aws:policy/IAMReadOnlyAccess"}]
    managed = world.caller_of_session(who.sts("AssumeRole", **asked, PolicyArns=read_only)["Credentials"])
    assert managed.iam("ListUsers")["Users"]
    with pytest.raises(AccessDenied):
        managed.iam("DeleteUser", UserName="ann")
    assert refused(who, "AssumeRole", **asked, PolicyArns=[{"arn": arn(world, "policy/missing-policy")}]).status == 400
    noise = "".join(hashlib.sha256(str(number).encode()).hexdigest() for number in range(100))
    error = refused(who, "AssumeRole", **asked, Policy=policy("s3:GetObject", f"arn:aws:s3:::{noise}"))
    assert isinstance(error, PackedPolicyTooLarge)


def test_session_tags_need_a_permission_of_their_own(world: IamForTests) -> None:
    tags = [{"Key": "team", "Value": "blue"}]
    role_arn = make_role(world, trust({"AWS": arn(world, "user/ann")}))
    who, asked = ann(world), {"RoleArn": role_arn, "RoleSessionName": "night", "Tags": tags}
    assert refused(who, "AssumeRole", **asked).code == "AccessDenied"
    both = trust({"AWS": arn(world, "user/ann")}, "sts:AssumeRole", "sts:TagSession")
    world.root.iam("UpdateAssumeRolePolicy", RoleName="crew", PolicyDocument=both)
    assert who.sts("AssumeRole", **asked)["PackedPolicySize"] > 0


def test_a_session_token_of_a_user_is_the_user(world: IamForTests) -> None:
    who = ann(world, policy("*", effect="Deny"))
    credentials = who.sts("GetSessionToken")["Credentials"]
    assert credentials["Expiration"].timestamp() * 1e6 == world.clock.us + 43_200 * 1e6
    session = world.caller_of_session(credentials)
    assert session.sts("GetCallerIdentity") == who.sts("GetCallerIdentity")
    error = refused(session, "GetSessionToken")
    assert (error.code, error.message) == ("AccessDenied", "Cannot call GetSessionToken with session credentials")
    short = who.sts("GetSessionToken", DurationSeconds=900)["Credentials"]
    assert short["Expiration"].timestamp() * 1e6 == world.clock.us + 900 * 1e6


def test_a_session_token_of_the_root_lasts_an_hour_at_most(world: IamForTests) -> None:
    credentials = world.root.sts("GetSessionToken", DurationSeconds=129_600)["Credentials"]
    assert credentials["Expiration"].timestamp() * 1e6 == world.clock.us + 3600 * 1e6
    assert world.caller_of_session(credentials).sts("GetCallerIdentity")["Arn"] == arn(world, "root")


@pytest.mark.parametrize(
    "more",
    [{"SourceIdentity": "ann"}, {"SerialNumber": "GAHT12345678", "TokenCode": "123456"}, {"TransitiveTagKeys": ["k"]}],
)
def test_what_is_not_implemented_is_refused_and_not_left_out(world: IamForTests, more: dict[str, Any]) -> None:
    role_arn = make_role(world, trust("*"))
    error = refused(ann(world), "AssumeRole", RoleArn=role_arn, RoleSessionName="night", **more)
    assert isinstance(error, NotImplemented)
