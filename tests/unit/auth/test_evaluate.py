"""Decisions, by AWS's evaluation logic: one account, two accounts, boundaries, sessions, ACLs, public access."""

from __future__ import annotations

import timeit
from dataclasses import replace

import pytest
from tests.support.access import (
    OBJECT,
    OTHER,
    OWNER,
    asked,
    bucket_policy,
    identity,
    root,
    session,
    statement,
    trust,
    user,
)

from farshore.auth.bucket_policy import bound
from farshore.auth.evaluate import (
    NO_POLICIES,
    AccessRequest,
    Decision,
    IdentityPolicies,
    PolicyType,
    Reason,
    ResourceAccess,
    evaluate,
    evaluate_trust,
)
from farshore.auth.policy import PolicyKind, compile_policy
from farshore.model.access import ANONYMOUS, Principal, canonical_user_id, service_principal
from farshore.model.access_control import (
    ALL_USERS,
    AUTHENTICATED_USERS,
    Grant,
    ObjectOwnership,
    Permission,
    PublicAccessBlock,
)

ALLOW, DENY = "Allow", "Deny"
ANY = IdentityPolicies(identity=(identity(statement(ALLOW)),))
WRITES_ONLY = identity(statement(ALLOW, "s3:PutObject"))
ROLE_ARN = session(OWNER).role_arn


def granting(principal: str, **elements: object) -> ResourceAccess:
    return ResourceAccess(policy=bucket_policy(statement(ALLOW, principal=principal, **elements)))


def reason(request: AccessRequest, resource: ResourceAccess) -> tuple[bool, Reason]:
    decision = evaluate(request, resource)
    return decision.allowed, decision.reason


# --- One account. Source: "Policy evaluation for requests within a single account".


def test_the_root_of_the_owner_may_do_everything() -> None:
    assert reason(asked(root(OWNER)), ResourceAccess()) == (True, Reason.ROOT_OF_OWNER)


def test_an_explicit_deny_of_the_bucket_policy_binds_the_root_too() -> None:
    resource = ResourceAccess(policy=bucket_policy(statement(DENY, "s3:*", principal="*")))
    assert reason(asked(root(OWNER)), resource) == (False, Reason.EXPLICIT_DENY)


@pytest.mark.parametrize("action", ["s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"])
def test_the_root_of_the_owner_always_reaches_the_bucket_policy_and_nobody_else_does(action: str) -> None:
    """Source: API Reference, PutBucketPolicy."""
    resource = ResourceAccess(policy=bucket_policy(statement(DENY, "s3:*", principal="*")))
    assert evaluate(asked(root(OWNER), action=action), resource).allowed
    everything = IdentityPolicies(identity=(identity(statement(ALLOW, "s3:*")),))
    assert not evaluate(asked(user(OWNER), everything, action=action), resource).allowed
    assert not evaluate(asked(root(OTHER), action=action), resource).allowed


def test_a_user_needs_an_allow_from_either_side() -> None:
    ana = user(OWNER)
    assert reason(asked(ana), ResourceAccess()) == (False, Reason.IMPLICIT_DENY)
    assert reason(asked(ana, ANY), ResourceAccess()) == (True, Reason.IDENTITY_ALLOW)
    assert reason(asked(ana), granting(ana.arn)) == (True, Reason.RESOURCE_ALLOW)
    assert reason(asked(ana), granting("*")) == (True, Reason.RESOURCE_ALLOW)


@pytest.mark.parametrize("account", [OWNER, f"arn:aws:iam::{OWNER}:root"])
def test_naming_the_account_does_not_allow_its_users_by_itself(account: str) -> None:
    assert reason(asked(user(OWNER)), granting(account)) == (False, Reason.IMPLICIT_DENY)
    assert reason(asked(user(OWNER), ANY), granting(account)) == (True, Reason.IDENTITY_ALLOW)


def test_naming_one_user_allows_no_other() -> None:
    assert not evaluate(asked(user(OWNER, "ben")), granting(user(OWNER, "ana").arn)).allowed


