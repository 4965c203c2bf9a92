"""IAM, STS and session tokens over HTTP, with unmodified clients."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.support.iam import policy, trust
from tests.support.server import Server

from farshore.metadata.sqlite_directory import SqliteDirectory
from farshore.model.identity import Session
from farshore.service.sessions import seal_session
from farshore.wire.query_protocol import load


def client(server: Server, service: str, key: dict[str, Any], region: str = "us-east-1", **config: Any) -> Any:
    """A client with an access key, or with temporary credentials, as IAM and STS answer them."""
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=server.endpoint,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
        aws_session_token=key.get("SessionToken"),
        config=Config(retries={"total_max_attempts": 1}, **config),
    )


def code_of(call: Callable[..., Any], **params: Any) -> tuple[int, str]:
    with pytest.raises(ClientError) as refused:
        call(**params)
    response = refused.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


def fetch(
    url: str, method: str = "GET", body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, str]:
    """(status, body) of a request without a client of AWS."""
    place = urlsplit(url)
    with contextlib.closing(http.client.HTTPConnection(place.netloc, timeout=30)) as connection:
        connection.request(method, url.removeprefix(f"http://{place.netloc}") or "/", body, headers or {})
        response = connection.getresponse()
        return response.status, response.read().decode()


class Account:
    """A user with a key, a role that it may assume, and a bucket with an object, under names of their own."""

    def __init__(self, server: Server, *, role_policy: str | None = None) -> None:
        self.server = server
        self.root_iam, self.root_s3 = server.client("iam"), server.client()
        tag = uuid.uuid4().hex[:8]
        self.bucket, self.user, self.role = f"bucket-{tag}", f"user-{tag}", f"role-{tag}"
        self.root_s3.create_bucket(Bucket=self.bucket)
        self.root_s3.put_object(Bucket=self.bucket, Key="key", Body=b"body")
        user_arn = self.root_iam.create_user(UserName=self.user)["User"]["Arn"]
        self.key = self.root_iam.create_access_key(UserName=self.user)["AccessKey"]
        made = self.root_iam.create_role(RoleName=self.role, AssumeRolePolicyDocument=trust({"AWS": user_arn}))
        self.role_arn = made["Role"]["Arn"]
        document = role_policy or policy("s3:*", [f"arn:aws:s3:::{self.bucket}", f"arn:aws:s3:::{self.bucket}/*"])
        self.root_iam.put_role_policy(RoleName=self.role, PolicyName="own", PolicyDocument=document)

    def assume(self, **more: Any) -> dict[str, Any]:
        sts = client(self.server, "sts", self.key)
        return sts.assume_role(RoleArn=self.role_arn, RoleSessionName="night", **more)["Credentials"]


def test_a_users_rights_are_its_policies_from_the_next_request_on(server_factory: Callable[..., Server]) -> None:
    """Through several processes: what one of them changed holds in all."""
    server = server_factory(workers=2)
    account = Account(server)
    for number in range(4):
        s3 = client(server, "s3", account.key)
        assert code_of(s3.get_object, Bucket=account.bucket, Key="key") == (403, "AccessDenied")
        account.root_iam.put_user_policy(
            UserName=account.user,
            PolicyName="read",
            PolicyDocument=policy("s3:GetObject", f"arn:aws:s3:::{account.bucket}/*"),
        )
        for _ in range(4):
            fresh = client(server, "s3", account.key)
            assert fresh.get_object(Bucket=account.bucket, Key="key")["Body"].read() == b"body"
        assert code_of(s3.put_object, Bucket=account.bucket, Key=f"k{number}", Body=b"") == (403, "AccessDenied")
        account.root_iam.delete_user_policy(UserName=account.user, PolicyName="read")
    account.root_iam.update_access_key(UserName=account.user, AccessKeyId=account.key["AccessKeyId"], Status="Inactive")
    assert code_of(client(server, "s3", account.key).list_buckets) == (403, "InvalidAccessKeyId")
    assert code_of(client(server, "sts", account.key).get_caller_identity) == (403, "InvalidClientTokenId")


def test_a_session_is_checked_in_header_and_presigned_url(server: Server) -> None:
    account = Account(server)
    credentials = account.assume()
    s3 = client(server, "s3", credentials)
    assert s3.get_object(Bucket=account.bucket, Key="key")["Body"].read() == b"body"
    s3.put_object(Bucket=account.bucket, Key="new", Body=b"x" * 100_000)
    token = credentials["SessionToken"]
    tampered = {**credentials, "SessionToken": ("B" if token[0] == "A" else "A") + token[1:]}
    assert code_of(client(server, "s3", tampered).list_objects_v2, Bucket=account.bucket) == (400, "InvalidToken")
    assert code_of(client(server, "sts", tampered).get_caller_identity) == (403, "InvalidClientTokenId")
    without = {name: value for name, value in credentials.items() if name != "SessionToken"}
    assert code_of(client(server, "s3", without).list_objects_v2, Bucket=account.bucket) == (403, "InvalidAccessKeyId")
    foreign = {**account.key, "SessionToken": credentials["SessionToken"]}
    assert code_of(client(server, "s3", foreign).list_objects_v2, Bucket=account.bucket) == (400, "InvalidToken")
    wrong = {**credentials, "SecretAccessKey": "wrong"}
    assert code_of(client(server, "s3", wrong).list_objects_v2, Bucket=account.bucket) == (403, "SignatureDoesNotMatch")
    for version in ("s3v4", "s3"):
        signer = client(server, "s3", credentials, signature_version=version, s3={"addressing_style": "path"})
        url = signer.generate_presigned_url("get_object", Params={"Bucket": account.bucket, "Key": "key"}, ExpiresIn=60)
        assert "security-token" in url.lower()
        assert fetch(url) == (200, "body")
        broken = url.replace("ecurity-token=", "ecurity-token=A").replace("ecurity-Token=", "ecurity-Token=A")
        status, answer = fetch(broken)
        assert (status, "<Code>InvalidToken</Code>" in answer) == (400, True)


def test_an_expired_session_is_refused_by_every_service(server: Server) -> None:
    account = Account(server)
    role_id = account.root_iam.get_role(RoleName=account.role)["Role"]["RoleId"]
    credentials = old_session(server, account.role_arn.split(":")[4], role_id, ended_s_ago=1)
    assert code_of(client(server, "s3", credentials).list_objects_v2, Bucket=account.bucket) == (400, "ExpiredToken")
    assert code_of(client(server, "sts", credentials).get_caller_identity) == (403, "ExpiredToken")
    assert code_of(client(server, "iam", credentials).get_user) == (403, "ExpiredToken")
    url = client(server, "s3", credentials, signature_version="s3v4").generate_presigned_url(
        "get_object", Params={"Bucket": account.bucket, "Key": "key"}
    )
    status, answer = fetch(url)
    assert (status, "<Code>ExpiredToken</Code>" in answer) == (400, True)
    running = old_session(server, account.role_arn.split(":")[4], role_id, ended_s_ago=-60)
    assert client(server, "sts", running).get_caller_identity()["UserId"] == f"{role_id}:old"


def old_session(server: Server, account_id: str, role_id: str, *, ended_s_ago: int) -> dict[str, Any]:
    """Credentials that ended so long ago, sealed under the deployment's key as the server would have."""
    now_us = time.time_ns() // 1000
    session = Session(
        access_key_id="ASIAOLDSESSION000000",
        secret="old-secret",
        account_id=account_id,
        owner_id=role_id,
        issued_us=now_us - 7200 * 1_000_000,
        expires_us=now_us - ended_s_ago * 1_000_000,
        name="old",
    )

    async def seal() -> str:
        directory = SqliteDirectory.open(server.data / "directory" / "directory.sqlite")
        try:
            return seal_session(directory, session)
        finally:
            await directory.close()

    token = asyncio.run(seal())
    return {"AccessKeyId": session.access_key_id, "SecretAccessKey": session.secret, "SessionToken": token}


