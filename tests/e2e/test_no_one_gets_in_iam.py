"""Every operation of IAM and STS that is served, tried by everyone who may not: none gets in, and nothing changes.

As test_no_one_gets_in: the list is the server's own tables, and each request is made from AWS's model.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.model import OperationModel
from tests.support.people import Person, allow, deny, owner, policy, stranger, user
from tests.support.server import Server

from farshore.api.identity_operations import IAM, STS

OPERATIONS = [*(("iam", name) for name in sorted(IAM)), *(("sts", name) for name in sorted(STS))]
ANYONE_S = {("sts", "GetCallerIdentity"), ("sts", "GetSessionToken")}
"""What every caller may, whatever policies say: it says, or limits, who they are. Source: STS API Reference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Victim:
    """A user, a group, a role and a managed policy of an account, and what a thief would put in their place."""

    user: str
    group: str
    role: str
    role_arn: str
    policy: str
    policy_arn: str
    key: str
    attached: str

    def arguments(self, model: OperationModel) -> dict[str, Any]:
        """A request of the operation that names the victim, from AWS's model."""
        everything = policy(allow("*"))
        trusting = policy({"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"})
        is_new = model.name.startswith("Create")
        names: dict[str, Any] = {
            "AccessKeyId": self.key,
            "ActionNames": ["s3:GetObject"],
            "AssumeRolePolicyDocument": trusting,
            "Description": "stolen",
            "GroupName": self.group,
            "PermissionsBoundary": self.policy_arn,
            "PolicyArn": self.policy_arn,
            "PolicyDocument": everything,
            "PolicyInputList": [everything],
            "PolicyName": self.policy if is_new else "kept",
            "PolicySourceArn": self.role_arn,
            "RoleArn": self.role_arn,
            "RoleName": self.role,
            "RoleSessionName": "thief",
            "Status": "Inactive",
            "TagKeys": ["a"],
            "Tags": [{"Key": "a", "Value": "stolen"}],
            "UserName": self.user,
            "VersionId": "v1",
        }
        shape = model.input_shape
        required = [] if shape is None else list(shape.required_members)
        unknown = [name for name in required if name not in names]
        assert unknown == [], f"{model.name} needs {unknown}: say here what they hold"
        if shape is not None and "UserName" in shape.members:
            required.append("UserName")  # Else it would be about the caller.
        given = {name: names[name] for name in required}
        return given | ({"PolicyDocument": trusting} if model.name == "UpdateAssumeRolePolicy" else {})


@pytest.fixture(scope="module")
def root(server: Server) -> Person:
    return owner(server)


@pytest.fixture(scope="module")
def victim(root: Person) -> Victim:
    return make_victim(root)


def make_victim(root: Person) -> Victim:
    iam, tag = root.client("iam"), secrets.token_hex(4)
    document, trust = (
        policy(allow("s3:GetObject")),
        policy({"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sts:AssumeRole"}),
    )
    names = {kind: f"victim-{kind}-{tag}" for kind in ("user", "group", "role", "policy")}
    tags = [{"Key": "a", "Value": "kept"}]
    iam.create_user(UserName=names["user"], Tags=tags)
    iam.create_group(GroupName=names["group"])
    role = iam.create_role(RoleName=names["role"], AssumeRolePolicyDocument=trust, Tags=tags)["Role"]
    made = iam.create_policy(PolicyName=names["policy"], PolicyDocument=document, Tags=tags)["Policy"]
    attached = iam.create_policy(PolicyName=f"attached-{tag}", PolicyDocument=document)["Policy"]["Arn"]
    for kind in ("user", "group", "role"):
        named = {f"{kind.capitalize()}Name": names[kind]}
        getattr(iam, f"put_{kind}_policy")(**named, PolicyName="kept", PolicyDocument=document)
        getattr(iam, f"attach_{kind}_policy")(**named, PolicyArn=attached)
    iam.add_user_to_group(UserName=names["user"], GroupName=names["group"])
    key = iam.create_access_key(UserName=names["user"])["AccessKey"]["AccessKeyId"]
    return Victim(**names, role_arn=role["Arn"], policy_arn=made["Arn"], key=key, attached=attached)


def state(root: Person, victim: Victim) -> str:
    """All of the account that names the victim."""
    details = root.client("iam").get_account_authorization_details()
    kept = {
        kind: [entry for entry in details[kind] if "victim" in json.dumps(entry, default=str)]
        for kind in ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")
    }
    keys = root.client("iam").list_access_keys(UserName=victim.user)["AccessKeyMetadata"]
    return json.dumps([kept, keys], default=str, sort_keys=True)


def outcome(clients: dict[str, Any], service: str, operation: str, victim: Victim) -> tuple[str, str]:
    """(the error's code or `succeeded`, the answer)."""
    client = clients[service]
    model = client.meta.service_model.operation_model(operation)
    method = next(name for name, api in client.meta.method_to_api_mapping.items() if api == operation)
    try:
        answer = getattr(client, method)(**victim.arguments(model))
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["Error"]["Message"]
    return "succeeded", json.dumps(answer, default=str)


def clients_of(person: Person) -> dict[str, Any]:
    return {service: person.client(service) for service in ("iam", "sts")}


@pytest.mark.parametrize("who", ["a user without policies", "a user with an explicit deny"])
def test_no_user_gets_in(root: Person, victim: Victim, who: str) -> None:
    statements = [] if who == "a user without policies" else [allow("*"), deny("*")]
    clients = clients_of(user(root, "thief", statements))
    before = state(root, victim)
    outcomes = {asked: outcome(clients, *asked, victim)[0] for asked in OPERATIONS}
    expected = {asked: "succeeded" if asked in ANYONE_S else "AccessDenied" for asked in OPERATIONS}
    assert outcomes == expected
    assert state(root, victim) == before


def test_no_anonymous_caller_gets_in(server: Server, root: Person, victim: Victim) -> None:
    config = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1})
    clients = {
        service: boto3.client(service, region_name="us-east-1", endpoint_url=server.endpoint, config=config)
        for service in ("iam", "sts")
    }
    before = state(root, victim)
    outcomes = {asked: outcome(clients, *asked, victim)[0] for asked in OPERATIONS}
    assert set(outcomes.values()) == {"MissingAuthenticationToken"}
    assert state(root, victim) == before


def test_no_stranger_reaches_another_account(server: Server, root: Person, victim: Victim) -> None:
    """It may do much in an account of its own; nothing of the victim's is changed, and nothing is told."""
    clients = clients_of(stranger(server))
    before = state(root, victim)
    secret = [root.account_id, victim.key, victim.attached]
    told = {}
    for asked in OPERATIONS:
        code, answer = outcome(clients, *asked, victim)
        if code == "succeeded" and any(text in answer for text in secret):
            told[asked] = answer
    assert told == {}
    assert outcome(clients, "sts", "AssumeRole", victim)[0] == "AccessDenied"
    assert state(root, victim) == before


def test_the_same_requests_are_not_refused_to_who_may(root: Person) -> None:
    """Else the tests above would pass with requests that nobody could make."""
    clients, willing = clients_of(user(root, "may", [allow("*")])), make_victim(root)
    refused: dict[tuple[str, str], tuple[str, str]] = {}
    for asked in sorted(OPERATIONS, key=lambda asked: asked[1].startswith(("Delete", "Detach", "Remove"))):
        found = outcome(clients, *asked, willing)
        if found[0] in ("AccessDenied", "ValidationError", "InvalidInput", "MalformedPolicyDocument"):
            refused[asked] = found
    # AssumeRole too: by then UpdateAssumeRolePolicy has made the role trust everyone.
    assert refused == {}
