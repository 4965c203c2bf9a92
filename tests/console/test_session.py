"""The console's HTTP: the page with its security headers, and the session that it speaks to the APIs with."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from typing import Any

import boto3
import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from farshore.console.built_page import DIST
from tests.support.server import Server

SESSION = "/-/console/session"
GUARD = {"X-Farshore-Console": "1"}
HTML = {"Accept": "text/html,application/xhtml+xml"}


class Answer:
    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def cookie(self) -> str:
        """`name=value` of the cookie that is set."""
        return self.headers["Set-Cookie"].partition(";")[0]


def ask(server: Server, method: str, path: str, headers: Mapping[str, str] | None = None) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        connection.request(method, path, headers=dict(headers or {}))
        return Answer(connection.getresponse())
    finally:
        connection.close()


def sign_in(server: Server, secret: str = "", headers: Mapping[str, str] = GUARD, token: str | None = None) -> Answer:
    """POST for a session, signed with the root's key (or its id and another secret)."""
    return ask(server, "POST", SESSION, signed(server, "POST", server.access_key_id, secret, headers, token))


def signed(
    server: Server,
    method: str,
    key_id: str,
    secret: str = "",
    headers: Mapping[str, str] = GUARD,
    token: str | None = None,
) -> dict[str, str]:
    credentials = Credentials(key_id, secret or server.secret_access_key, token)
    request = AWSRequest(method=method, url=f"{server.endpoint}{SESSION}", headers=dict(headers))
    S3SigV4Auth(credentials, "s3", "us-east-1").add_auth(request)
    return dict(request.headers)


def client_of(server: Server, grant: Mapping[str, Any], service: str = "s3") -> Any:
    given = grant["Credentials"]
    return boto3.client(
        service,
        region_name="us-east-1",
        endpoint_url=server.endpoint,
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )


def test_a_browser_that_opens_the_server_is_sent_to_the_console(server: Server) -> None:
    answer = ask(server, "GET", "/", HTML)
    assert (answer.status, answer.headers["Location"]) == (302, "/-/console/")
    assert ask(server, "GET", "/-/console", HTML).headers["Location"] == "/-/console/"


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="a client that asks for no HTML"),
        pytest.param(HTML | {"Authorization": "AWS4-HMAC-SHA256 nonsense"}, id="signed"),
        pytest.param(HTML | {"Host": "some-bucket.localhost"}, id="a bucket's own host"),
    ],
)
def test_who_speaks_s3_is_not_sent_to_the_console(server: Server, headers: Mapping[str, str]) -> None:
    answer = ask(server, "GET", "/", headers)
    assert answer.status in (400, 403, 404)
    assert answer.headers["Content-Type"] == "application/xml"


def test_the_page_allows_nothing_from_elsewhere(server: Server) -> None:
    answer = ask(server, "GET", "/-/console/", HTML)
    assert answer.status == 200
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_any_address_inside_of_the_page_is_the_page(server: Server) -> None:
    page = ask(server, "GET", "/-/console/").body
    assert ask(server, "GET", "/-/console/buckets/photos?tab=management").body == page
    assert ask(server, "GET", "/-/console/assets/none.js").status == 404
    assert ask(server, "GET", "/-/console/assets/..%2f..%2fhandler.py").status == 404
    assert ask(server, "POST", "/-/console/").status == 405


def test_assets_are_kept_for_ever_and_sent_compressed(server: Server) -> None:
    script = max(DIST.glob("assets/*.js"), key=lambda path: path.stat().st_size)
    path = f"/-/console/assets/{script.name}"
    plain, packed = ask(server, "GET", path), ask(server, "GET", path, {"Accept-Encoding": "gzip, br"})
    assert plain.body == script.read_bytes()
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.body) < len(plain.body) / 2
    assert "immutable" in plain.headers["Cache-Control"]
    assert ask(server, "GET", path, {"If-None-Match": plain.headers["ETag"]}).status == 304


def test_a_signed_request_opens_a_session_whose_credentials_the_apis_take(server: Server) -> None:
    answer = sign_in(server)
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    grant = answer.json
    assert grant["Arn"] == f"arn:aws:iam::{grant['Account']}:root"
    assert grant["Regions"] == ["us-east-1", "us-west-2", "eu-west-1"]
    assert grant["Credentials"]["AccessKeyId"].startswith("ASIA")
    assert "Buckets" in client_of(server, grant).list_buckets()


def test_who_signed_in_may_call_iam_which_credentials_of_get_session_token_may_not(server: Server) -> None:
    assert "Users" in client_of(server, sign_in(server).json, "iam").list_users()
    given = server.client("sts").get_session_token()["Credentials"]
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        client_of(server, {"Credentials": given}, "iam").list_users()