@pytest.mark.parametrize("where", ["identity", "boundary", "session", "resource"])
def test_an_explicit_deny_wins_wherever_it_stands(where: str) -> None:
    allow, deny = identity(statement(ALLOW)), identity(statement(ALLOW), statement(DENY))
    policies = IdentityPolicies(
        identity=(allow, deny) if where == "identity" else (allow,),
        boundary=deny if where == "boundary" else allow,
        session=(deny,) if where == "session" else (allow,),
    )
    caller = session(OWNER)
    resource = ResourceAccess(
        policy=bucket_policy(
            statement(ALLOW, principal=caller.arn),
            *([statement(DENY, principal="*")] if where == "resource" else []),
        )
    )
    decision = evaluate(asked(caller, policies), resource)
    assert (decision.allowed, decision.reason) == (False, Reason.EXPLICIT_DENY)
    assert decision.policy_type is PolicyType[where.upper()]


BOUNDED = IdentityPolicies(identity=(identity(statement(ALLOW)),), boundary=WRITES_ONLY)
CONFINED = IdentityPolicies(identity=(identity(statement(ALLOW)),), session=(WRITES_ONLY,))
LIMITS = [
    # caller, its policies, whom the bucket policy allows, whether the request is allowed, why
    (user(OWNER), BOUNDED, None, False, Reason.BOUNDARY),
    (user(OWNER), BOUNDED, user(OWNER).arn, True, Reason.RESOURCE_ALLOW),
    (user(OWNER), BOUNDED, "*", True, Reason.RESOURCE_ALLOW),
    (user(OWNER), BOUNDED, OWNER, False, Reason.BOUNDARY),
    (session(OWNER), BOUNDED, None, False, Reason.BOUNDARY),
    (session(OWNER), BOUNDED, ROLE_ARN, False, Reason.BOUNDARY),
    (session(OWNER), BOUNDED, session(OWNER).arn, True, Reason.RESOURCE_ALLOW),
    (session(OWNER), BOUNDED, "*", True, Reason.RESOURCE_ALLOW),
    (session(OWNER), CONFINED, None, False, Reason.SESSION),
    (session(OWNER), CONFINED, ROLE_ARN, False, Reason.SESSION),
    (session(OWNER), CONFINED, session(OWNER).arn, True, Reason.RESOURCE_ALLOW),
    (session(OWNER), CONFINED, session(OWNER, name="day").arn, False, Reason.SESSION),
    (session(OWNER), IdentityPolicies(), ROLE_ARN, True, Reason.RESOURCE_ALLOW),
]


@pytest.mark.parametrize(("caller", "policies", "named", "allowed", "why"), LIMITS)
def test_boundary_and_session_policies_limit_roles_and_not_what_is_given_to_the_caller_itself(
    caller: Principal, policies: IdentityPolicies, named: str | None, allowed: bool, why: Reason
) -> None:
    """Source: "Permissions boundaries for IAM entities", "Session policies"."""
    resource = ResourceAccess() if named is None else granting(named)
    assert reason(asked(caller, policies), resource) == (allowed, why)


def test_session_policies_are_a_union() -> None:
    policies = IdentityPolicies(identity=ANY.identity, session=(WRITES_ONLY, identity(statement(ALLOW))))
    assert evaluate(asked(session(OWNER), policies), ResourceAccess()).allowed


def test_an_empty_list_of_session_policies_allows_nothing() -> None:
    policies = IdentityPolicies(identity=ANY.identity, session=())
    assert reason(asked(session(OWNER), policies), ResourceAccess()) == (False, Reason.SESSION)


@pytest.mark.parametrize("caller", [user(OWNER), session(OWNER)])
@pytest.mark.parametrize("effect", [ALLOW, DENY])
def test_an_arn_means_the_identity_that_had_it_when_the_policy_was_put(caller: Principal, effect: str) -> None:
    """Source: "AWS JSON policy elements: Principal": a deleted principal's ARN becomes its unique id."""
    arn = caller.role_arn or caller.arn
    policy = bucket_policy(statement(effect, principal=arn))
    same = caller.unique_id.partition(":")[0]
    for ids, reached in (({}, True), ({arn: same}, True), ({arn: "AIDAANOTHER"}, False)):
        policies = IdentityPolicies() if effect == ALLOW else ANY
        decision = evaluate(asked(caller, policies), ResourceAccess(policy=bound(policy, ids)))
        assert decision.allowed is (reached is (effect == ALLOW))


# --- Two accounts. Source: "Cross-account policy evaluation logic".

