"""Which signatures hold: AWS's published examples, and whatever botocore signs, however it is escaped on the wire."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict
from tests.support.signing import ACCESS_KEY_ID, SECRET, Sent, Server, amz_time, presign, sign

from farshore.auth.request_credentials import read_credentials, repeated_parameter
from farshore.auth.sigv4 import VerifiedSignature, Verifier, canonical_path, canonical_query
from farshore.model.errors import S3Error, SignatureDoesNotMatch
from farshore.model.query import Query
from farshore.wire.addressing import parse_query

EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
HOSTILE = "aZ09/ +%~*'!()-._&=?#;:@,$\"<>\\^`{|}[]\t\x7fäß€日\u0301😀"
KEYS = st.one_of(
    st.text(st.sampled_from(HOSTILE), min_size=1, max_size=24),
    st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12),
    st.sampled_from(["a//b", "/", "//", "./a", "../../etc", "a/../b", "%2F", "%41", "+", "a+b c", "~", "x/"]),
)
NAMES = KEYS.filter(lambda name: name != "Signature" and not name.startswith("X-Amz-"))
PARAMS = st.dictionaries(NAMES, st.one_of(st.just(""), KEYS), max_size=4)
VALUES = st.text(st.sampled_from("abcXYZ019-_=;,/ "), max_size=20)
FAST = settings(max_examples=150, deadline=None)


def _published(
    method: str, path: str, query: str, headers: dict[str, str], signature: str, payload: bytes | None = b""
) -> VerifiedSignature:
    """Verify one of the examples of "Authenticating Requests", all of which are of the same second."""
    sent = {"Host": "examplebucket.s3.amazonaws.com", "x-amz-date": "20130524T000000Z", **headers}
    if payload is not None:
        sent["x-amz-content-sha256"] = hashlib.sha256(payload).hexdigest()
    signed = ";".join(sorted(name.lower() for name in sent))
    sent["Authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY_ID}/20130524/us-east-1/s3/aws4_request,"
        f"SignedHeaders={signed},Signature={signature}"
    )
    return Server().verify(Sent(method=method, path=path, query=query, headers=tuple(sent.items())))


@pytest.mark.parametrize(
    ("method", "path", "query", "headers", "payload", "signature"),
    [
        pytest.param(
            "GET", "/test.txt", "", {"Range": "bytes=0-9"}, b"",
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41", id="GET Object",
        ),
        pytest.param(
            "PUT", "/test$file.text", "",
            {"Date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"},
            b"Welcome to Amazon S3.",
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd", id="PUT Object",
        ),
        pytest.param(
            "GET", "/", "lifecycle", {}, b"",
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543", id="GET Bucket Lifecycle",
        ),
        pytest.param(
            "GET", "/", "max-keys=2&prefix=J", {}, b"",
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7", id="GET Bucket",
        ),
    ],
)  # fmt: skip
def test_the_published_examples_of_header_signatures_hold(
    method: str, path: str, query: str, headers: dict[str, str], payload: bytes, signature: str
) -> None:
    verified = _published(method, path, query, headers, signature, payload)
    assert verified.signature == signature
    assert verified.scope == "20130524/us-east-1/s3/aws4_request"
    assert verified.amz_date == "20130524T000000Z"


def test_the_published_example_of_a_presigned_url_holds_for_its_day_and_not_longer() -> None:
    sent = Sent(
        path="/test.txt",
        query="X-Amz-Algorithm=AWS4-HMAC-SHA256"
        "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
        "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
        "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
        headers=(("Host", "examplebucket.s3.amazonaws.com"),),
    )
    Server().verify(sent, age_s=86400)
    with pytest.raises(S3Error, match="Request has expired"):
        Server().verify(sent, age_s=86401)


@FAST
@given(key=KEYS, params=PARAMS, value=VALUES, body=st.binary(max_size=32))
def test_what_botocore_signs_by_header_holds(key: str, params: dict[str, str], value: str, body: bytes) -> None:
    sent = sign(
        "PUT",
        "/bucket/" + quote(key, safe="/~"),
        params=params,
        headers={"Content-Type": "text/plain", "x-amz-meta-a": value},
        body=body,
    )
    query = "&".join(f"{quote(name, safe='')}={quote(text, safe='')}" for name, text in params.items())
    Server().verify(replace(sent, query=query))


@FAST
@given(key=KEYS, params=PARAMS, expires_s=st.integers(1, 604800), signed_header=st.booleans())
def test_what_botocore_signs_by_query_holds(
    key: str, params: dict[str, str], expires_s: int, signed_header: bool
) -> None:
    query = "&".join(f"{quote(name, safe='')}={quote(text, safe='')}" for name, text in params.items() if text)
    sent = presign(
        "PUT",
        "/bucket/" + quote(key, safe="/~"),
        query=query,
        expires_s=expires_s,
        headers={"Content-Type": "text/plain"} if signed_header else {},
    )
    Server().verify(sent, age_s=expires_s)


def _lower_escapes(text: str) -> str:
    return "".join(f"%{ord(char):02x}" if ord(char) < 128 else quote(char).lower() for char in text)


ESCAPINGS: list[Callable[[str], str]] = [
    lambda text: quote(text, safe="/"),
    lambda text: quote(text, safe="/~!*'()$,;:@"),
    lambda text: quote(text, safe="/~").replace("~", "%7e").replace("-", "%2D"),
    lambda text: "/".join(_lower_escapes(part) for part in text.split("/")),
]


@pytest.mark.parametrize("escape", ESCAPINGS)
@FAST
@given(key=KEYS)
def test_a_path_holds_however_its_client_escapes_it(escape: Callable[[str], str], key: str) -> None:
    sent = sign(path="/bucket/" + quote(key, safe="/~"))
    Server().verify(replace(sent, path="/bucket/" + escape(key)))


@pytest.mark.parametrize("escape", [*ESCAPINGS, lambda text: quote(text, safe="").replace("%20", "+")])
@FAST
@given(params=PARAMS)
def test_a_query_holds_however_its_client_escapes_and_orders_it(
    escape: Callable[[str], str], params: dict[str, str]
) -> None:
    sent = sign(params=params)
    parts = [f"{escape(name)}={escape(value)}" if value else escape(name) for name, value in params.items()]
    Server().verify(replace(sent, query="&".join(reversed(parts))))


@pytest.mark.parametrize(
    ("raw_path", "canonical"),
    [
        ("", "/"),
        ("/", "/"),
        ("/a/b", "/a/b"),
        ("//a//b/", "//a//b/"),
        ("/a/./b/../c", "/a/./b/../c"),
        ("/a b+c", "/a%20b%2Bc"),
        ("/a%20b%2bc", "/a%20b%2Bc"),
        ("/a%2Fb", "/a/b"),
        ("/%41%7E%2d", "/A~-"),
        ("/%2541", "/%2541"),
        ("/%zz%", "/%25zz%25"),
        ("/ä", "/%C3%A4"),
        ("/\udcff", "/%FF"),
        ("/%00%7F%80", "/%00%7F%80"),
        ("/'()*!", "/%27%28%29%2A%21"),
    ],
)
def test_a_path_is_escaped_once_and_never_normalised(raw_path: str, canonical: str) -> None:
    assert canonical_path(raw_path) == canonical
    assert canonical_path(canonical) == canonical


@pytest.mark.parametrize(
    ("raw_query", "canonical"),
    [
        ("", ""),
        ("acl", "acl="),
        ("acl=", "acl="),
        ("b=2&a=1", "a=1&b=2"),
        ("a=2&a=1&a=10", "a=1&a=10&a=2"),
        ("a-b=1&a=1&a.b=1", "a=1&a-b=1&a.b=1"),
        ("B=1&a=1", "B=1&a=1"),
        ("a=1&&b=2&", "a=1&b=2"),
        ("=x", "=x"),
        ("a=b=c", "a=b%3Dc"),
        ("prefix=a/b", "prefix=a%2Fb"),
        ("prefix=a%2fb", "prefix=a%2Fb"),
        ("prefix=a+b%2B", "prefix=a%20b%2B"),
        ("k%65y=%7e", "key=~"),
        ("X-Amz-Signature=x&a=1", "X-Amz-Signature=x&a=1"),
    ],
)
def test_a_query_is_escaped_once_and_sorted(raw_query: str, canonical: str) -> None:
    assert canonical_query(parse_query(raw_query)) == canonical
    assert canonical_query(parse_query(canonical)) == canonical


@pytest.mark.parametrize("raw_query", ["X-Amz-Signature=x&a=1", "a=1&X-Amz-Signature", "X%2DAmz-Signatur%65=1&a=1"])
def test_a_presigned_query_is_canonical_without_its_signature(raw_query: str) -> None:
    assert canonical_query(parse_query(raw_query), without_signature=True) == "a=1"


def test_every_escaped_byte_has_one_canonical_form() -> None:
    for byte in range(256):
        expected = quote(bytes([byte]), safe="-._~")
        for raw in (f"%{byte:02X}", f"%{byte:02x}", expected):
            assert canonical_path(f"/a{raw}") == ("/a/" if byte == ord("/") else f"/a{expected}")
            if byte < 0x80:  # Others are no text of their own, and refused as such.
                assert canonical_query(parse_query(f"{raw}={raw}")) == f"{expected}={expected}"


@FAST
@given(text=st.text(st.characters(exclude_categories=("Cs",)), max_size=40))
def test_canonical_forms_are_those_of_the_decoded_text(text: str) -> None:
    assert canonical_path("/" + quote(text, safe="/~")) == "/" + quote(text, safe="/~")
    assert canonical_query(Query([("k", text)])) == "k=" + quote(text, safe="-._~")


@pytest.mark.parametrize("text", ["a" * 200_000 + "!", "%2F" * 60_000 + "%", "a%" * 60_000, "a%2fb" * 40_000])
@pytest.mark.timeout(60)
def test_long_hostile_urls_take_linear_time(text: str) -> None:
    assert canonical_path("/" + text).startswith("/")
    assert canonical_query(Query([(text, text)]))


@FAST
@given(st.data(), st.lists(st.tuples(NAMES, KEYS | st.just("")), max_size=4))
def test_two_queries_that_are_signed_alike_are_read_alike(data: st.DataObject, pairs: list[tuple[str, str]]) -> None:
    """Whatever the order and the escapes: for all parameters that are there once."""
    shuffled = data.draw(st.permutations(pairs))
    escaped = [
        tuple(data.draw(st.sampled_from([_escaped, _least_escaped]))(text) for text in pair) for pair in shuffled
    ]
    raw_query = data.draw(st.sampled_from(["&", "&&"])).join("=".join(pair) for pair in escaped)
    read, signed = parse_query(raw_query), Query(pairs)
    assert sorted(read.pairs) == sorted(pairs)
    assert canonical_query(read) == canonical_query(signed)
    assert repeated_parameter(read) is not None or read == signed


@FAST
@given(st.lists(st.lists(st.tuples(st.sampled_from(["a", "A", "b&", "%61", ""]), KEYS), max_size=3), max_size=4))
def test_two_queries_that_are_read_differently_are_signed_differently(queries: list[list[tuple[str, str]]]) -> None:
    canonical = {canonical_query(Query(pairs)) for pairs in queries}
    assert len(canonical) == len({tuple(sorted(pairs)) for pairs in queries})


def _escaped(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode())


def _least_escaped(text: str) -> str:
    return quote(text, safe="/?:@!$'()*,;~").replace("%20", "+")


@pytest.mark.parametrize(
    ("sent_value", "signed_value"),
    [("a  b   c", "a b c"), ("  a b ", "a b"), ('"a   b"', '"a b"'), ("", ""), ("a", "a  ")],
)
def test_header_values_are_trimmed_and_runs_of_spaces_are_one(sent_value: str, signed_value: str) -> None:
    sent = sign(headers={"x-amz-meta-a": signed_value})
    Server().verify(sent.with_header("X-Amz-Meta-A", sent_value))


def test_repeated_headers_are_joined_by_commas_in_the_order_sent() -> None:
    sent = sign(headers={"x-amz-meta-a": "1,2,3"}).with_header("x-amz-meta-a", None)
    repeated = (("X-Amz-Meta-A", " 1"), ("x-amz-meta-a", "2 "), ("x-amz-meta-A", "3"))
    Server().verify(replace(sent, headers=(*sent.headers, *repeated)))
    with pytest.raises(SignatureDoesNotMatch):
        Server().verify(replace(sent, headers=(*sent.headers, *reversed(repeated))))


def test_a_plain_mapping_of_headers_is_read_as_a_multi_dict_is() -> None:
    sent = sign(headers={"x-amz-meta-a": "1"})
    headers = {name.lower(): value for name, value in sent.headers}
    credentials = read_credentials(CIMultiDict(sent.headers), Query())
    assert credentials is not None
    Verifier().verify(
        credentials, SECRET, method="GET", raw_path="/", query=Query(), headers=headers,
        now=credentials.timestamp, regions=("us-east-1",), services=("s3",),
    )  # fmt: skip


@pytest.mark.parametrize("name", ["Content-Encoding", "Expect", "User-Agent", "Range", "x-amzn-trace-id"])
def test_a_header_that_was_not_signed_may_change_unless_it_is_amazons(name: str) -> None:
    Server().verify(sign().with_header(name, "anything"))


SIGNED = replace(
    sign("PUT", "/bucket/a-key", params={"partNumber": "7", "uploadId": "Xy"}, headers={"x-amz-meta-a": "value"}),
    query="partNumber=7&uploadId=Xy",
)
PRESIGNED = presign("PUT", "/bucket/a-key", query="uploadId=Xy", headers={"Content-Type": "text/plain"})


def _other(char: str) -> str:
    return "b" if char == "a" else "a"


def _flips(text: str) -> list[str]:
    return [text[:at] + _other(text[at]) + text[at + 1 :] for at in range(len(text))]


@pytest.mark.parametrize("sent", [SIGNED, PRESIGNED], ids=["header", "query"])
def test_a_changed_byte_in_what_was_signed_breaks_the_signature(sent: Sent) -> None:
    Server().verify(sent)
    changed = [replace(sent, method=method) for method in ("GET", "put", "PUTT")]
    changed += [replace(sent, path=path) for path in _flips(sent.path)]
    changed += [replace(sent, query=query) for query in _flips(sent.query)]
    signed = set(sent.credentials().signed_headers)
    for name, value in sent.headers:
        if name.lower() in signed:
            changed += [sent.with_header(name, other) for other in (*_flips(value), f"{value}a", "")]
    for each in changed:
        # Where a changed byte makes the credentials unreadable, they are refused before they are compared.
        with pytest.raises(S3Error):
            Server().verify(each)


def test_every_digit_of_a_signature_counts() -> None:
    authorization = SIGNED.header("Authorization")
    head, _, signature = authorization.rpartition("Signature=")
    others = (*_flips(signature), signature[:-1], signature + "0", signature.upper(), "", "é", "\udcff")
    for other in others:
        if other != signature:
            with pytest.raises(SignatureDoesNotMatch):
                Server().verify(SIGNED.with_header("Authorization", f"{head}Signature={other}"))


def test_a_signature_holds_for_its_own_secret_only_even_when_keys_are_remembered() -> None:
    verifier = Verifier()
    Server(verifier=verifier).verify(SIGNED)
    with pytest.raises(SignatureDoesNotMatch):
        Server(verifier=verifier, secret=SECRET.lower()).verify(SIGNED)
    Server(verifier=verifier).verify(SIGNED)


def test_a_verifier_goes_on_when_it_has_seen_more_keys_than_it_remembers() -> None:
    verifier = Verifier()
    for number in range(4200):
        with pytest.raises(SignatureDoesNotMatch):
            Server(verifier=verifier, secret=f"other-{number}").verify(SIGNED)
    Server(verifier=verifier).verify(SIGNED)


def test_a_mismatch_shows_what_should_have_been_signed() -> None:
    sent = replace(SIGNED, path="/bucket/b-key")
    with pytest.raises(SignatureDoesNotMatch) as refused:
        Server().verify(sent)
    error = refused.value
    date = sent.header("x-amz-date")
    canonical = "\n".join(
        (
            "PUT", "/bucket/b-key", "partNumber=7&uploadId=Xy", f"host:{sent.header('host')}",
            f"x-amz-content-sha256:{EMPTY_SHA256}", f"x-amz-date:{date}", "x-amz-meta-a:value", "",
            "host;x-amz-content-sha256;x-amz-date;x-amz-meta-a", EMPTY_SHA256,
        )
    )  # fmt: skip
    to_sign = "\n".join(
        (
            "AWS4-HMAC-SHA256", date, f"{date[:8]}/us-east-1/s3/aws4_request",
            hashlib.sha256(canonical.encode()).hexdigest(),
        )
    )  # fmt: skip
    assert error.status == 403
    assert error.message == (
        "The request signature we calculated does not match the signature you provided. Check your key and signing "
        "method."
    )
    assert error.details == {
        "AWSAccessKeyId": ACCESS_KEY_ID,
        "StringToSign": to_sign,
        "SignatureProvided": sent.credentials().signature,
        "StringToSignBytes": " ".join(f"{byte:02x}" for byte in to_sign.encode()),
        "CanonicalRequest": canonical,
        "CanonicalRequestBytes": " ".join(f"{byte:02x}" for byte in canonical.encode()),
    }


def test_a_service_without_the_payload_header_is_verified_with_the_bodys_own_hash() -> None:
    body = b"Action=GetUser&Version=2010-05-08"
    sent = sign("POST", "/", headers={"Content-Type": "application/x-www-form-urlencoded"}, body=body, service="iam")
    server = Server(services=("iam",))
    assert sent.credentials().payload_hash == ""
    server.verify(sent, payload_hash=hashlib.sha256(body).hexdigest())
    with pytest.raises(SignatureDoesNotMatch):
        server.verify(sent, payload_hash=EMPTY_SHA256)


def test_a_verified_signature_signs_with_the_requests_own_key() -> None:
    verified = _published(
        "GET", "/test.txt", "", {"Range": "bytes=0-9"},
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    )  # fmt: skip
    to_sign = "\n".join(
        (
            "AWS4-HMAC-SHA256", verified.amz_date, verified.scope,
            hashlib.sha256(verified.canonical_request).hexdigest(),
        )
    )  # fmt: skip
    assert verified.sign(to_sign.encode()) == verified.sign(to_sign.encode()) == verified.signature
    assert amz_time(verified.amz_date).year == 2013
