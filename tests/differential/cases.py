"""Requests and policies made at random, as plain JSON that both evaluators read.

Left out is what the two are known to read differently, each with AWS's word for our reading:
- a Deny with NotPrincipal that lists only some of the caller's identities, or meets a permissions boundary ("AWS JSON
  policy elements: NotPrincipal" asks for account, role and session; "Permissions boundaries" denies always);
- session policies beside a bucket policy that names the session itself, or everyone, in its own account ("Session
  policies": what is given to the session's ARN is not limited by them);
- a NotResource with a variable that has no value ("Policy variables with no value": it matches no resource);
- an inverted operator and a variable that has no value (the same page: it matches);
- `ForAnyValue:…IfExists` of a key that is missing ("…IfExists condition operators": then the condition is true).
"""

from __future__ import annotations

from typing import Any, cast

from hypothesis import strategies as st

from farshore.auth.evaluate import AccessRequest, IdentityPolicies, ResourceAccess, evaluate
from farshore.auth.policy import Policy, PolicyKind, compile_policy
from farshore.model.access import ANONYMOUS, Principal, PrincipalKind, service_principal

Case = dict[str, Any]
"""principal, action, resource, context, identity, boundary, session, bucket (policies, None where there is none)."""

OWN, FOREIGN = "111111111111", "222222222222"
_ACCOUNTS = (OWN, FOREIGN)
_SERVICE = "logging.s3.amazonaws.com"
_PRINCIPALS = (
    *(f"arn:aws:iam::{account}:user/{name}" for account in _ACCOUNTS for name in ("ana", "team/ben")),
    *(f"arn:aws:sts::{account}:assumed-role/reader/night" for account in _ACCOUNTS),
    *(f"arn:aws:iam::{account}:root" for account in _ACCOUNTS),
    "anonymous",
    _SERVICE,
)
_REQUESTS = (
    ("s3:GetObject", "arn:aws:s3:::shelf/ana/may.csv"),
    ("s3:GetObject", "arn:aws:s3:::shelf/logs/a:b"),
    ("s3:GetObjectVersion", "arn:aws:s3:::shelf/ana/may.csv"),
    ("s3:PutObject", "arn:aws:s3:::shelf/team/x"),
    ("s3:DeleteObject", "arn:aws:s3:::shelf/logs/a:b"),
    ("s3:ListBucket", "arn:aws:s3:::shelf"),
)
_ACTIONS = ("s3:*", "*", "s3:Get*", "s3:GetObject", "s3:PutObject", "s3:?etObject*", "S3:listbucket", "s3:*Object")
_RESOURCES = (
    "*",
    "arn:aws:s3:::*",
    "arn:aws:s3:::shelf",
    "arn:aws:s3:::shelf/*",
    "arn:aws:s3:::shelf/${aws:username}/*",
    "arn:aws:s3:::shelf/logs/?:?",
    "arn:aws:s3:::sh??f*",
    "arn:aws:s3:::other/*",
)
_FIXED = tuple(resource for resource in _RESOURCES if "${" not in resource)
_NAMED: tuple[Any, ...] = (
    "*",
    {"AWS": "*"},
    *({"AWS": account} for account in _ACCOUNTS),
    *({"AWS": f"arn:aws:iam::{account}:root"} for account in _ACCOUNTS),
    *({"AWS": [f"arn:aws:iam::{account}:user/ana"]} for account in _ACCOUNTS),
    *({"AWS": f"arn:aws:iam::{account}:role/reader"} for account in _ACCOUNTS),
    *({"AWS": f"arn:aws:sts::{account}:assumed-role/reader/night"} for account in _ACCOUNTS),
    {"Service": _SERVICE},
)
_CONTEXT: dict[str, tuple[str | list[str], ...]] = {
    "aws:SourceIp": ("10.1.2.3", "192.0.2.7", "2001:db8::7"),
    "aws:SecureTransport": ("true", "false"),
    "aws:CurrentTime": ("2026-05-01T10:00:00Z", "2031-01-01T00:00:00Z"),
    "aws:username": ("ana", "team"),
    "aws:PrincipalTag/team": ("crane", "heron", "*"),
    "aws:PrincipalOrgPaths": (["o-1/r-1/a/"], ["o-1/r-1/a/", "o-1/r-1/b/"]),
    "aws:PrincipalArn": ("arn:aws:iam::111111111111:role/reader", "arn:aws:iam::222222222222:user/ana"),
    "aws:MultiFactorAuthAge": ("10", "4000"),
}
_SEVERAL = ("aws:PrincipalOrgPaths",)
"""Keys with several values."""
_TEXTS = ("StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase")
_CONDITIONS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    # key, operators, values
    ("aws:SourceIp", ("IpAddress", "NotIpAddress"), ("10.0.0.0/8", "192.0.2.7", "2001:db8::/32")),
    ("aws:SecureTransport", ("Bool",), ("true", "false")),
    ("aws:CurrentTime", ("DateLessThan", "DateGreaterThanEquals"), ("2030-01-01T00:00:00Z",)),
    ("aws:username", _TEXTS, ("ana", "A*", "t?am", "Team")),
    ("aws:PrincipalTag/team", _TEXTS, ("crane", "h*", "${aws:username}", "${*}", "${aws:username, 'heron'}")),
    ("aws:PrincipalOrgPaths", _TEXTS, ("o-1/r-1/a/", "o-1/*", "o-2/*")),
    (
        "aws:PrincipalArn",
        ("ArnLike", "ArnNotLike", "ArnEquals", "StringLike"),
        ("arn:aws:iam::*:role/*", "arn:aws:iam::222222222222:*", "arn:aws:iam::111111111111:role/reader"),
    ),
    (
        "aws:MultiFactorAuthAge",
        ("NumericLessThan", "NumericGreaterThanEquals", "NumericEquals", "NumericNotEquals"),
        ("3600", "10", "10.0"),
    ),
)