def test_a_key_that_works_no_more_resumes_no_session(server: Server) -> None:
    iam = server.client("iam")
    iam.create_user(UserName="console-leaver")
    key = iam.create_access_key(UserName="console-leaver")["AccessKey"]
    opened = ask(server, "POST", SESSION, signed(server, "POST", key["AccessKeyId"], key["SecretAccessKey"]))
    assert opened.json["Arn"].endswith(":user/console-leaver")
    cookie = GUARD | {"Cookie": opened.cookie}
    assert ask(server, "GET", SESSION, cookie).status == 200
    iam.update_access_key(UserName="console-leaver", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    assert ask(server, "GET", SESSION, cookie).status == 204


def test_the_cookie_is_for_the_session_alone_and_out_of_reach_of_scripts(server: Server) -> None:
    cookie = sign_in(server).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert f"Path={SESSION}" in cookie
    assert server.access_key_id not in cookie


def test_a_page_that_is_loaded_anew_gets_credentials_by_its_cookie(server: Server) -> None:
    opened = sign_in(server)
    resumed = ask(server, "GET", SESSION, GUARD | {"Cookie": opened.cookie})
    assert resumed.status == 200
    assert resumed.json["Credentials"]["AccessKeyId"] != opened.json["Credentials"]["AccessKeyId"]
    assert "Buckets" in client_of(server, resumed.json).list_buckets()


@pytest.mark.parametrize("cookie", ["", "farshore-console=", "farshore-console=AAAA", "farshore-console=%%%"])
def test_without_a_session_there_is_nothing_to_resume(server: Server, cookie: str) -> None:
    answer = ask(server, "GET", SESSION, GUARD | {"Cookie": cookie})
    assert (answer.status, answer.body) == (204, b"")


def test_a_changed_cookie_is_no_session(server: Server) -> None:
    name, _, value = sign_in(server).cookie.partition("=")
    other = ("B" if value[20] != "B" else "C").join((value[:20], value[21:]))
    assert ask(server, "GET", SESSION, GUARD | {"Cookie": f"{name}={other}"}).status == 204


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_what_another_sites_page_can_send_is_refused(server: Server, method: str) -> None:
    """A form or an image of another site brings no header of its own, and no preflight is answered."""
    cookie = {"Cookie": sign_in(server).cookie}
    answer = ask(server, method, SESSION, signed(server, method, server.access_key_id, headers=cookie))
    assert (answer.status, answer.json["code"]) == (403, "AccessDenied")
    preflight = ask(
        server, "OPTIONS", SESSION, {"Origin": "http://evil.example", "Access-Control-Request-Method": "GET"}
    )
    assert preflight.status == 405
    assert "Access-Control-Allow-Origin" not in preflight.headers


@pytest.mark.parametrize(
    ("secret", "code"), [pytest.param("another secret", "SignatureDoesNotMatch", id="a wrong secret")]
)
def test_a_key_that_does_not_hold_opens_no_session(server: Server, secret: str, code: str) -> None:
    answer = sign_in(server, secret)
    assert (answer.status, answer.json["code"]) == (403, code)
    assert "Set-Cookie" not in answer.headers


def test_an_unsigned_request_opens_no_session(server: Server) -> None:
    answer = ask(server, "POST", SESSION, GUARD)
    assert (answer.status, answer.json["code"]) == (403, "AccessDenied")


def test_temporary_credentials_open_no_session(server: Server) -> None:
    given = sign_in(server).json["Credentials"]
    headers = signed(server, "POST", given["AccessKeyId"], given["SecretAccessKey"], GUARD, given["SessionToken"])
    answer = ask(server, "POST", SESSION, headers)
    assert (answer.status, answer.json["code"]) == (403, "AccessDenied")


def test_the_apis_never_take_the_cookie(server: Server) -> None:
    bucket = "console-cookie"
    server.client().create_bucket(Bucket=bucket)
    answer = ask(server, "GET", f"/{bucket}", {"Cookie": sign_in(server).cookie})
    assert answer.status == 403
    assert b"<Code>AccessDenied</Code>" in answer.body


def test_signing_out_ends_the_session_for_every_copy_of_its_cookie(server: Server) -> None:
    opened, other = sign_in(server), sign_in(server)
    ended = ask(server, "DELETE", SESSION, GUARD | {"Cookie": opened.cookie})
    assert ended.status == 204
    assert 'farshore-console=""' in ended.headers["Set-Cookie"]
    assert "Max-Age=0" in ended.headers["Set-Cookie"]
    assert ask(server, "GET", SESSION, GUARD | {"Cookie": opened.cookie}).status == 204
    assert ask(server, "DELETE", SESSION, GUARD | {"Cookie": opened.cookie}).status == 204
    assert ask(server, "GET", SESSION, GUARD | {"Cookie": other.cookie}).status == 200


def test_an_object_that_a_browser_opens_as_a_page_gets_an_origin_of_its_own(server: Server) -> None:
    """Else a script that somebody uploaded would run beside a signed-in console."""
    client = server.client()
    client.create_bucket(Bucket="console-pages")
    client.put_object(Bucket="console-pages", Key="page.html", Body=b"<script>1</script>", ContentType="text/html")
    url = client.generate_presigned_url("get_object", {"Bucket": "console-pages", "Key": "page.html"})
    path = url.removeprefix(server.endpoint)
    for asks in (HTML, {"Sec-Fetch-Dest": "object", "Accept": "*/*"}, {"User-Agent": "Mozilla/5.0 (X11)"}):
        policy = ask(server, "GET", path, asks).headers["Content-Security-Policy"]
        assert policy.startswith("sandbox "), "also as an <object>, and out of the cache of what was fetched"
        assert "allow-same-origin" not in policy
    assert "Content-Security-Policy" not in ask(server, "GET", path).headers, "what a client of S3 gets is S3's alone"
