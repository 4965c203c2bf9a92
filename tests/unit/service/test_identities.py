"""Who a caller is and what its policies allow, as the directory says it now."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.support.identities import (
    ACCOUNT,
    OTHER,
    DirectoryForTests,
    allowing,
    directory_for_tests,
    group,
    inline,
    key,
    managed,
    role,
    user,
)

from farshore.auth.aws_managed_policies import AWS_MANAGED
from farshore.auth.evaluate import NO_POLICIES, AccessRequest, IdentityPolicies, evaluate
from farshore.auth.policy import PolicyKind, parse_policy
from farshore.metadata.identities import IdentityTransaction
from farshore.model.access import AccessKey, Principal, PrincipalKind
from farshore.model.identity import PolicyVersion, Session

S3_READ_ONLY = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DirectoryForTests]:
    with directory_for_tests(tmp_path) as made:
        yield made


def allowed(policies: IdentityPolicies, action: str, principal: Principal | None = None) -> bool:
    """Whether the identity side allows an action on a bucket of its own account."""
    who = principal or Principal(account_id=ACCOUNT, arn="arn", access_key_id="A", kind=PrincipalKind.USER)
    resource = "arn:aws:s3:::shelf/a"
    request = AccessRequest(
        principal=who, policies=policies, action=action, resource=resource, resource_account=ACCOUNT, context={}
    )
    return evaluate(request).allowed


def session(owner_id: str, **more: object) -> Session:
    made = Session(
        access_key_id="ASIA1",
        secret="s",
        account_id=ACCOUNT,
        owner_id=owner_id,
        issued_us=0,
        expires_us=10,
        name="night",
    )
    return msgspec.structs.replace(made, **more)


def test_a_key_without_a_user_is_the_accounts_root(store: DirectoryForTests) -> None:
    found = store.identities.of_access_key(AccessKey(id="AKIAROOT", secret="s", account_id=ACCOUNT))
    assert found is not None
    assert found.principal == Principal(
        account_id=ACCOUNT,
        arn=f"arn:aws:iam::{ACCOUNT}:root",
        access_key_id="AKIAROOT",
        kind=PrincipalKind.ROOT,
        unique_id=ACCOUNT,
    )
    assert found.policies is NO_POLICIES


def test_a_user_has_its_own_policies_and_those_of_its_groups(store: DirectoryForTests) -> None:
    ann = user("ann", path="/team/")

    def command(tx: IdentityTransaction) -> None:
        tx.add_user(ann)
        tx.add_group(group("staff"))
        tx.add_group(group("other"))
        tx.add_member(group("staff").id, ann.id)
        tx.put_inline_policy(ann.id, inline("own", "s3:PutObject"))
        tx.put_inline_policy(group("staff").id, inline("shared", "s3:DeleteObject"))
        tx.put_inline_policy(group("other").id, inline("no", "s3:PutObjectTagging"))
        tx.attach(group("staff").id, S3_READ_ONLY, ACCOUNT)

    store.write(command)
    found = store.identities.of_access_key(key(ann))
    assert found is not None
    assert found.principal == Principal(
        account_id=ACCOUNT,
        arn=f"arn:aws:iam::{ACCOUNT}:user/team/ann",
        access_key_id="AKIAUSER",
        kind=PrincipalKind.USER,
        unique_id=ann.id,
        name="ann",
    )
    answers = {
        action: allowed(found.policies, action, found.principal)
        for action in ("s3:PutObject", "s3:DeleteObject", "s3:GetObject", "s3:PutObjectTagging")
    }
    assert answers == {
        "s3:PutObject": True,
        "s3:DeleteObject": True,
        "s3:GetObject": True,
        "s3:PutObjectTagging": False,
    }


def test_a_user_without_policies_may_nothing(store: DirectoryForTests) -> None:
    store.write(lambda tx: tx.add_user(user("ann")))
    found = store.identities.of_access_key(key(user("ann")))
    assert found is not None
    assert not allowed(found.policies, "s3:GetObject", found.principal)


def test_a_boundary_limits_a_user(store: DirectoryForTests) -> None:
    limit = managed("limit")

    def command(tx: IdentityTransaction) -> None:
        tx.add_policy(limit, allowing("s3:Get*"))
        tx.add_user(user("ann", boundary=limit.arn))
        tx.put_inline_policy(user("ann").id, inline("all", "s3:*"))

    store.write(command)
    policies = store.identities.policies_of_user(user("ann", boundary=limit.arn))
    assert allowed(policies, "s3:GetObject")
    assert not allowed(policies, "s3:PutObject")


def test_a_change_by_another_process_holds_for_the_next_question(store: DirectoryForTests, tmp_path: Path) -> None:
    crew = role("crew")
    read = managed("read")

    def first(tx: IdentityTransaction) -> None:
        tx.add_role(crew)
        tx.add_policy(read, allowing("s3:GetObject"))
        tx.attach(crew.id, read.arn, ACCOUNT)

    store.write(first)
    assert allowed(store.identities.policies_of_role(crew), "s3:GetObject")
    assert store.identities.policies_of_role(crew) is store.identities.policies_of_role(crew), "compiled once"

    def second(tx: IdentityTransaction) -> None:
        version = PolicyVersion(policy_id=read.id, number=2, document=allowing("s3:PutObject"), created_us=8)
        tx.add_policy_version(version)
        tx.replace_policy(msgspec.structs.replace(read, default_version=2, last_version=2))

    with directory_for_tests(tmp_path) as other:
        other.write(second)
    assert not allowed(store.identities.policies_of_role(crew), "s3:GetObject")
    assert allowed(store.identities.policies_of_role(crew), "s3:PutObject")


def test_a_session_of_a_role_is_the_roles_limited_by_its_session_policies(store: DirectoryForTests) -> None:
    crew = role("crew", path="/service-role/")

    def command(tx: IdentityTransaction) -> None:
        tx.add_role(crew)
        tx.put_inline_policy(crew.id, inline("all", "s3:*"))

    store.write(command)
    plain = store.identities.of_session(session(crew.id))
    assert plain is not None
    assert plain.principal == Principal(
        account_id=ACCOUNT,
        arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/crew/night",
        access_key_id="ASIA1",
        kind=PrincipalKind.ASSUMED_ROLE,
        unique_id=f"{crew.id}:night",
        role_arn=f"arn:aws:iam::{ACCOUNT}:role/service-role/crew",
    )
    assert allowed(plain.policies, "s3:PutObject", plain.principal)
    limited = store.identities.of_session(
        session(crew.id, policy=allowing("s3:DeleteObject"), policy_arns=(S3_READ_ONLY,))
    )
    assert limited is not None
    answers = [
        allowed(limited.policies, action, limited.principal)
        for action in ("s3:DeleteObject", "s3:GetObject", "s3:PutObject")
    ]
    assert answers == [True, True, False]


def test_a_sessions_tags_go_before_the_roles(store: DirectoryForTests) -> None:
    store.write(lambda tx: tx.add_role(role("crew", tags={"Team": "blue", "site": "west"})))
    found = store.identities.of_session(session("AROACREW", tags={"team": "red"}))
    assert found is not None
    assert dict(found.principal.tags) == {"site": "west", "team": "red"}


def test_a_session_ends_with_its_owner_and_a_namesake_does_not_revive_it(store: DirectoryForTests) -> None:
    crew, ann = role("crew"), user("ann")
    store.write(lambda tx: (tx.add_role(crew), tx.add_user(ann)))
    for owner in (crew.id, ann.id):
        assert store.identities.of_session(session(owner)) is not None
    store.write(lambda tx: (tx.delete_role(crew.id), tx.delete_user(ann.id)))
    store.write(lambda tx: (tx.add_role(role("crew", id="AROANEW")), tx.add_user(user("ann", id="AIDANEW"))))
    for owner in (crew.id, ann.id):
        assert store.identities.of_session(session(owner)) is None
    assert store.identities.of_access_key(key(ann)) is None


def test_a_session_policy_that_was_deleted_allows_nothing(store: DirectoryForTests) -> None:
    store.write(lambda tx: (tx.add_role(role("crew")), tx.put_inline_policy("AROACREW", inline("all", "s3:*"))))
    found = store.identities.of_session(session("AROACREW", policy_arns=(managed("gone").arn,)))
    assert found is not None
    assert not allowed(found.policies, "s3:GetObject", found.principal)


def test_managed_policies_of_another_account_do_not_limit_or_allow(store: DirectoryForTests) -> None:
    foreign = managed("all", OTHER)
    store.write(lambda tx: (tx.add_role(role("crew")), tx.add_policy(foreign, allowing("s3:*"))))
    store.write(lambda tx: tx.put_inline_policy("AROACREW", inline("all", "s3:*")))
    found = store.identities.of_session(session("AROACREW", policy_arns=(foreign.arn,)))
    assert found is not None
    assert not allowed(found.policies, "s3:GetObject", found.principal)


def test_awss_own_policies_compile_and_are_found_by_their_arn() -> None:
    assert len(AWS_MANAGED) == 5
    for arn, entry in AWS_MANAGED.items():
        assert arn == f"arn:aws:iam::aws:policy/{entry.policy.name}"
        parse_policy(entry.version.document, PolicyKind.IDENTITY, source=arn)
        assert entry.version.number == entry.policy.default_version