ACROSS = [
    # caller, its policies, whom the bucket policy allows, whether the request is allowed, why
    (root(OTHER), IdentityPolicies(), None, False, Reason.CROSS_ACCOUNT_RESOURCE_MISSING),
    (root(OTHER), IdentityPolicies(), OTHER, True, Reason.RESOURCE_ALLOW),
    (root(OTHER), IdentityPolicies(), "*", True, Reason.RESOURCE_ALLOW),
    (root(OTHER), IdentityPolicies(), user(OTHER).arn, False, Reason.CROSS_ACCOUNT_RESOURCE_MISSING),
    (user(OTHER), ANY, None, False, Reason.CROSS_ACCOUNT_RESOURCE_MISSING),
    (user(OTHER), IdentityPolicies(), user(OTHER).arn, False, Reason.CROSS_ACCOUNT_IDENTITY_MISSING),
    (user(OTHER), IdentityPolicies(), "*", False, Reason.CROSS_ACCOUNT_IDENTITY_MISSING),
    (user(OTHER), ANY, user(OTHER).arn, True, Reason.RESOURCE_ALLOW),
    (user(OTHER), ANY, OTHER, True, Reason.RESOURCE_ALLOW),
    (user(OTHER), ANY, "*", True, Reason.RESOURCE_ALLOW),
    (user(OTHER), ANY, OWNER, False, Reason.CROSS_ACCOUNT_RESOURCE_MISSING),
    (user(OTHER), BOUNDED, user(OTHER).arn, False, Reason.BOUNDARY),
    (session(OTHER), ANY, session(OTHER).role_arn, True, Reason.RESOURCE_ALLOW),
    (session(OTHER), ANY, session(OTHER).arn, True, Reason.RESOURCE_ALLOW),
    (session(OTHER), CONFINED, session(OTHER).arn, False, Reason.SESSION),
    (session(OTHER, path="/service-role/"), ANY, f"arn:aws:iam::{OTHER}:role/service-role/reader", True, None),
    (session(OTHER, path="/service-role/"), ANY, f"arn:aws:iam::{OTHER}:role/reader", False, None),
    (ANONYMOUS, IdentityPolicies(), "*", True, Reason.RESOURCE_ALLOW),
    (ANONYMOUS, IdentityPolicies(), OWNER, False, Reason.IMPLICIT_DENY),
    (ANONYMOUS, IdentityPolicies(), None, False, Reason.IMPLICIT_DENY),
    (service_principal("s3.amazonaws.com"), IdentityPolicies(), None, False, Reason.IMPLICIT_DENY),
]


@pytest.mark.parametrize(("caller", "policies", "named", "allowed", "why"), ACROSS)
def test_across_accounts_both_sides_must_allow(
    caller: Principal, policies: IdentityPolicies, named: str | None, allowed: bool, why: Reason | None
) -> None:
    decision = evaluate(asked(caller, policies), ResourceAccess() if named is None else granting(named))
    assert decision.allowed is allowed
    assert why is None or decision.reason is why


def test_a_service_is_let_in_where_the_policy_names_it() -> None:
    resource = ResourceAccess(policy=bucket_policy(statement(ALLOW, Principal={"Service": "logging.s3.amazonaws.com"})))
    assert evaluate(asked(service_principal("logging.s3.amazonaws.com")), resource).allowed
    assert not evaluate(asked(service_principal("s3.amazonaws.com")), resource).allowed


def test_a_canonical_user_stands_for_its_account() -> None:
    named = {"CanonicalUser": canonical_user_id(OTHER)}
    resource = ResourceAccess(policy=bucket_policy(statement(ALLOW, Principal=named)))
    assert evaluate(asked(root(OTHER)), resource).allowed
    assert not evaluate(asked(user(OTHER)), resource).allowed
    assert evaluate(asked(user(OTHER), ANY), resource).allowed
    assert not evaluate(asked(ANONYMOUS), resource).allowed


# --- NotPrincipal, NotAction, NotResource.

SPARED = [
    (user(OWNER), [user(OWNER).arn, OWNER], True),
    (user(OWNER), [user(OWNER).arn], False),  # AWS: the account must be listed as well.
    (user(OWNER), [OWNER], False),
    (user(OWNER, "ben"), [user(OWNER).arn, OWNER], False),
    (root(OWNER), [OWNER], True),
    (session(OWNER), [session(OWNER).arn, ROLE_ARN, OWNER], True),
    (session(OWNER), [ROLE_ARN, OWNER], False),
    (ANONYMOUS, [OWNER], False),
]