def test_a_session_outlives_a_restart_and_ends_with_its_role(server_factory: Callable[..., Server]) -> None:
    server = server_factory()
    account = Account(server)
    credentials = account.assume()
    server.kill()
    server.start()
    account.root_iam = server.client("iam")
    s3 = client(server, "s3", credentials)
    assert s3.get_object(Bucket=account.bucket, Key="key")["Body"].read() == b"body"
    account.root_iam.delete_role_policy(RoleName=account.role, PolicyName="own")
    assert code_of(s3.get_object, Bucket=account.bucket, Key="key") == (403, "AccessDenied")
    account.root_iam.delete_role(RoleName=account.role)
    assert code_of(s3.get_object, Bucket=account.bucket, Key="key") == (400, "InvalidToken")
    assert code_of(client(server, "sts", credentials).get_caller_identity) == (403, "InvalidClientTokenId")
    document = trust({"AWS": account.root_iam.get_user(UserName=account.user)["User"]["Arn"]})
    account.root_iam.create_role(RoleName=account.role, AssumeRolePolicyDocument=document)
    assert code_of(s3.get_object, Bucket=account.bucket, Key="key") == (400, "InvalidToken"), "a namesake is another"


def test_a_session_of_a_user_has_the_users_rights_until_it_is_deleted(server: Server) -> None:
    account = Account(server)
    account.root_iam.put_user_policy(
        UserName=account.user, PolicyName="read", PolicyDocument=policy("s3:GetObject", "arn:aws:s3:::*")
    )
    credentials = client(server, "sts", account.key).get_session_token()["Credentials"]
    s3 = client(server, "s3", credentials)
    assert s3.get_object(Bucket=account.bucket, Key="key")["Body"].read() == b"body"
    assert code_of(client(server, "iam", credentials).get_user) == (403, "InvalidClientTokenId")
    account.root_iam.delete_user_policy(UserName=account.user, PolicyName="read")
    account.root_iam.delete_access_key(UserName=account.user, AccessKeyId=account.key["AccessKeyId"])
    account.root_iam.delete_user(UserName=account.user)
    assert code_of(s3.get_object, Bucket=account.bucket, Key="key") == (400, "InvalidToken")


