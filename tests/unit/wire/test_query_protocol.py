"""The query protocol, against botocore's own serializer and parser."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

import botocore.session
import pytest
from botocore.parsers import QueryParser
from botocore.serialize import QuerySerializer

from farshore.model.query_errors import (
    InvalidAction,
    MalformedQueryString,
    MissingAction,
    NoSuchEntity,
    ServiceUnavailable,
    ValidationError,
)
from farshore.wire.query_form import DEPTH_MAX, PARAMETERS_MAX, read_form
from farshore.wire.query_protocol import QueryModel, load
from farshore.wire.shapes import load_definition

SESSION = botocore.session.Session()
BOTOCORE = {service: SESSION.get_service_model(service) for service in ("iam", "sts")}
OPERATIONS = [(service, name) for service, model in BOTOCORE.items() for name in model.operation_names]
CONSTRAINTS = ("pattern", "min", "max", "enum")


@pytest.fixture(scope="module")
def iam() -> QueryModel:
    return load("iam")


@pytest.fixture(scope="module")
def sts() -> QueryModel:
    return load("sts")


@pytest.fixture(scope="module")
def unconstrained() -> dict[str, QueryModel]:
    """The models without constraints, so that any text is a value."""
    models: dict[str, QueryModel] = {}
    for service in BOTOCORE:
        definition = load_definition(service)
        shapes = {
            name: {key: value for key, value in traits.items() if key not in CONSTRAINTS}
            for name, traits in definition.shapes.items()
        }
        models[service] = QueryModel(dataclasses.replace(definition, shapes=shapes), definition.patches["version"])
    return models


def sample(shape: Any, numbers: Iterator[int], depth: int = 0) -> Any:
    """A value of a botocore shape with every member that is not too deep, each text different."""
    match shape.type_name:
        case "structure":
            if depth > 4:
                return {}
            return {name: sample(member, numbers, depth + 1) for name, member in shape.members.items()}
        case "list":
            return [] if depth > 4 else [sample(shape.member, numbers, depth + 1) for _ in range(2)]
        case "map":
            return {sample(shape.key, numbers, depth + 1): sample(shape.value, numbers, depth + 1) for _ in range(2)}
        case "integer" | "long":
            return next(numbers)
        case "double" | "float":
            return float(next(numbers))
        case "boolean":
            return next(numbers) % 2 == 0
        case "timestamp":
            return datetime(2026, 11, 24, 14, 0, next(numbers) % 60, tzinfo=UTC)
        case "blob":
            return bytes([next(numbers) % 256, 255])
        case _:
            return f"täxt&<{next(numbers)}>=+ %'\"é"


def form_of(parameters: dict[str, Any]) -> bytes:
    return urlencode(parameters).encode()


@pytest.mark.parametrize(("service", "name"), OPERATIONS)
def test_what_botocore_sends_is_read_back(unconstrained: dict[str, QueryModel], service: str, name: str) -> None:
    operation = BOTOCORE[service].operation_model(name)
    params = {} if operation.input_shape is None else sample(operation.input_shape, itertools.count(1))
    sent = QuerySerializer().serialize_to_request(params, operation)["body"]
    model, form = unconstrained[service], read_form(form_of(sent))
    found = model.operation(form)
    assert (found.service, found.name) == (service, name)
    assert model.parse(found, form) == params


@pytest.mark.parametrize(("service", "name"), OPERATIONS)
def test_what_is_answered_botocore_reads_back(unconstrained: dict[str, QueryModel], service: str, name: str) -> None:
    operation = BOTOCORE[service].operation_model(name)
    output = {} if operation.output_shape is None else sample(operation.output_shape, itertools.count(1))
    model = unconstrained[service]
    wire = model.serialize(model.operations[name], output, "REQUEST1")
    response = {"status_code": wire.status, "headers": dict(wire.headers), "body": wire.body}
    read = QueryParser().parse(response, operation.output_shape)
    assert read.pop("ResponseMetadata")["RequestId"] == "REQUEST1"
    assert read == url_encoded(operation.output_shape, output)


def url_encoded(shape: Any, value: Any) -> Any:
    """The value with policy documents percent-encoded, as the parser leaves them."""
    if shape is None:
        return value
    match shape.type_name:
        case "structure":
            return {name: url_encoded(shape.members[name], one) for name, one in value.items()}
        case "list":
            return [url_encoded(shape.member, one) for one in value]
        case "string" if shape.name == "policyDocumentType":
            return quote(value, safe="")
        case _:
            return value


def test_an_answer_is_aws_documents_form(iam: QueryModel) -> None:
    user = {
        "Path": "/",
        "UserName": "ann",
        "UserId": "AIDA1",
        "Arn": "arn:aws:iam::1:user/ann",
        "CreateDate": 1_795_528_800_123_456,
        "Tags": [],
    }
    wire = iam.serialize(iam.operations["CreateUser"], {"User": user}, "R1")
    assert wire.body.decode() == (
        '<CreateUserResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><CreateUserResult><User><Path>/</Path>'
        "<UserName>ann</UserName><UserId>AIDA1</UserId><Arn>arn:aws:iam::1:user/ann</Arn>"
        "<CreateDate>2026-11-24T14:00:00Z</CreateDate><Tags></Tags></User></CreateUserResult>"
        "<ResponseMetadata><RequestId>R1</RequestId></ResponseMetadata></CreateUserResponse>"
    )
    assert dict(wire.headers) == {"Content-Type": "text/xml", "x-amzn-RequestId": "R1"}


@pytest.mark.parametrize(
    ("error", "status", "fault"),
    [(NoSuchEntity("a <b> & c"), 404, "Sender"), (ServiceUnavailable("x"), 503, "Receiver")],
)
def test_botocore_reads_code_message_and_type_of_an_error(iam: QueryModel, error: Any, status: int, fault: str) -> None:
    wire = iam.serialize_error(error, "R2")
    read = QueryParser().parse({"status_code": wire.status, "headers": dict(wire.headers), "body": wire.body}, None)
    assert read["Error"] == {"Type": fault, "Code": error.code, "Message": error.message}
    assert read["ResponseMetadata"]["RequestId"] == "R2"
    assert wire.status == status


def parse(model: QueryModel, action: str, **parameters: Any) -> dict[str, Any]:
    form = read_form(form_of({"Action": action, "Version": model.version, **parameters}))
    return model.parse(model.operation(form), form)


def refusal(model: QueryModel, action: str, **parameters: Any) -> str:
    with pytest.raises(ValidationError) as refused:
        parse(model, action, **parameters)
    return refused.value.message


@pytest.mark.parametrize(
    ("action", "parameters", "message"),
    [
        (
            "GetPolicyVersion",
            {"PolicyArn": "arn:aws:iam::aws:policy/A", "VersionId": "1"},
            "1 validation error detected: Value at 'versionId' failed to satisfy constraint: Member must satisfy "
            "regular expression pattern: v[1-9][0-9]*(\\.[A-Za-z0-9-]*)?",
        ),
        (
            "CreateRole",
            {"RoleName": "a/b", "AssumeRolePolicyDocument": "{}"},
            "The specified value for roleName is invalid. It must contain only alphanumeric characters and/or the "
            "following: +=,.@_-",
        ),
        (
            "CreateRole",
            {"RoleName": "x" * 65, "AssumeRolePolicyDocument": "{}"},
            "1 validation error detected: Value at 'roleName' failed to satisfy constraint: Member must have length "
            "less than or equal to 64",
        ),
        (
            "CreateRole",
            {"RoleName": "a", "AssumeRolePolicyDocument": "{}", "Path": "x"},
            "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric "
            "characters and/or / characters.",
        ),
        (
            "CreateRole",
            {"Path": "/", "MaxSessionDuration": "60"},
            "3 validation errors detected: Value at 'roleName' failed to satisfy constraint: Member must not be null; "
            "Value at 'assumeRolePolicyDocument' failed to satisfy constraint: Member must not be null; "
            "Value at 'maxSessionDuration' failed to satisfy constraint: Member must have value greater than or "
            "equal to 3600",
        ),
        (
            "UpdateAccessKey",
            {"AccessKeyId": "A" * 16, "Status": "On"},
            "1 validation error detected: Value at 'status' failed to satisfy constraint: Member must satisfy enum "
            "value set: [Active, Inactive, Expired]",
        ),
        (
            "TagRole",
            {"RoleName": "r", "Tags.member.1.Key": "k" * 129, "Tags.member.1.Value": ""},
            "1 validation error detected: Value at 'tags.1.member.key' failed to satisfy constraint: Member must have "
            "length less than or equal to 128",
        ),
    ],
)
def test_what_the_model_does_not_admit_is_refused_in_awss_words(
    iam: QueryModel, action: str, parameters: dict[str, str], message: str
) -> None:
    assert refusal(iam, action, **parameters) == message


def test_sts_repeats_the_value_that_it_refuses(sts: QueryModel) -> None:
    role = "arn:aws:iam::111122223333:role/r"
    assert refusal(sts, "AssumeRole", RoleArn=role, RoleSessionName="a b") == (
        "1 validation error detected: Value 'a b' at 'roleSessionName' failed to satisfy constraint: Member must "
        "satisfy regular expression pattern: [\\w+=,.@-]*"
    )
    assert refusal(sts, "AssumeRole", RoleArn=role) == (
        "1 validation error detected: Value null at 'roleSessionName' failed to satisfy constraint: Member must not be "
        "null"
    )


def test_letters_of_all_scripts_may_stand_in_tags_and_ascii_ones_alone_in_names(iam: QueryModel) -> None:
    tag = {"Tags.member.1.Key": "Größe 大", "Tags.member.1.Value": "a:b/c=d+e-f@g.h_"}
    assert parse(iam, "TagRole", RoleName="r", **tag)["Tags"] == [{"Key": "Größe 大", "Value": "a:b/c=d+e-f@g.h_"}]
    assert "tags.1.member.key" in refusal(iam, "TagRole", RoleName="r", **{**tag, "Tags.member.1.Key": "a*b"})
    assert "userName" in refusal(iam, "CreateUser", UserName="größe")


def test_items_of_a_list_come_in_the_order_of_their_numbers_and_an_empty_list_is_one(iam: QueryModel) -> None:
    keys = {"TagKeys.member.10": "c", "TagKeys.member.2": "b", "TagKeys.member.1": "a", "TagKeys.member.x": "no"}
    assert parse(iam, "UntagRole", RoleName="r", **keys)["TagKeys"] == ["a", "b", "c"]
    assert parse(iam, "UntagRole", RoleName="r", TagKeys="")["TagKeys"] == []


@pytest.mark.parametrize("text", ["", "x", "1.5", "9" * 30, "٣"])
def test_what_is_no_number_is_refused(iam: QueryModel, text: str) -> None:
    assert refusal(iam, "ListUsers", MaxItems=text)


def test_the_action_must_be_one_of_this_version(iam: QueryModel) -> None:
    with pytest.raises(InvalidAction, match="Could not find operation Frob for version 2010-05-08"):
        iam.operation(read_form(b"Action=Frob&Version=2010-05-08"))
    with pytest.raises(InvalidAction, match="Could not find operation ListUsers for version 2011-06-15"):
        iam.operation(read_form(b"Action=ListUsers&Version=2011-06-15"))
    with pytest.raises(MissingAction):
        iam.operation(read_form(b"Version=2010-05-08"))
    assert iam.operation(read_form(b"Action=ListUsers")).name == "ListUsers"


@pytest.mark.parametrize(
    "body",
    [b"Action=%ff", b"a" + b".1" * (DEPTH_MAX + 1) + b"=1", b"&".join(b"p%d=1" % i for i in range(PARAMETERS_MAX + 1))],
    ids=["not UTF-8", "too deep", "too many"],
)
def test_a_form_that_is_none_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedQueryString):
        read_form(body)


def test_of_a_parameter_sent_twice_the_first_counts() -> None:
    node = read_form(b"A=1&A=2&A.b=3").child("A")
    assert node is not None
    assert node.text == "1"
    child = node.child("b")
    assert child is not None
    assert child.text == "3"
