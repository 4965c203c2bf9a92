"""`farshore replication role`: the role that Amazon S3 assumes to replicate, with the least that it needs."""

from __future__ import annotations

import json as json_module
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from farshore.cli.connection import Connection, Data, EndpointUrl, Profile, connect
from farshore.cli.names import bucket_name
from farshore.cli.output import DID_NOT_HOLD, USED_WRONGLY, Json, fail, print_json

if TYPE_CHECKING:
    from farshore.semantics.replication_role import Document, RolePlan

_ROLE_NAME = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
_PATH = re.compile(r"/(?:[!-.0-~]+/)*", re.ASCII)


class Form(StrEnum):
    """How the policies are printed."""

    JSON = "json"
    CLI = "cli"
    TERRAFORM = "terraform"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """Everything there is to make. buckets: by destination of another account, the policy that it must have."""

    name: str
    path: str
    arn: str
    trust: Document
    role: Document
    buckets: Mapping[str, Document]

    @property
    def policy_name(self) -> str:
        """Of the inline policy."""
        return "replication"


def role(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE", parser=bucket_name, help="Bucket to replicate from; yours.", show_default=False
        ),
    ],
    destinations: Annotated[
        list[str],
        typer.Argument(
            metavar="DESTINATION...", parser=bucket_name, help="Buckets to replicate to.", show_default=False
        ),
    ],
    name: Annotated[
        str | None, typer.Option(help="Name of the role [s3-replication-SOURCE].", show_default=False)
    ] = None,
    path: Annotated[str, typer.Option(help="Path of the role; the console of AWS takes /service-role/.")] = "/",
    delete_markers: Annotated[
        bool, typer.Option("--delete-markers/--no-delete-markers", help="With what delete markers need.")
    ] = True,
    owner_override: Annotated[
        bool, typer.Option("--owner-override", help="With what AccessControlTranslation needs.")
    ] = False,
    create: Annotated[
        bool, typer.Option("--create", help="Make them (or bring them up to date), and print the role's ARN.")
    ] = False,
    destination_profile: Annotated[
        str | None,
        typer.Option(help="With --create: AWS profile that owns destinations elsewhere.", show_default=False),
    ] = None,
    form: Annotated[Form, typer.Option("--as", help="As policies, as commands of the AWS CLI, or as Terraform.")] = (
        Form.JSON
    ),
    endpoint_url: EndpointUrl = None,
    data: Data = None,
    profile: Profile = None,
    json: Json = False,
) -> None:
    """Print, or make, the role that replication needs: its trust policy and permissions, and bucket policies elsewhere.

    They allow what replication needs and nothing more. A destination of another account needs a bucket policy too.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    from farshore.semantics.replication_role import RolePlan, default_role_name

    if source in destinations:
        fail(f"{source} cannot be replicated to itself: a rule's destination is another bucket", USED_WRONGLY)
    name = name or default_role_name(source)
    if not _ROLE_NAME.fullmatch(name):
        fail(f"{name!r} is no name of a role", USED_WRONGLY)
    if not _PATH.fullmatch(path):
        fail(f"{path!r} is no path of a role: it begins and ends with a slash", USED_WRONGLY)
    plan = RolePlan(
        source=source,
        destinations=tuple(dict.fromkeys(destinations)),
        delete_markers=delete_markers,
        owner_override=owner_override,
    )
    connection = connect(endpoint_url, data, profile)
    try:
        policies = plan_policies(connection, plan, name, path)
        if create:
            make_role(connection, policies)
            if destination_profile is not None:
                _let_in(connection, policies, destination_profile)
    except (BotoCoreError, ClientError) as error:
        fail(error, DID_NOT_HOLD)
    if json:
        print_json(as_members(policies))
    elif create:
        typer.echo(policies.arn)
        if policies.buckets and destination_profile is None:
            typer.echo("The owners of these buckets must let the role in:", err=True)
            typer.echo(as_bucket_commands(policies), err=True)
    else:
        typer.echo(_FORMS[form](policies))


def plan_policies(connection: Connection, plan: RolePlan, name: str, path: str) -> Policies:
    """Find out which destinations are of another account, and write every policy.

    Ends the command when the source is not a bucket of the caller's account, or a destination does not exist.
    """
    from farshore.semantics.replication_role import bucket_policy, role_policy, trust_policy

    account: str = connection.get_json("/-/status")["account"]
    client = connection.client(connection.region)
    if not _is_owned(client, plan.source, account):
        fail(f"{plan.source} is not a bucket of your account {account}", DID_NOT_HOLD)
    arn = f"arn:aws:iam::{account}:role{path}{name}"
    foreign = [name for name in plan.destinations if not _is_owned(client, name, account)]
    return Policies(
        name=name,
        path=path,
        arn=arn,
        trust=trust_policy(),
        role=role_policy(plan),
        buckets={destination: bucket_policy(plan, destination, arn) for destination in foreign},
    )


def make_role(connection: Connection, policies: Policies) -> None:
    """Make the role with its inline policy, or give this policy to the role that is there. Raises botocore's errors.

    Ends the command when a role of this name is there that does something else: one that S3 is not let to assume.
    """
    iam = connection.client(connection.region, "iam")
    try:
        iam.create_role(
            RoleName=policies.name, Path=policies.path, AssumeRolePolicyDocument=json_module.dumps(policies.trust)
        )
    except iam.exceptions.EntityAlreadyExistsException:
        standing = iam.get_role(RoleName=policies.name)["Role"]
        if standing["Arn"] != policies.arn or standing["AssumeRolePolicyDocument"] != policies.trust:
            fail(f"{standing['Arn']} is there already, with another path or trust policy: give a --name", DID_NOT_HOLD)
    iam.put_role_policy(
        RoleName=policies.name, PolicyName=policies.policy_name, PolicyDocument=json_module.dumps(policies.role)
    )


def _let_in(connection: Connection, policies: Policies, profile: str) -> None:
    """Add the statements as the destinations' owner. Ends the command when the profile may not; says what is made."""
    from botocore.exceptions import ClientError

    owner = connect(connection.endpoint, None, profile)
    for destination, document in policies.buckets.items():
        try:
            add_to_bucket_policy(owner, destination, document)
        except ClientError as error:
            refused = error.response["Error"]
            fail(
                f"--destination-profile {profile} may not change the bucket policy of {destination}: "
                f"{refused['Code']}: {refused.get('Message', '')} (the role {policies.arn} is made)",
                DID_NOT_HOLD,
            )