@pytest.mark.parametrize(("caller", "listed", "spared"), SPARED)
def test_a_deny_with_not_principal_spares_only_who_is_listed_with_account_and_role(
    caller: Principal, listed: list[str], spared: bool
) -> None:
    resource = ResourceAccess(
        policy=bucket_policy(
            statement(ALLOW, principal="*"),
            statement(DENY, NotPrincipal={"AWS": listed}),
        )
    )
    assert evaluate(asked(caller, ANY), resource).allowed is spared


def test_a_deny_with_not_principal_always_reaches_an_identity_with_a_boundary() -> None:
    ana = user(OWNER)
    resource = ResourceAccess(
        policy=bucket_policy(statement(ALLOW, principal="*"), statement(DENY, NotPrincipal={"AWS": [ana.arn, OWNER]}))
    )
    bounded = IdentityPolicies(identity=ANY.identity, boundary=identity(statement(ALLOW, "*")))
    assert not evaluate(asked(ana, bounded), resource).allowed


def test_not_action_and_not_resource_are_the_complement() -> None:
    document = {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "NotAction": "s3:Delete*", "NotResource": "arn:aws:s3:::shelf/secret/*"},
    }
    policies = IdentityPolicies(identity=(compile_policy(document, PolicyKind.IDENTITY, source="p"),))
    may = [
        evaluate(asked(user(OWNER), policies, action=action, resource=resource), ResourceAccess()).allowed
        for action, resource in (
            ("s3:GetObject", OBJECT),
            ("s3:DeleteObject", OBJECT),
            ("s3:GetObject", "arn:aws:s3:::shelf/secret/x"),
            ("iam:CreateUser", "arn:aws:iam::111111111111:user/x"),
        )
    ]
    assert may == [True, False, False, True]


def test_actions_ignore_case_and_take_wildcards() -> None:
    policies = IdentityPolicies(identity=(identity(statement(ALLOW, ["S3:getobject", "s3:Put?bject", "s3:List*"])),))
    allowed = [
        evaluate(asked(user(OWNER), policies, action=action)).allowed
        for action in ("s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:PutObjectAcl", "s3:GetObjectAcl")
    ]
    assert allowed == [True, True, True, False, False]


# --- ACLs and ownership.

READ_BY_ALL = Grant(ALL_USERS, Permission.READ)
READ_BY_AUTHENTICATED = Grant(AUTHENTICATED_USERS, Permission.READ)
READ_BY_OTHER = Grant(canonical_user_id(OTHER), Permission.READ)
FULL_FOR_OTHER = Grant(canonical_user_id(OTHER), Permission.FULL_CONTROL)
GRANTS = [
    (ANONYMOUS, IdentityPolicies(), READ_BY_ALL, True),
    (ANONYMOUS, IdentityPolicies(), READ_BY_AUTHENTICATED, False),
    (ANONYMOUS, IdentityPolicies(), READ_BY_OTHER, False),
    (root(OTHER), IdentityPolicies(), READ_BY_ALL, True),
    (root(OTHER), IdentityPolicies(), READ_BY_AUTHENTICATED, True),
    (root(OTHER), IdentityPolicies(), READ_BY_OTHER, True),
    (root(OTHER), IdentityPolicies(), FULL_FOR_OTHER, True),
    (root(OTHER), IdentityPolicies(), Grant(canonical_user_id(OTHER), Permission.READ_ACP), False),
    (user(OTHER), IdentityPolicies(), READ_BY_OTHER, False),
    (user(OTHER), ANY, READ_BY_OTHER, True),
    (user(OWNER), IdentityPolicies(), Grant(canonical_user_id(OWNER), Permission.FULL_CONTROL), False),
]


@pytest.mark.parametrize(("caller", "policies", "grant", "allowed"), GRANTS)
def test_grants_count_unless_the_owner_is_enforced(
    caller: Principal, policies: IdentityPolicies, grant: Grant, allowed: bool
) -> None:
    resource = ResourceAccess(ownership=ObjectOwnership.OBJECT_WRITER, object_grants=(grant,))
    assert evaluate(asked(caller, policies), resource).allowed is allowed
    assert not evaluate(asked(caller, policies), replace(resource, ownership=ResourceAccess().ownership)).allowed
    assert not evaluate(asked(caller, policies, action="s3:GetObjectTagging"), resource).allowed
    assert not evaluate(asked(caller, policies, action="s3:ListBucket"), resource).allowed