def _one_or_more(choices: tuple[str, ...]) -> st.SearchStrategy[Any]:
    return st.one_of(st.sampled_from(choices), st.lists(st.sampled_from(choices), min_size=1, max_size=3, unique=True))


@st.composite
def _conditions(draw: st.DrawFn) -> dict[str, Any]:
    block: dict[str, Any] = {}
    for _ in range(draw(st.integers(0, 2))):
        key, operators, values = draw(st.sampled_from(_CONDITIONS))
        if draw(st.integers(0, 9)) == 0:
            operator, wanted = "Null", draw(st.sampled_from(("true", "false")))
        else:
            operator = draw(st.sampled_from(operators))
            inverted = "Not" in operator
            wanted = draw(_one_or_more(tuple(v for v in values if not (inverted and v == "${aws:username}"))))
            qualifier = draw(st.sampled_from(("ForAllValues:", "ForAnyValue:"))) if key in _SEVERAL else ""
            if draw(st.integers(0, 3)) == 0 and qualifier != "ForAnyValue:":
                operator += "IfExists"
            operator = qualifier + operator
        block.setdefault(operator, {})[key] = wanted
    return block


@st.composite
def _statement(draw: st.DrawFn, *, resource: bool) -> dict[str, Any]:
    written: dict[str, Any] = {"Effect": draw(st.sampled_from(("Allow", "Allow", "Allow", "Deny")))}
    written[draw(st.sampled_from(("Action", "Action", "Action", "NotAction")))] = draw(_one_or_more(_ACTIONS))
    spared = draw(st.integers(0, 3)) == 0
    written["NotResource" if spared else "Resource"] = draw(_one_or_more(_FIXED if spared else _RESOURCES))
    if resource:
        element = "NotPrincipal" if draw(st.integers(0, 7)) == 0 else "Principal"
        written[element] = draw(st.sampled_from(_NAMED))
    condition = draw(_conditions())
    if condition:
        written["Condition"] = condition
    return written


