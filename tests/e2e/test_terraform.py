"""Terraform as it is: its S3 backend on a replicated bucket, and the resources that `replication role` prints.

The backend's configuration and the permissions of its role are those of docs/terraform.md.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.support.people import allow, owner, user
from tests.support.replication import make_pair, put_rule, wait_for
from tests.support.server import Server

from farshore.cli.replication_role import Policies, as_terraform
from farshore.semantics.replication_role import RolePlan, bucket_policy, role_policy, trust_policy

PAGE = Path(__file__).parents[2] / "docs" / "terraform.md"
COMMAND_S_MAX = 180
ARRIVAL_S = 60.0
KEY = "network/terraform.tfstate"
LOCK = f"{KEY}.tflock"
BODY = """
variable "text" {
  default = "one"
}
resource "terraform_data" "this" {
  input = var.text
}
output "text" {
  value = terraform_data.this.output
}
"""


def block(opening: str) -> str:
    """An indented block of the page, from the line that it opens with to the brace that closes it."""
    found = re.search(rf"^    {re.escape(opening)} \{{\n(?:.*\n)*?    \}}\n", PAGE.read_text(), re.MULTILINE)
    assert found, f"{PAGE} has no {opening}"
    return found[0]


class Project:
    """A folder with a configuration, and Terraform in it with nothing of the user's."""

    def __init__(self, server: Server, folder: Path, text: str, program: str) -> None:
        self._program = program
        self.folder = folder
        folder.mkdir(parents=True)
        self.write(text)
        self.environment = {
            "HOME": str(folder),
            "PATH": os.environ["PATH"],
            "TF_CLI_CONFIG_FILE": os.devnull,
            "CHECKPOINT_DISABLE": "1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ACCESS_KEY_ID": server.access_key_id,
            "AWS_SECRET_ACCESS_KEY": server.secret_access_key,
        }

    def write(self, text: str) -> None:
        (self.folder / "main.tf").write_text(text)

    def attempt(self, *arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self._program, *arguments],
            cwd=self.folder,
            env=self.environment,
            input=text or "",
            capture_output=True,
            text=True,
            timeout=COMMAND_S_MAX,
            check=False,
        )

    def run(self, *arguments: str, text: str | None = None) -> str:
        done = self.attempt(*arguments, text=text)
        assert done.returncode == 0, (arguments, done.stdout[-2000:], done.stderr[-2000:])
        return done.stdout

    def apply(self, text: str) -> None:
        self.run("apply", "-no-color", "-auto-approve", f"-var=text={text}")

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self._program, *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


class Buckets(NamedTuple):
    """A bucket for states and its replica, and the page's backend for either."""

    server: Server
    source: str
    replica: str

    def backend(self, *, replica: bool = False, more: str = "") -> str:
        text = block("terraform").replace("http://127.0.0.1:9000", self.server.endpoint)
        name, region = (self.replica, "us-west-2") if replica else (self.source, "us-east-1")
        text = text.replace('"states"', f'"{name}"').replace('"us-east-1"', f'"{region}"')
        return text.replace("use_lockfile ", f"{more}\nuse_lockfile ") + BODY

    def settled(self) -> None:
        """Wait until both buckets have the same versions and delete markers."""
        wait_for(lambda: self.history() == self.history(replica=True), ARRIVAL_S, "the same history in both buckets")

    def history(self, *, replica: bool = False) -> tuple[list[Any], list[Any]]:
        """Versions and delete markers, the newest of a key first."""
        client = self.server.client("s3", "us-west-2" if replica else "us-east-1")
        listed = client.list_object_versions(Bucket=self.replica if replica else self.source)
        names = ("Key", "VersionId", "IsLatest", "LastModified", "ETag", "Size")
        versions, markers = (
            [tuple(one.get(name) for name in names) for one in listed.get(group, [])]
            for group in ("Versions", "DeleteMarkers")
        )
        return versions, markers

    def body(self, key: str, version_id: str, *, replica: bool = False) -> Any:
        client = self.server.client("s3", "us-west-2" if replica else "us-east-1")
        bucket = self.replica if replica else self.source
        return json.loads(client.get_object(Bucket=bucket, Key=key, VersionId=version_id)["Body"].read())


@pytest.fixture
def terraform() -> str:
    found = shutil.which("terraform")
    if found is None:
        pytest.skip("terraform is not on the PATH: https://developer.hashicorp.com/terraform/install")
    return found


@pytest.fixture
def project(server: Server, tmp_path: Path, terraform: str) -> Callable[[str, str], Project]:
    """Makes a project in a folder of this name."""
    return lambda name, text: Project(server, tmp_path / name, text, terraform)