def test_session_policies_limit_requests_of_s3(server: Server) -> None:
    account = Account(server)
    read_only = account.assume(Policy=policy("s3:GetObject"))
    s3 = client(server, "s3", read_only)
    assert s3.get_object(Bucket=account.bucket, Key="key")["Body"].read() == b"body"
    assert code_of(s3.put_object, Bucket=account.bucket, Key="new", Body=b"") == (403, "AccessDenied")
    managed = account.assume(PolicyArns=[{"arn": "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"}])
    assert client(server, "s3", managed).list_objects_v2(Bucket=account.bucket)["KeyCount"] == 1
    assert code_of(client(server, "s3", managed).delete_object, Bucket=account.bucket, Key="key")[0] == 403


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1", "aws-global"])
def test_iam_and_sts_are_one_for_all_regions(server: Server, region: str) -> None:
    root = {"AccessKeyId": server.access_key_id, "SecretAccessKey": server.secret_access_key}
    account_id = client(server, "sts", root, region).get_caller_identity()["Account"]
    assert client(server, "iam", root, region).get_user()["User"]["UserId"] == account_id


def test_a_presigned_identity_is_proof_of_who_one_is(server: Server) -> None:
    """GetCallerIdentity as a URL, as programs prove to each other who they are."""
    account = Account(server)
    sts = client(server, "sts", account.key)
    for method in ("GET", "POST"):
        url = sts.generate_presigned_url("get_caller_identity", ExpiresIn=60, HttpMethod=method)
        status, answer = fetch(url, method)
        assert (status, f"user/{account.user}</Arn>" in answer) == (200, True)
        other = url.replace("GetCallerIdentity", "GetSessionToken")
        for changed in (other, url.replace(account.key["AccessKeyId"], server.access_key_id)):
            assert fetch(changed, method)[0] == 403


@pytest.mark.parametrize(
    ("body", "headers", "expected"),
    [
        (b"Action=GetCallerIdentity&Version=2011-06-15", {}, (403, "MissingAuthenticationToken")),
        (b"Action=AssumeRoleWithWebIdentity&Version=2011-06-15", {}, (403, "MissingAuthenticationToken")),
        (
            b"Action=GetCallerIdentity",
            {"Authorization": "AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/sts/aws4_request"},
            (400, "IncompleteSignature"),
        ),
    ],
)
def test_unsigned_and_half_signed_forms_are_refused(
    server: Server, body: bytes, headers: dict[str, str], expected: tuple[int, str]
) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    status, answer = fetch(server.endpoint, "POST", body, form | headers)
    assert (status, f"<Code>{expected[1]}</Code>" in answer) == (expected[0], True)