def _document(*, resource: bool) -> st.SearchStrategy[dict[str, Any]]:
    return st.lists(_statement(resource=resource), min_size=1, max_size=3).map(
        lambda statements: {"Version": "2012-10-17", "Statement": statements}
    )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    principal = draw(st.sampled_from(_PRINCIPALS))
    action, resource = draw(st.sampled_from(_REQUESTS))
    is_identity = ":user/" in principal or ":assumed-role/" in principal
    keys = draw(st.lists(st.sampled_from(sorted(_CONTEXT)), unique=True, max_size=6))
    documents = st.lists(_document(resource=False), max_size=2)
    session = draw(st.none() | _document(resource=False)) if ":assumed-role/" in principal else None
    return {
        "principal": principal,
        "action": action,
        "resource": resource,
        "context": {key: draw(st.sampled_from(_CONTEXT[key])) for key in keys},
        "identity": draw(documents) if is_identity else [],
        "boundary": draw(st.none() | _document(resource=False)) if is_identity else None,
        "session": session,
        "bucket": draw(st.none() | _document(resource=True)),
    }


def comparable(case: Case) -> bool:
    """Whether both evaluators can be expected to say the same (see the module's first words)."""
    statements: list[dict[str, Any]] = [] if case["bucket"] is None else case["bucket"]["Statement"]
    for statement in statements:
        if "NotPrincipal" in statement and statement["Effect"] == "Deny":
            return False
    if case["session"] is None or f"::{OWN}:" not in case["principal"]:
        return True
    itself = ("*", {"AWS": "*"}, {"AWS": case["principal"]})
    return not any(each["Effect"] == "Allow" and each.get("Principal", "*") in itself for each in statements)


def simulation(case: Case) -> dict[str, Any]:
    """The case as the independent evaluator reads it. It knows no root: one is a caller who may do everything."""
    principal = case["principal"]
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    identity = [everything] if principal.endswith(":root") else case["identity"]
    written: dict[str, Any] = {
        "request": {
            "principal": {"type": "Anonymous"} if principal == "anonymous" else principal,
            "action": case["action"],
            "resource": {"resource": case["resource"], "accountId": OWN},
            "contextVariables": case["context"],
        },
        "identityPolicies": [{"name": str(place), "policy": policy} for place, policy in enumerate(identity)],
        "serviceControlPolicies": [],
        "resourceControlPolicies": [],
    }
    if case["session"] is not None:
        written["sessionPolicy"] = case["session"]
    if case["boundary"] is not None:
        written["permissionBoundaryPolicies"] = [{"name": "boundary", "policy": case["boundary"]}]
    if case["bucket"] is not None:
        written["resourcePolicy"] = case["bucket"]
    return written


def decide(case: Case) -> str:
    """Our decision, in the independent evaluator's words."""
    boundary, session, bucket = case["boundary"], case["session"], case["bucket"]
    context = {
        key.lower(): cast("list[str]", value) if isinstance(value, list) else [value]
        for key, value in case["context"].items()
    }
    request = AccessRequest(
        principal=_principal(case["principal"]),
        policies=IdentityPolicies(
            identity=tuple(_policy(each) for each in case["identity"]),
            boundary=None if boundary is None else _policy(boundary),
            session=None if session is None else (_policy(session),),
        ),
        action=case["action"],
        resource=case["resource"],
        resource_account=OWN,
        context=context,
    )
    policy = None if bucket is None else compile_policy(bucket, PolicyKind.RESOURCE, source="bucket policy")
    decision = evaluate(request, ResourceAccess(policy=policy))
    if decision.allowed:
        return "Allowed"
    return "ExplicitlyDenied" if decision.statement is not None else "ImplicitlyDenied"


def _policy(document: dict[str, Any]) -> Policy:
    return compile_policy(document, PolicyKind.IDENTITY, source="policy")


def _principal(arn: str) -> Principal:
    if arn == "anonymous":
        return ANONYMOUS
    if not arn.startswith("arn:"):
        return service_principal(arn)
    account = arn.split(":")[4]
    if ":user/" in arn:
        return Principal(account_id=account, arn=arn, access_key_id="", kind=PrincipalKind.USER)
    if arn.endswith(":root"):
        return Principal(account_id=account, arn=arn, access_key_id="")
    return Principal(
        account_id=account,
        arn=arn,
        access_key_id="",
        kind=PrincipalKind.ASSUMED_ROLE,
        role_arn=f"arn:aws:iam::{account}:role/{arn.split('/')[1]}",
    )