@pytest.fixture
def buckets(server: Server) -> Buckets:
    unique = uuid.uuid4().hex[:12]
    made = Buckets(server, f"states-{unique}", f"states-{unique}-west")
    s3, west = server.client(), server.client("s3", "us-west-2")
    make_pair(s3, west, made.source, made.replica)
    put_rule(s3, made.source, made.replica, delete_markers=True)
    return made


def test_every_state_is_a_version_in_both_buckets(buckets: Buckets, project: Callable[[str, str], Project]) -> None:
    one = project("one", buckets.backend())
    one.run("init")
    one.apply("one")
    one.apply("two")
    assert one.run("state", "list").split() == ["terraform_data.this"]
    one.run("workspace", "new", "stage")
    one.apply("three")
    assert one.run("workspace", "list").split() == ["default", "*", "stage"]
    assert one.run("output", "-raw", "text") == "three"
    one.run("workspace", "select", "default")
    assert one.run("output", "-raw", "text") == "two"
    one.run("destroy", "-auto-approve")
    one.run("workspace", "select", "stage")
    one.run("destroy", "-auto-approve")
    one.run("workspace", "select", "default")
    one.run("workspace", "delete", "stage")
    assert one.run("workspace", "list").split() == ["*", "default"]

    buckets.settled()
    versions, _ = buckets.history()
    states = [version for version in versions if version[0] == KEY]
    texts: list[Any] = []
    for _, version_id, *_ in reversed(states):
        state = buckets.body(KEY, version_id)
        assert state == buckets.body(KEY, version_id, replica=True)
        texts.append(state["outputs"].get("text", {}).get("value"))
    assert texts == ["one", "two", None]
    assert {version[0] for version in versions if version[2]} == {KEY}, "a lock or a deleted workspace is still there"


def test_a_state_that_is_locked_is_refused_until_it_is_let_go(
    buckets: Buckets, project: Callable[[str, str], Project]
) -> None:
    one, two = project("one", buckets.backend()), project("two", buckets.backend())
    one.run("init")
    two.run("init")
    with one.begin("apply", "-no-color") as holder:
        held = read_until(holder, "Enter a value:")
        refused = two.attempt("apply", "-no-color", "-auto-approve")
        assert refused.returncode == 1
        assert "Error acquiring the state lock" in refused.stderr
        assert "StatusCode: 412" in refused.stderr and "PreconditionFailed" in refused.stderr
        assert "Who:" in refused.stderr, "the lock that is there could not be read"
        said, _ = holder.communicate("yes\n", COMMAND_S_MAX)
    assert holder.returncode == 0 and "Apply complete!" in said, held + said
    assert "No changes." in two.run("apply", "-no-color", "-auto-approve")


def test_the_lock_of_a_killed_process_is_broken_by_hand(
    buckets: Buckets, project: Callable[[str, str], Project]
) -> None:
    one, two = project("one", buckets.backend()), project("two", buckets.backend())
    one.run("init")
    two.run("init")
    with one.begin("apply", "-no-color") as holder:
        read_until(holder, "Enter a value:")
        holder.kill()
    refused = two.attempt("apply", "-no-color", "-auto-approve")
    found = re.search(r"ID: +([0-9a-f-]{36})", refused.stderr)
    assert refused.returncode == 1 and found, refused.stderr
    other = "00000000-0000-0000-0000-000000000000"
    assert two.attempt("force-unlock", "-force", other).returncode == 1
    assert two.attempt("apply", "-no-color", "-auto-approve").returncode == 1
    two.run("force-unlock", "-force", found[1])
    two.apply("after")
    buckets.settled()