def add_to_bucket_policy(owner: Connection, bucket: str, document: Document) -> None:
    """Add the statements to the policy that the bucket has; one with the same Sid is replaced.

    Raises:
        botocore's errors, also when `owner` does not own the bucket.
    """
    client = owner.client(owner.region)
    standing: Document
    try:
        standing = json_module.loads(client.get_bucket_policy(Bucket=bucket)["Policy"])
    except client.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchBucketPolicy":
            raise
        standing = {**document, "Statement": []}
    one_or_more = standing["Statement"]
    listed: list[Document] = one_or_more if isinstance(one_or_more, list) else [one_or_more]
    names = {statement["Sid"] for statement in document["Statement"]}
    kept = [statement for statement in listed if statement.get("Sid") not in names]
    standing["Statement"] = [*kept, *document["Statement"]]
    client.put_bucket_policy(Bucket=bucket, Policy=json_module.dumps(standing))


def as_members(policies: Policies) -> dict[str, Any]:
    """Everything by name, for programs."""
    return {
        "role_name": policies.name,
        "role_arn": policies.arn,
        "trust_policy": policies.trust,
        "role_policy": policies.role,
        "bucket_policies": dict(policies.buckets),
    }


def as_json(policies: Policies) -> str:
    """The documents, each under a line that says what it is."""
    texts = [f"Trust policy of {policies.arn}:", _pretty(policies.trust), "Its permissions:", _pretty(policies.role)]
    for destination, document in policies.buckets.items():
        texts += [f"Bucket policy of {destination}, which another account owns:", _pretty(document)]
    return "\n".join(texts)