def test_no_operation_is_served_without_a_signature(server: Server) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for model in (load("iam"), load("sts")):
        for name in model.operations:
            status, answer = fetch(server.endpoint, "POST", f"Action={name}&Version={model.version}".encode(), form)
            assert (status, "MissingAuthenticationToken" in answer) == (403, True), name


def test_a_form_that_is_too_large_is_refused_and_the_server_goes_on(server: Server) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    status, answer = fetch(server.endpoint, "POST", b"Action=X&P=" + b"x" * 1_048_576, form)
    assert (status, "<Code>RequestEntityTooLarge</Code>" in answer) == (413, True)
    assert server.client("sts").get_caller_identity()["Account"]


def test_an_operation_that_is_not_there_says_so_by_name(server: Server) -> None:
    iam = server.client("iam", retries=0)
    assert code_of(iam.create_instance_profile, InstanceProfileName="p") == (501, "NotImplemented")
    with pytest.raises(ClientError, match="CreateInstanceProfile is not implemented"):
        iam.create_instance_profile(InstanceProfileName="p")


def test_a_changed_body_is_refused(server: Server) -> None:
    """The signature covers the form: nobody on the way makes another call of it."""
    iam = server.client("iam", retries=0)

    def change(request: Any, **_: Any) -> None:
        request.body = request.body.replace("GetUser", "TagUser")

    iam.meta.events.register("before-send.iam.GetUser", change)
    assert code_of(iam.get_user) == (403, "SignatureDoesNotMatch")


