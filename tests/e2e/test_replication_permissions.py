"""Who may ask the server's own questions: each needs what docs/explain.md and docs/verify.md say, all of it; and what a
caller may not know is left out of the answers that they get."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.support.own_api import Refused, ask
from tests.support.pairs import Pair
from tests.support.people import Person, allow, owner, user
from tests.support.replication import ensure_role, put_rule, rule
from tests.support.server import Server

from farshore.cli.replication_preview import as_xml

KEY, ABSENT = "secret/k", "secret/absent"


@pytest.fixture(scope="module")
def pair(server: Server) -> Pair:
    """With one replicated object."""
    made = Pair(server)
    put_rule(made.s3, made.source, made.destination, ID="rule")
    made.put(KEY)
    assert made.settled(KEY) == "COMPLETED"
    return made


@pytest.fixture(scope="module")
def root(server: Server) -> Person:
    return owner(server)


def answered(pair: Pair, who: Person, method: str, path: str, document: bytes = b"", **query: str) -> bytes:
    """What is told to somebody. Raises Refused."""
    signer = (who.key_id, who.secret)
    return ask(pair.server, method, path, document=document, signer=signer, **query)


def preview_of(pair: Pair) -> bytes:
    configuration = {"Role": ensure_role(pair.s3), "Rules": [rule(pair.destination)]}
    return as_xml(json.dumps(configuration))


def explain(pair: Pair, who: Person, **query: str) -> bytes:
    return answered(pair, who, "GET", "/-/explain", bucket=pair.source, **query)


def current_version(pair: Pair) -> str:
    return pair.s3.head_object(Bucket=pair.source, Key=KEY)["VersionId"]


Question = Callable[[Pair, Person], bytes]

QUESTIONS: dict[str, tuple[Question, tuple[tuple[str, str], ...]]] = {
    "explain": (
        lambda pair, who: explain(pair, who, key=KEY),
        (("s3:GetObject", "objects"), ("s3:GetReplicationConfiguration", "here")),
    ),
    "explain a version": (
        lambda pair, who: explain(pair, who, key=KEY, version_id=current_version(pair)),
        (("s3:GetObjectVersion", "objects"), ("s3:GetReplicationConfiguration", "here")),
    ),
    "explain what is not there": (
        lambda pair, who: explain(pair, who, key=ABSENT),
        (("s3:GetObject", "objects"), ("s3:GetReplicationConfiguration", "here"), ("s3:ListBucket", "here")),
    ),
    "status": (
        lambda pair, who: answered(pair, who, "GET", "/-/replication/status", bucket=pair.source),
        (("s3:GetReplicationConfiguration", "here"), ("s3:ListBucketVersions", "here")),
    ),
    "overview": (
        lambda pair, who: answered(pair, who, "GET", "/-/replication/overview"),
        (("s3:ListAllMyBuckets", "anything"),),
    ),
    "statuses": (
        lambda pair, who: answered(
            pair, who, "POST", "/-/replication/statuses", b'{"versions": [{"key": "secret/k"}]}', bucket=pair.source
        ),
        (("s3:ListBucket", "here"),),
    ),
    "wait for an object": (
        lambda pair, who: answered(pair, who, "GET", "/-/replication/wait", bucket=pair.source, key=KEY, timeout="0"),
        (("s3:GetObject", "objects"),),
    ),
    "wait for a bucket": (
        lambda pair, who: answered(pair, who, "GET", "/-/replication/wait", bucket=pair.source, timeout="0"),
        (("s3:GetReplicationConfiguration", "here"), ("s3:ListBucketVersions", "here")),
    ),
    "preview": (
        lambda pair, who: answered(
            pair, who, "POST", "/-/replication/preview", preview_of(pair), bucket=pair.source
        ),
        (("s3:GetReplicationConfiguration", "here"), ("s3:ListBucketVersions", "here")),
    ),
    "retry": (
        lambda pair, who: answered(pair, who, "POST", "/-/replication/retry", bucket=pair.source, prefix="secret/"),
        (("s3:InitiateReplication", "objects"),),
    ),
    "verify": (
        lambda pair, who: answered(pair, who, "POST", "/-/replication/verify", bucket=pair.source),
        (
            ("s3:GetReplicationConfiguration", "here"),
            ("s3:ListBucketVersions", "here"),
            ("s3:ListBucketVersions", "there"),
        ),
    ),
    "repair": (
        lambda pair, who: answered(
            pair, who, "POST", "/-/replication/verify", bucket=pair.source, prefix="secret/", repair="true"
        ),
        (
            ("s3:GetReplicationConfiguration", "here"),
            ("s3:ListBucketVersions", "here"),
            ("s3:ListBucketVersions", "there"),
            ("s3:InitiateReplication", "objects"),
        ),
    ),
}  # fmt: skip


def allowed(pair: Pair, needs: tuple[tuple[str, str], ...]) -> list[dict[str, Any]]:
    resources = {
        "here": f"arn:aws:s3:::{pair.source}",
        "there": f"arn:aws:s3:::{pair.destination}",
        "objects": f"arn:aws:s3:::{pair.source}/secret/*",
        "anything": "*",
    }
    return [allow(action, resources[on]) for action, on in needs]


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_is_answered_to_who_has_all_that_it_needs_and_to_nobody_who_lacks_any(
    pair: Pair, root: Person, name: str
) -> None:
    question, needs = QUESTIONS[name]
    assert question(pair, user(root, "has", allowed(pair, needs)))
    for lacking in needs:
        rest = tuple(each for each in needs if each != lacking)
        with pytest.raises(Refused) as refused:
            question(pair, user(root, "lacks", allowed(pair, rest)))
        assert refused.value.status == 403, lacking
        assert f"not authorized to perform: {lacking[0]} " in refused.value.text


@pytest.mark.parametrize("path", ["/-/explain", "/-/replication/wait"])
def test_who_may_not_read_an_object_is_not_told_whether_it_is_there(pair: Pair, root: Person, path: str) -> None:
    """All else they may: the refusal of a key that is there reads as that of one that is not."""
    buckets = [f"arn:aws:s3:::{pair.source}", f"arn:aws:s3:::{pair.destination}"]
    who = user(root, "blind", [allow("s3:*", buckets), allow("s3:PutObject", f"{buckets[0]}/*")])
    refusals = []
    for key in (KEY, ABSENT):
        with pytest.raises(Refused) as refused:
            answered(pair, who, "GET", path, bucket=pair.source, key=key, timeout="0")
        text = refused.value.text.replace(key, "KEY")
        refusals.append((refused.value.status, text[: text.index("<RequestId>")]))
    assert refusals[0] == refusals[1]
    assert refusals[0][0] == 403


def test_destinations_are_named_to_who_may_read_the_configuration_alone(pair: Pair, root: Person) -> None:
    """By a write that waits, by the headers of a read, and by waiting: an uploader needs not know where copies are."""
    objects = allow(["s3:PutObject", "s3:GetObject"], f"arn:aws:s3:::{pair.source}/*")
    configuration = allow("s3:GetReplicationConfiguration", f"arn:aws:s3:::{pair.source}")
    for statements, shown in (([objects], False), ([objects, configuration], True)):
        who = user(root, "uploader", statements)
        client = who.client()
        for operation, header, value in (
            ("PutObject", "x-farshore-replication-wait", "60"),
            ("GetObject", "x-farshore-replication-status", "true"),
            ("HeadObject", "x-farshore-replication-status", "true"),
        ):
            register(client, operation, header, value)
        put = named(client.put_object(Bucket=pair.source, Key="secret/written", Body=b"x"))
        assert put["x-farshore-replication"] == "COMPLETED", "how it went they are told"
        for answer in (
            put,
            *(named(read(Bucket=pair.source, Key=KEY)) for read in (client.get_object, client.head_object)),
        ):
            assert ("x-farshore-replication-1" in answer) is shown
            assert (pair.destination in str(answer)) is shown
        found = json.loads(answered(pair, who, "GET", "/-/replication/wait", bucket=pair.source, key=KEY, timeout="0"))
        assert (found["settled"], found["arrived"]) == (True, True)
        assert [each["destination"] for each in found["destinations"]] == ([pair.destination] if shown else [])


def register(client: Any, operation: str, header: str, value: str) -> None:
    """Let a client send a header with every request of an operation."""

    def add(request: Any, **_: Any) -> None:
        request.headers[header] = value

    client.meta.events.register(f"before-sign.s3.{operation}", add)


def named(answer: dict[str, Any]) -> dict[str, str]:
    """The server's own headers of an answer."""
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    return {name: value for name, value in headers.items() if name.startswith("x-farshore-")}


def test_what_the_role_may_do_is_shown_in_a_preview_to_who_may_pass_it(pair: Pair, root: Person) -> None:
    needs = allowed(pair, QUESTIONS["preview"][1])
    passes = allow("iam:PassRole", ensure_role(pair.s3))
    for statements, shown in ((needs, False), ([*needs, passes], True)):
        found = json.loads(QUESTIONS["preview"][0](pair, user(root, "plans", statements)))
        (destination,) = found["destinations"]
        assert bool(destination["role"]) is shown
        assert found["valid"]