@pytest.mark.parametrize("caller", [ANONYMOUS, root(OTHER)])
def test_ignore_public_acls_ignores_grants_to_public_groups_only(caller: Principal) -> None:
    resource = ResourceAccess(
        ownership=ObjectOwnership.OBJECT_WRITER,
        object_grants=(READ_BY_ALL, READ_BY_AUTHENTICATED),
        block=PublicAccessBlock(ignore_public_acls=True),
    )
    assert not evaluate(asked(caller), resource).allowed
    given = replace(resource, object_grants=(READ_BY_ALL, READ_BY_OTHER))
    assert evaluate(asked(caller), given).allowed is not caller.anonymous


def test_a_bucket_policy_does_not_reach_an_object_of_another_account_but_its_denials_do() -> None:
    """Source: "How Amazon S3 authorizes a request for an object operation"."""
    theirs = ResourceAccess(
        policy=bucket_policy(statement(ALLOW, principal="*")),
        ownership=ObjectOwnership.OBJECT_WRITER,
        object_grants=(FULL_FOR_OTHER,),
        object_owner=OTHER,
    )
    assert not evaluate(asked(root(OWNER)), theirs).allowed
    assert not evaluate(asked(ANONYMOUS), theirs).allowed
    assert evaluate(asked(root(OTHER)), theirs).allowed
    assert evaluate(asked(root(OWNER), action="s3:DeleteObject"), theirs).allowed
    forbidden = replace(theirs, policy=bucket_policy(statement(DENY, principal="*")))
    assert reason(asked(root(OTHER)), forbidden) == (False, Reason.EXPLICIT_DENY)


@pytest.mark.parametrize("action", ["s3:PutObject", "s3:DeleteObject"])
def test_write_lets_a_grantee_overwrite_and_delete_only_what_is_its_own(action: str) -> None:
    grants = (Grant(canonical_user_id(OTHER), Permission.WRITE),)
    resource = ResourceAccess(ownership=ObjectOwnership.OBJECT_WRITER, bucket_grants=grants)
    stranger = root(OTHER)
    assert not evaluate(asked(stranger, action=action), resource).allowed
    assert evaluate(asked(stranger, action=action), replace(resource, object_owner=OTHER)).allowed
    assert evaluate(asked(root(OWNER), action=action), replace(resource, object_owner=OTHER)).allowed


# --- RestrictPublicBuckets.


def test_a_public_policy_lets_nobody_of_other_accounts_in_while_public_buckets_are_restricted() -> None:
    resource = ResourceAccess(
        policy=bucket_policy(statement(ALLOW, principal="*"), statement(ALLOW, principal=OTHER)),
        policy_public=True,
        block=PublicAccessBlock(restrict_public_buckets=True),
    )
    assert reason(asked(ANONYMOUS), resource) == (False, Reason.PUBLIC_ACCESS_BLOCKED)
    assert reason(asked(root(OTHER)), resource) == (False, Reason.PUBLIC_ACCESS_BLOCKED)
    assert evaluate(asked(user(OWNER)), resource).allowed
    assert evaluate(asked(root(OTHER)), replace(resource, policy_public=False)).allowed


# --- Roles.


def assume(
    caller: Principal, policies: IdentityPolicies = NO_POLICIES, context: dict[str, list[str]] | None = None
) -> AccessRequest:
    return asked(caller, policies, action="sts:AssumeRole", resource=ROLE_ARN, context=context)


MAY_ASSUME = IdentityPolicies(identity=(identity(statement(ALLOW, "sts:AssumeRole")),))


def test_a_service_assumes_a_role_that_trusts_it() -> None:
    trusting = trust(statement(ALLOW, "sts:AssumeRole", Principal={"Service": "s3.amazonaws.com"}))
    assert evaluate_trust(assume(service_principal("s3.amazonaws.com")), trusting).allowed
    assert not evaluate_trust(assume(service_principal("batchoperations.s3.amazonaws.com")), trusting).allowed
    assert not evaluate_trust(assume(user(OWNER), MAY_ASSUME), trusting).allowed


