"""CloudWatch's three protocols, against botocore's own serializers and parsers."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import botocore.session
import pytest
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from multidict import CIMultiDict

from farshore.model import query_errors
from farshore.wire import cbor
from farshore.wire.rpc_protocol import Call, RpcModel, load

BOTOCORE = botocore.session.Session().get_service_model("cloudwatch")
PROTOCOLS = ("smithy-rpc-v2-cbor", "json", "query")
SERVED = ("GetMetricData", "GetMetricStatistics", "ListMetrics")
START, END = datetime(2026, 11, 24, 12, 0, tzinfo=UTC), datetime(2026, 11, 24, 13, 30, 5, tzinfo=UTC)
METRIC = {
    "Namespace": "AWS/S3",
    "MetricName": "ReplicationLatency",
    "Dimensions": [{"Name": "SourceBucket", "Value": "a"}, {"Name": "RuleId", "Value": "ü & b"}],
}
REQUESTS: dict[str, dict[str, Any]] = {
    "GetMetricData": {
        "MetricDataQueries": [
            {"Id": "a1", "MetricStat": {"Metric": METRIC, "Period": 60, "Stat": "Maximum"}, "ReturnData": True},
            {"Id": "b", "MetricStat": {"Metric": METRIC, "Period": 300, "Stat": "p99.9"}, "Label": "x"},
        ],
        "StartTime": START,
        "EndTime": END,
        "ScanBy": "TimestampAscending",
        "MaxDatapoints": 10,
    },
    "GetMetricStatistics": {**METRIC, "StartTime": START, "EndTime": END, "Period": 60, "Statistics": ["Sum"]},
    "ListMetrics": {"Namespace": "AWS/S3", "Dimensions": [{"Name": "RuleId"}], "IncludeLinkedAccounts": False},
}
ANSWERS: dict[str, dict[str, Any]] = {
    "GetMetricData": {
        "MetricDataResults": [
            {"Id": "a1", "Label": "x", "Timestamps": [START], "Values": [0.25], "StatusCode": "Complete"},
            {"Id": "b", "Label": "ü", "Timestamps": [], "Values": [], "StatusCode": "PartialData"},
        ],
        "NextToken": "t",
        "Messages": [],
    },
    "GetMetricStatistics": {
        "Label": "x",
        "Datapoints": [
            {"Timestamp": END, "Sum": 3.0, "Unit": "Count", "ExtendedStatistics": {"p99": 1.5}},
            {"Timestamp": START, "Sum": 1e15, "Unit": "Count"},
        ],
    },
    "ListMetrics": {"Metrics": [METRIC]},
}


@pytest.fixture(scope="module")
def model() -> RpcModel:
    return load("cloudwatch", SERVED)


def recognise(model: RpcModel, protocol: str, operation: str, params: dict[str, Any]) -> Call:
    """What the model makes of the request that botocore would send."""
    sent = create_serializer(protocol, include_validation=False).serialize_to_request(
        params, BOTOCORE.operation_model(operation)
    )
    body = sent["body"]
    raw = body if isinstance(body, bytes) else urlencode(body).encode()
    return model.recognise(sent["url_path"], b"", CIMultiDict(sent["headers"]), raw)


def parsed(protocol: str, operation: str, wire: Any) -> dict[str, Any]:
    """What botocore reads of an answer, without its metadata."""
    shape = BOTOCORE.operation_model(operation).output_shape
    answer = {"status_code": wire.status, "headers": CIMultiDict(wire.headers), "body": wire.body}
    found = create_parser(protocol).parse(answer, shape)
    del found["ResponseMetadata"]
    return found


@pytest.mark.parametrize("operation", SERVED)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_request_means_the_same_in_every_protocol(model: RpcModel, protocol: str, operation: str) -> None:
    call = recognise(model, protocol, operation, REQUESTS[operation])
    assert call.operation.name == operation
    assert model.parse(call) == REQUESTS[operation]


@pytest.mark.parametrize("operation", SERVED)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_an_answer_means_the_same_in_every_protocol(model: RpcModel, protocol: str, operation: str) -> None:
    call = recognise(model, protocol, operation, REQUESTS[operation])
    wire = model.serialize(call, in_microseconds(ANSWERS[operation]), "REQUEST")
    assert parsed(protocol, operation, wire) == ANSWERS[operation]


def in_microseconds(value: Any) -> Any:
    """An answer as services give it: times as microseconds."""
    match value:
        case datetime():
            return int(value.timestamp()) * 1_000_000
        case dict():
            return {name: in_microseconds(item) for name, item in value.items()}
        case list():
            return [in_microseconds(item) for item in value]
        case _:
            return value


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    ("error", "code"),
    [
        (query_errors.InvalidParameterValue("wrong"), "InvalidParameterValue"),
        (query_errors.InvalidParameterCombination("both"), "InvalidParameterCombination"),
        (query_errors.ValidationError("1 validation error detected: …"), "ValidationError"),
        (query_errors.AccessDenied("no"), "AccessDenied"),
        (query_errors.InternalFailure(), "InternalFailure"),
        (query_errors.NotImplemented("PutDashboard is not implemented"), "NotImplemented"),
    ],
)
def test_an_error_has_the_same_code_in_every_protocol(
    model: RpcModel, protocol: str, error: query_errors.QueryError, code: str
) -> None:
    call = recognise(model, protocol, "ListMetrics", {})
    wire = model.serialize_error(call.protocol, error, "REQUEST")
    found = parsed(protocol, "ListMetrics", wire)["Error"]
    assert (wire.status, found["Code"], found["Message"]) == (error.status, code, error.message)


def test_what_aws_has_and_is_not_served_is_refused_by_name(model: RpcModel) -> None:
    for protocol in PROTOCOLS:
        with pytest.raises(query_errors.NotImplemented, match="DescribeAlarms is not implemented"):
            recognise(model, protocol, "DescribeAlarms", {})


TARGET = "GraniteServiceVersion20100801"


@pytest.mark.parametrize(
    ("path", "headers", "body", "error"),
    [
        (f"/service/{TARGET}/operation/Nothing", {}, b"", query_errors.InvalidAction),
        ("/service/Other/operation/ListMetrics", {}, b"", query_errors.InvalidAction),
        ("/service/x", {}, b"", query_errors.InvalidAction),
        ("/", {"X-Amz-Target": "Other.ListMetrics"}, b"{}", query_errors.InvalidAction),
        ("/", {"X-Amz-Target": f"{TARGET}.ListMetrics"}, b"[]", query_errors.SerializationException),
        ("/", {"X-Amz-Target": f"{TARGET}.ListMetrics"}, b"{", query_errors.SerializationException),
        ("/", {"X-Amz-Target": f"{TARGET}.ListMetrics"}, b"[" * 100_000, query_errors.SerializationException),
        ("/", {"X-Amz-Target": f"{TARGET}.ListMetrics"}, b'{"Dimensions":{}}', query_errors.SerializationException),
        ("/", {"X-Amz-Target": f"{TARGET}.ListMetrics"}, b'{"Namespace":1}', query_errors.SerializationException),
        (f"/service/{TARGET}/operation/ListMetrics", {}, b"\xff", query_errors.SerializationException),
        ("/", {}, b"Version=2010-08-01", query_errors.MissingAction),
        ("/", {}, b"Action=ListMetrics&Version=1999-01-01", query_errors.InvalidAction),
    ],
)
def test_requests_that_are_refused(
    model: RpcModel, path: str, headers: dict[str, str], body: bytes, error: type[Exception]
) -> None:
    with pytest.raises(error):
        model.parse(model.recognise(path, b"", CIMultiDict(headers), body))


@pytest.mark.parametrize("moment", ["1e400", "-1", "1e30", "true", '"soon"'])
def test_strange_times_are_refused_or_read(model: RpcModel, moment: str) -> None:
    """Times of JSON are seconds since the epoch."""
    body = json.dumps({**REQUESTS["GetMetricStatistics"], "StartTime": 0, "EndTime": 0})
    body = body.replace('"EndTime": 0', f'"EndTime": {moment}')
    headers = CIMultiDict({"X-Amz-Target": f"{TARGET}.GetMetricStatistics"})
    if moment == "-1":
        assert model.parse(model.recognise("/", b"", headers, body.encode()))["EndTime"].year == 1969
    else:
        with pytest.raises(query_errors.SerializationException):
            model.parse(model.recognise("/", b"", headers, body.encode()))


def test_constraints_of_the_model_hold_in_every_protocol(model: RpcModel) -> None:
    for protocol in PROTOCOLS:
        with pytest.raises(query_errors.ValidationError, match="'namespace' failed to satisfy constraint"):
            model.parse(recognise(model, protocol, "ListMetrics", {"Namespace": ""}))
        with pytest.raises(query_errors.ValidationError, match="'startTime' failed to satisfy constraint"):
            model.parse(recognise(model, protocol, "GetMetricData", {"MetricDataQueries": [], "EndTime": END}))


def test_null_is_not_sent(model: RpcModel) -> None:
    body = cbor.encode({"Namespace": None, "MetricName": "x"})
    call = model.recognise(f"/service/{TARGET}/operation/ListMetrics", b"", CIMultiDict(), body)
    assert model.parse(call) == {"MetricName": "x"}