def as_cli(policies: Policies) -> str:
    """Commands of the AWS CLI, ready for a shell."""
    path = f" --path {shlex.quote(policies.path)}" if policies.path != "/" else ""
    lines = [
        f"aws iam create-role --role-name {shlex.quote(policies.name)}{path} \\",
        f"    --assume-role-policy-document {_argument(policies.trust)}",
        f"aws iam put-role-policy --role-name {shlex.quote(policies.name)} --policy-name {policies.policy_name} \\",
        f"    --policy-document {_argument(policies.role)}",
    ]
    if policies.buckets:
        lines.append(as_bucket_commands(policies))
    return "\n".join(lines)


def as_bucket_commands(policies: Policies) -> str:
    """The commands for the owners of destinations elsewhere."""
    lines: list[str] = []
    for destination, document in policies.buckets.items():
        lines += [
            f"# As the owner of {destination}; this replaces the policy that the bucket has.",
            f"aws s3api put-bucket-policy --bucket {shlex.quote(destination)} \\",
            f"    --policy {_argument(document)}",
        ]
    return "\n".join(lines)


def as_terraform(policies: Policies) -> str:
    """Resources of Terraform's AWS provider. JSON is an expression of its language."""
    blocks = [
        _block(
            "aws_iam_role", "replication", name=policies.name, path=policies.path, assume_role_policy=policies.trust
        ),
        _block(
            "aws_iam_role_policy",
            "replication",
            name=policies.policy_name,
            role=_Reference("aws_iam_role.replication.id"),
            policy=policies.role,
        ),
    ]
    for number, (destination, document) in enumerate(policies.buckets.items(), 1):
        suffix = "" if len(policies.buckets) == 1 else f"_{number}"
        blocks.append(
            f"# With a provider for the account that owns {destination}.\n"
            + _block(
                "aws_s3_bucket_policy",
                f"destination{suffix}",
                provider=_Reference(f"aws.destination{suffix}"),
                bucket=destination,
                policy=document,
            )
        )
    return "\n\n".join(blocks)


_FORMS = {Form.JSON: as_json, Form.CLI: as_cli, Form.TERRAFORM: as_terraform}


class _Reference(str):
    """An expression of Terraform, not a text."""

    __slots__ = ()


def _block(kind: str, label: str, **arguments: str | Document) -> str:
    """A resource as `terraform fmt` leaves it: what takes one line is aligned, what takes many is not."""
    lines = [f'resource "{kind}" "{label}" {{']
    width = max(len(name) for name, value in arguments.items() if isinstance(value, str))
    for name, value in arguments.items():
        if isinstance(value, _Reference):
            lines.append(f"  {name.ljust(width)} = {value}")
        elif isinstance(value, str):
            lines.append(f"  {name.ljust(width)} = {_literal(value)}")
        else:
            lines.append(f"  {name} = jsonencode({_literal(value, indent=2)})".replace("\n", "\n  "))
    return "\n".join((*lines, "}"))


def _literal(value: str | Document, indent: int | None = None) -> str:
    """An expression of Terraform for the very value: in a text `${` and `%{` would begin a template."""
    text = json_module.dumps(value, indent=indent, separators=(",", " : "))
    return text.replace("${", "$${").replace("%{", "%%{")


def _pretty(document: Document) -> str:
    return json_module.dumps(document, indent=2)


def _argument(document: Document) -> str:
    return shlex.quote(json_module.dumps(document))


def _is_owned(client: Any, bucket: str, account: str) -> bool:
    """Whether the bucket is of this account. Ends the command when there is none of this name, or it cannot be told.

    A refusal of HeadBucket does not say whether the bucket is another account's or the caller may not ask: then the
    list of the account's buckets tells.
    """
    try:
        client.head_bucket(Bucket=bucket, ExpectedBucketOwner=account)
    except client.exceptions.ClientError as error:
        status: int = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status == 404:
            fail(f"bucket {bucket} does not exist", DID_NOT_HOLD)
        if status != 403:
            raise
        return _is_listed(client, bucket, account)
    return True


def _is_listed(client: Any, bucket: str, account: str) -> bool:
    try:
        pages = client.get_paginator("list_buckets").paginate(Prefix=bucket)
        return any(each["Name"] == bucket for page in pages for each in page.get("Buckets", ()))
    except client.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != "AccessDenied":
            raise
        fail(
            f"whether {bucket} is of your account {account} cannot be told: you need s3:ListBucket on it, or "
            "s3:ListAllMyBuckets",
            DID_NOT_HOLD,
        )