def test_permission_alone_assumes_no_role() -> None:
    trusting = trust(statement(ALLOW, "sts:AssumeRole", principal=OTHER))
    assert not evaluate_trust(assume(user(OWNER), MAY_ASSUME), trusting).allowed


TRUSTED = [
    (user(OWNER), IdentityPolicies(), user(OWNER).arn, True),
    (user(OWNER), IdentityPolicies(), OWNER, False),
    (user(OWNER), MAY_ASSUME, OWNER, True),
    (user(OTHER), IdentityPolicies(), user(OTHER).arn, False),
    (user(OTHER), MAY_ASSUME, user(OTHER).arn, True),
    (user(OTHER), MAY_ASSUME, OTHER, True),
    (root(OTHER), IdentityPolicies(), OTHER, True),
    (ANONYMOUS, IdentityPolicies(), OTHER, False),
]


@pytest.mark.parametrize(("caller", "policies", "named", "allowed"), TRUSTED)
def test_a_role_is_assumed_by_whom_it_trusts(
    caller: Principal, policies: IdentityPolicies, named: str, allowed: bool
) -> None:
    trusting = trust(statement(ALLOW, "sts:AssumeRole", principal=named))
    assert evaluate_trust(assume(caller, policies), trusting).allowed is allowed


def test_an_external_id_that_is_asked_for_must_be_given() -> None:
    trusting = trust(
        statement(ALLOW, "sts:AssumeRole", principal=OTHER, Condition={"StringEquals": {"sts:ExternalId": "crane"}})
    )
    given = [{"sts:externalid": ["crane"]}, {"sts:externalid": ["heron"]}, {}]
    assert [evaluate_trust(assume(user(OTHER), MAY_ASSUME, each), trusting).allowed for each in given] == [
        True,
        False,
        False,
    ]


# --- What a decision says.


def test_a_decision_names_the_deciding_statement() -> None:
    resource = ResourceAccess(policy=bucket_policy(statement(DENY, principal="*", Sid="NotToday")))
    decision = evaluate(asked(root(OWNER)), resource)
    assert decision.statement is not None
    assert decision.statement.sid == "NotToday"
    assert decision.sentence("s3:GetObject") == "s3:GetObject is denied by NotToday of bucket policy."


BECAUSE = [
    (
        Decision(allowed=False, reason=Reason.EXPLICIT_DENY, policy_type=PolicyType.RESOURCE),
        "with an explicit deny in a resource-based policy",
    ),
    (
        Decision(allowed=False, reason=Reason.EXPLICIT_DENY, policy_type=PolicyType.IDENTITY),
        "with an explicit deny in an identity-based policy",
    ),
    (
        Decision(allowed=False, reason=Reason.IMPLICIT_DENY),
        "because no identity-based policy allows the s3:GetObject action",
    ),
    (
        Decision(allowed=False, reason=Reason.BOUNDARY),
        "because no permissions boundary allows the s3:GetObject action",
    ),
    (Decision(allowed=False, reason=Reason.SESSION), "because no session policy allows the s3:GetObject action"),
]


@pytest.mark.parametrize(("decision", "text"), BECAUSE)
def test_a_refusal_is_worded_as_aws_words_it(decision: Decision, text: str) -> None:
    """Source: S3 User Guide, "Troubleshoot access denied (403 Forbidden) errors"."""
    assert decision.because("s3:GetObject") == text


# --- The budget: 10 µs for an owner without policies, 30 µs with a policy of 20 statements. Ten times that is allowed
# here, since a busy machine is slow; the order of magnitude is what is guarded.


def test_a_decision_costs_microseconds() -> None:
    owner, ana = asked(root(OWNER)), asked(user(OTHER), ANY, context={"aws:sourceip": ("10.1.2.3",)})
    condition = {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}
    denials = [
        statement(DENY, "s3:*", principal="*", Resource="arn:aws:s3:::shelf/*", Condition=condition) for _ in range(19)
    ]
    resource = ResourceAccess(policy=bucket_policy(*denials, statement(ALLOW, principal=user(OTHER).arn)))
    assert evaluate(ana, resource).allowed
    assert _seconds(lambda: evaluate(owner, ResourceAccess())) < 100e-6
    assert _seconds(lambda: evaluate(ana, resource)) < 300e-6


def _seconds(call: object) -> float:
    return min(timeit.repeat(call, number=200, repeat=5)) / 200  # type: ignore[arg-type]