def test_the_aws_cli_makes_a_role_and_assumes_it(server: Server, tmp_path: Path) -> None:
    tag = uuid.uuid4().hex[:8]
    root = {"AWS_ACCESS_KEY_ID": server.access_key_id, "AWS_SECRET_ACCESS_KEY": server.secret_access_key}

    def aws(*arguments: str, key: dict[str, str] = root) -> Any:
        environment = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "AWS_ENDPOINT_URL": server.endpoint}
        done = subprocess.run(
            [aws_cli(), *arguments, "--output", "json"],
            env={**environment, "AWS_DEFAULT_REGION": "us-east-1", **key},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, (arguments, done.stderr)
        return json.loads(done.stdout) if done.stdout.strip() else None

    bucket, user, role = f"cli-{tag}", f"cli-user-{tag}", f"cli-role-{tag}"
    aws("s3api", "create-bucket", "--bucket", bucket)
    user_arn = aws("iam", "create-user", "--user-name", user)["User"]["Arn"]
    made = aws("iam", "create-access-key", "--user-name", user)["AccessKey"]
    key = {"AWS_ACCESS_KEY_ID": made["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": made["SecretAccessKey"]}
    assert aws("sts", "get-caller-identity", key=key)["Arn"] == user_arn
    (tmp_path / "trust.json").write_text(trust({"AWS": user_arn}))
    (tmp_path / "policy.json").write_text(policy("s3:*", [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]))
    trust_file, policy_file = f"file://{tmp_path}/trust.json", f"file://{tmp_path}/policy.json"
    role_arn = aws(
        "iam",
        "create-role",
        "--role-name",
        role,
        "--path",
        "/service-role/",
        "--assume-role-policy-document",
        trust_file,
    )["Role"]["Arn"]
    aws("iam", "put-role-policy", "--role-name", role, "--policy-name", "own", "--policy-document", policy_file)
    shown = aws("iam", "get-role-policy", "--role-name", role, "--policy-name", "own")
    assert shown["PolicyDocument"]["Statement"][0]["Action"] == "s3:*"
    assumed = aws("sts", "assume-role", "--role-arn", role_arn, "--role-session-name", "cli", key=key)["Credentials"]
    session = {
        "AWS_ACCESS_KEY_ID": assumed["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": assumed["SecretAccessKey"],
        "AWS_SESSION_TOKEN": assumed["SessionToken"],
    }
    assert aws("sts", "get-caller-identity", key=session)["Arn"].endswith(f"assumed-role/{role}/cli")
    (tmp_path / "file").write_text("hello")
    aws("s3api", "put-object", "--bucket", bucket, "--key", "k", "--body", str(tmp_path / "file"), key=session)
    assert aws("s3api", "head-object", "--bucket", bucket, "--key", "k", key=session)["ContentLength"] == 5
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text(
        f"[profile ana]\naws_access_key_id = {made['AccessKeyId']}\naws_secret_access_key = {made['SecretAccessKey']}\n"
        f"[profile crew]\nrole_arn = {role_arn}\nsource_profile = ana\nrole_session_name = by-profile\n"
    )
    by_profile = aws("sts", "get-caller-identity", "--profile", "crew", key={})
    assert by_profile["Arn"].endswith(f"assumed-role/{role}/by-profile")
    names = [each["RoleName"] for each in aws("iam", "list-roles", "--path-prefix", "/service-role/")["Roles"]]
    assert role in names


def aws_cli() -> str:
    return str(Path(sys.executable).with_name("aws"))


def test_terraforms_calls_for_its_resources(server: Server) -> None:
    """The calls that aws_iam_role, _policy, _role_policy, _role_policy_attachment, _user and _access_key make."""
    iam, tag = server.client("iam"), uuid.uuid4().hex[:8]
    server.client("sts").get_caller_identity()
    iam.list_account_aliases()
    role = f"tf-role-{tag}"
    service = trust({"Service": "s3.amazonaws.com"})
    tags = [{"Key": "managed-by", "Value": "terraform"}]
    iam.create_role(RoleName=role, AssumeRolePolicyDocument=service, Path="/", MaxSessionDuration=3600, Tags=tags)
    read = iam.get_role(RoleName=role)["Role"]
    assert (read["AssumeRolePolicyDocument"], read["Tags"]) == (json.loads(service), tags)
    assert iam.list_role_policies(RoleName=role)["PolicyNames"] == []
    assert iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"] == []
    made = iam.create_policy(PolicyName=f"tf-{tag}", Path="/", PolicyDocument=policy("s3:GetObject"), Tags=tags)
    arn = made["Policy"]["Arn"]
    found = iam.get_policy(PolicyArn=arn)["Policy"]
    version = iam.get_policy_version(PolicyArn=arn, VersionId=found["DefaultVersionId"])["PolicyVersion"]
    assert version["Document"] == json.loads(policy("s3:GetObject"))
    iam.attach_role_policy(RoleName=role, PolicyArn=arn)
    assert [each["PolicyArn"] for each in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]] == [arn]
    iam.put_role_policy(RoleName=role, PolicyName="inline", PolicyDocument=policy("s3:PutObject"))
    assert iam.get_role_policy(RoleName=role, PolicyName="inline")["PolicyDocument"] == json.loads(
        policy("s3:PutObject")
    )
    for _ in range(6):  # Updates: Terraform deletes the oldest version before it makes a sixth.
        versions = iam.list_policy_versions(PolicyArn=arn)["Versions"]
        if len(versions) == 5:
            oldest = min((v for v in versions if not v["IsDefaultVersion"]), key=lambda v: int(v["VersionId"][1:]))
            iam.delete_policy_version(PolicyArn=arn, VersionId=oldest["VersionId"])
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy("s3:GetObject"), SetAsDefault=True)
    iam.update_role_description(RoleName=role, Description="changed")
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=service)
    iam.tag_role(RoleName=role, Tags=[{"Key": "more", "Value": "yes"}])
    iam.untag_role(RoleName=role, TagKeys=["more"])
    user = f"tf-user-{tag}"
    iam.create_user(UserName=user, Path="/system/", Tags=tags)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    assert [each["Status"] for each in iam.list_access_keys(UserName=user)["AccessKeyMetadata"]] == ["Active"]
    iam.update_access_key(UserName=user, AccessKeyId=key["AccessKeyId"], Status="Inactive")
    # Destroying.
    iam.delete_role_policy(RoleName=role, PolicyName="inline")
    iam.detach_role_policy(RoleName=role, PolicyArn=arn)
    for listed in iam.list_policy_versions(PolicyArn=arn)["Versions"]:
        if not listed["IsDefaultVersion"]:
            iam.delete_policy_version(PolicyArn=arn, VersionId=listed["VersionId"])
    iam.delete_policy(PolicyArn=arn)
    assert iam.list_instance_profiles_for_role(RoleName=role)["InstanceProfiles"] == []
    iam.delete_role(RoleName=role)
    iam.delete_access_key(UserName=user, AccessKeyId=key["AccessKeyId"])
    assert iam.list_groups_for_user(UserName=user)["Groups"] == []
    for operation in ("list_mfa_devices", "list_ssh_public_keys", "list_signing_certificates"):
        getattr(iam, operation)(UserName=user)
    iam.delete_user(UserName=user)
    assert code_of(iam.get_role, RoleName=role) == (404, "NoSuchEntity")
    assert code_of(iam.get_policy, PolicyArn=arn) == (404, "NoSuchEntity")