def test_a_role_with_what_the_page_says_is_enough(buckets: Buckets, project: Callable[[str, str], Project]) -> None:
    root = owner(buckets.server)
    person = user(root, "terraform", [])
    arn = f"arn:aws:s3:::{buckets.source}"
    keys = [f"{arn}/{KEY}", f"{arn}/env:/*/{KEY}"]
    statements = [
        allow("s3:ListBucket", arn),
        allow(["s3:GetObject", "s3:PutObject"], keys),
        allow(["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], [f"{key}.tflock" for key in keys]),
        allow("s3:DeleteObject", keys[1]),
    ]
    assuming = f'assume_role = {{ role_arn = "{make_role(root, person.arn, statements)}" }}'
    one = project("one", buckets.backend(more=assuming))
    one.environment |= {"AWS_ACCESS_KEY_ID": person.key_id, "AWS_SECRET_ACCESS_KEY": person.secret}
    one.run("init")
    one.apply("by a role")
    one.run("workspace", "new", "stage")
    one.apply("by a role")
    one.run("destroy", "-auto-approve")
    one.run("workspace", "select", "default")
    one.run("workspace", "delete", "stage")
    one.write(buckets.backend(more=assuming).replace(KEY, "another/key"))
    assert "StatusCode: 403" in one.attempt("init", "-reconfigure").stderr, "the role may do more than it needs"
    one.write(buckets.backend())
    assert "StatusCode: 403" in one.attempt("init", "-reconfigure").stderr, "the user needed no role"


def test_a_replica_is_read_and_taken_over_with_no_lock_left(
    buckets: Buckets, project: Callable[[str, str], Project]
) -> None:
    one = project("one", buckets.backend())
    one.run("init")
    one.apply("there too")
    buckets.server.cli("replication", "wait", f"s3://{buckets.source}/{KEY}")

    data = block('data "terraform_remote_state" "network"').replace("http://127.0.0.1:9000", buckets.server.endpoint)
    output = 'output "seen" {\n  value = data.terraform_remote_state.network.outputs.text\n}\n'
    reader = project("reader", data.replace("states-west", buckets.replica) + output)
    reader.run("init")
    reader.run("apply", "-auto-approve")
    assert reader.run("output", "-raw", "seen") == "there too"

    buckets.settled()
    one.write(buckets.backend(replica=True))
    one.run("init", "-reconfigure")
    assert "No changes." in one.run("plan", "-no-color", "-var=text=there too")
    one.apply("taken over")
    assert one.run("output", "-raw", "text") == "taken over"


def test_the_role_that_is_printed_is_formatted_and_evaluates_to_its_policies(
    project: Callable[[str, str], Project],
) -> None:
    """Also where a name has what would begin a template."""
    path = "/${x}/%{if}/$$${y}/%%%{z}/plain/"
    arn = f"arn:aws:iam::111122223333:role{path}replicator"
    plan = RolePlan(source="photos", destinations=("west", "east"), owner_override=True)
    buckets = {name: bucket_policy(plan, name, arn) for name in plan.destinations}
    printed = as_terraform(
        Policies(name="replicator", path=path, arn=arn, trust=trust_policy(), role=role_policy(plan), buckets=buckets)
    )
    one = project("one", as_outputs(printed))
    assert one.run("fmt", "-", text=printed + "\n") == printed + "\n"
    one.run("apply", "-auto-approve")
    values = {name: output["value"] for name, output in json.loads(one.run("output", "-json")).items()}
    role = values["aws_iam_role-replication"]
    assert (role["name"], role["path"]) == ("replicator", path)
    assert json.loads(role["assume_role_policy"]) == trust_policy()
    policy = values["aws_iam_role_policy-replication"]
    assert (policy["name"], policy["role"]) == ("replication", "aws_iam_role.replication.id")
    assert json.loads(policy["policy"]) == role_policy(plan)
    for number, name in enumerate(plan.destinations, 1):
        value = values[f"aws_s3_bucket_policy-destination_{number}"]
        assert (value["bucket"], value["provider"]) == (name, f"aws.destination_{number}")
        assert json.loads(value["policy"]) == buckets[name]


def as_outputs(resources: str) -> str:
    """Resources as outputs that have their arguments as values, which needs no provider; references become texts."""
    text = re.sub(r"^(  (?:provider|role) += )(aws\S+)$", r'\1"\2"', resources, flags=re.MULTILINE)
    text = re.sub(r'^resource "(\S+)" "(\S+)" \{$', r'output "\1-\2" {\n  value = {', text, flags=re.MULTILINE)
    return re.sub(r"^\}$", "}\n}", text, flags=re.MULTILINE) + "\n"


def make_role(root: Any, trusted: str, statements: list[dict[str, Any]]) -> str:
    """A role that `trusted` may assume; returns its ARN."""
    iam, name = root.client("iam"), f"terraform-{uuid.uuid4().hex[:8]}"
    trust = {"Effect": "Allow", "Principal": {"AWS": trusted}, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [trust]}
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document))
    own = {"Version": "2012-10-17", "Statement": statements}
    iam.put_role_policy(RoleName=name, PolicyName="states", PolicyDocument=json.dumps(own))
    return made["Role"]["Arn"]


def read_until(process: subprocess.Popen[str], words: str) -> str:
    """What the process says up to the words, which end with no line; fails with it where they do not come."""
    assert process.stdout is not None
    said = ""
    while words not in said:
        piece = process.stdout.read(1)
        assert piece, f"it ended: {said}"
        said += piece
    return said
