"""What `farshore replication role` prints can be used as it is."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest

from farshore.cli.replication_role import Policies, as_cli, as_json, as_terraform

TRUST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow"}]}
ROLE = {"Version": "2012-10-17", "Statement": [{"Sid": "It's quoted"}]}
BUCKET = {"Version": "2012-10-17", "Statement": []}


def policies(path: str = "/", **buckets: Any) -> Policies:
    return Policies(
        name="replicator", path=path, arn="arn:aws:iam::1:role/replicator", trust=TRUST, role=ROLE, buckets=buckets
    )


def test_the_commands_are_words_of_a_shell() -> None:
    text = as_cli(policies("/service-role/", west=BUCKET))
    commands = [shlex.split(line) for line in text.replace("\\\n", " ").splitlines() if not line.startswith("#")]
    assert [command[:3] for command in commands] == [
        ["aws", "iam", "create-role"],
        ["aws", "iam", "put-role-policy"],
        ["aws", "s3api", "put-bucket-policy"],
    ]
    created, put, bucket = (dict(zip(command[3::2], command[4::2], strict=True)) for command in commands)
    assert created["--path"] == "/service-role/"
    assert created["--role-name"] == put["--role-name"] == "replicator"
    assert json.loads(created["--assume-role-policy-document"]) == TRUST
    assert json.loads(put["--policy-document"]) == ROLE
    assert bucket["--bucket"] == "west" and json.loads(bucket["--policy"]) == BUCKET


def test_the_documents_are_json_under_their_names() -> None:
    text = as_json(policies(west=BUCKET))
    found: list[Any] = []
    while "{" in text:
        document, end = json.JSONDecoder().raw_decode(text[text.index("{") :])
        found.append(document)
        text = text[text.index("{") + end :]
    assert found == [TRUST, ROLE, BUCKET]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_every_resource_of_terraform_has_a_name_of_its_own(count: int) -> None:
    text = as_terraform(policies(**{f"bucket{number}": BUCKET for number in range(count)}))
    heads = [line for line in text.splitlines() if line.startswith("resource ")]
    assert len(heads) == len(set(heads)) == 2 + count
    assert text.count("{") == text.count("}") and text.count("jsonencode(") == len(heads)


def test_terraform_reads_every_text_as_it_is() -> None:
    """`${` and `%{` would begin a template; what Terraform makes of it is tried in tests/e2e/test_terraform.py."""
    lines = as_terraform(policies("/${x}/%{if}/")).splitlines()
    assert lines[:5] == [
        'resource "aws_iam_role" "replication" {',
        '  name = "replicator"',
        '  path = "/$${x}/%%{if}/"',
        "  assume_role_policy = jsonencode({",
        '    "Version" : "2012-10-17",',
    ]
