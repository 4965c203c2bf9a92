"""Every operation of IAM and STS that is served, with parameters that hurt: each call is answered or refused."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from tests.support.iam import S3_TRUST, SESSION, IamForTests, policy

from farshore.api.identity_operations import IAM, STS
from farshore.model.query_errors import QueryError

VALUES = [
    *(
        "",
        " ",
        "0",
        "-1",
        "9" * 19,
        "9" * 5000,
        "1e400",
        "nan",
        "x",
        "true",
        "é",
        "\0",
        "*",
        "/",
        "/a/",
        "null",
        "a" * 2000,
    ),
    *(
        "2030-01-01T00:00:00Z",
        "99999-01-01",
        "0001-01-01T00:00:00+14:00",
        "Thu, 01 Jan 99999999999999999999 00:00:00 GMT",
    ),
    *("ann", "crew", "staff", "own", "v1", "s3:GetObject", "aws:SourceIp", "MTIzNA==", "{", "[]", "{}"),
    *(
        "arn:aws:iam::123456789012:role/crew",
        "arn:aws:iam::aws:policy/AdministratorAccess",
        "arn:aws:s3:::b/*",
        ":::::",
    ),
    *(policy("*"), policy("s3:*", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}), S3_TRUST),
]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[IamForTests]:
    found = IamForTests(tmp_path)
    found.root.iam("CreateUser", UserName="ann")
    found.root.iam("CreateGroup", GroupName="staff")
    found.root.iam("CreateRole", RoleName="crew", AssumeRolePolicyDocument=S3_TRUST)
    found.root.iam("PutUserPolicy", UserName="ann", PolicyName="own", PolicyDocument=policy("s3:*"))
    yield found
    found.close()


@pytest.mark.parametrize(
    ("service", "name"), [*(("iam", name) for name in sorted(IAM)), *(("sts", name) for name in sorted(STS))]
)
def test_no_parameters_make_a_call_fail(world: IamForTests, service: str, name: str) -> None:
    model = SESSION.get_service_model(service)
    shape = model.operation_model(name).input_shape
    chance = random.Random(name)
    for _ in range(40):
        form = {"Action": name, "Version": model.api_version}
        if shape is not None:
            _fill(chance, shape, "", form)
        print(form)  # Shown where it fails.
        with contextlib.suppress(QueryError):
            assert world.root.send(service, urlencode(form).encode()).status == 200


def _fill(chance: random.Random, shape: Any, prefix: str, form: dict[str, str], depth: int = 0) -> None:
    """Put values for a shape into a form: mostly what it asks for, sometimes anything."""
    if shape.type_name == "structure":
        for name, member in shape.members.items() if depth < 5 else ():
            if chance.random() < (0.9 if name in shape.required_members else 0.3):
                _fill(chance, member, f"{prefix}.{name}" if prefix else name, form, depth + 1)
    elif shape.type_name == "list":
        for number in chance.choice([(1,), (1, 2), (2, 9), (0,), ("9" * 40,)]):
            _fill(chance, shape.member, f"{prefix}.member.{number}", form, depth + 1)
    elif getattr(shape, "enum", None) and chance.random() < 0.7:
        form[prefix] = chance.choice(shape.enum)
    else:
        form[prefix] = chance.choice(VALUES)