def test_paginators_of_boto3_walk_the_lists(server: Server) -> None:
    iam, tag = server.client("iam"), uuid.uuid4().hex[:8]
    for number in range(5):
        iam.create_user(UserName=f"page-{tag}-{number}", Path=f"/{tag}/")
    pages = list(iam.get_paginator("list_users").paginate(PathPrefix=f"/{tag}/", PaginationConfig={"PageSize": 2}))
    assert [len(page["Users"]) for page in pages] == [2, 2, 1]


def test_the_last_use_of_a_key_is_told(server: Server) -> None:
    account = Account(server)
    key_id = account.key["AccessKeyId"]
    assert "LastUsedDate" not in account.root_iam.get_access_key_last_used(AccessKeyId=key_id)["AccessKeyLastUsed"]
    for service, region, call in (("sts", "eu-west-1", "get_caller_identity"), ("s3", "us-west-2", "list_buckets")):
        with contextlib.suppress(ClientError):
            getattr(client(server, service, account.key, region), call)()
        used = account.root_iam.get_access_key_last_used(AccessKeyId=key_id)["AccessKeyLastUsed"]
        assert (used["ServiceName"], used["Region"]) == (service, region)
    credentials = account.assume()
    client(server, "s3", credentials).list_objects_v2(Bucket=account.bucket)
    assert account.root_iam.get_role(RoleName=account.role)["Role"]["RoleLastUsed"]["Region"] == "us-east-1"


def test_no_secret_is_in_any_log_line_or_file(server_factory: Callable[..., Server]) -> None:
    server = server_factory(environment={"FARSHORE_LOG_LEVEL": "debug"})
    account = Account(server)
    credentials = account.assume()
    root_session = server.client("sts").get_session_token()["Credentials"]
    secrets = {
        account.key["SecretAccessKey"],
        credentials["SecretAccessKey"],
        credentials["SessionToken"],
        root_session["SecretAccessKey"],
        root_session["SessionToken"],
        server.secret_access_key,
    }
    for key in (
        account.key,
        credentials,
        {**credentials, "SessionToken": "broken"},
        {**account.key, "SecretAccessKey": "x"},
    ):
        for service, call in (("s3", "list_buckets"), ("iam", "list_users"), ("sts", "get_caller_identity")):
            try:
                getattr(client(server, service, key), call)()
            except ClientError as error:
                assert not any(secret in str(error.response) for secret in secrets - {"x"})
    server.stop()
    calls = [json.loads(line) for line in server.log.read_text().splitlines() if "identity call" in line]
    told = {(call["operation"], call["principal"], call["outcome"], call["decision"]) for call in calls}
    user_arn = f"arn:aws:iam::{account.role_arn.split(':')[4]}:user/{account.user}"
    assert ("AssumeRole", user_arn, "done", "allow") in told
    assert ("ListUsers", user_arn, "AccessDenied", "deny") in told
    everywhere = [server.log, *(path for path in server.data.rglob("*") if path.is_file())]
    for path in everywhere:
        if path != server.data / "credentials":
            content = path.read_bytes()
            assert not [secret for secret in secrets if secret.encode() in content], path
