"""The session of a page: temporary credentials for who proved, by one signed request, to have an access key.

    POST    signed with an access key: opens a session
    GET     with the cookie of a session: credentials again, for a page that was loaded anew, or before they expire
    DELETE  ends it; the credentials that it gave end by themselves, as on AWS

The page keeps the credentials in its memory alone. The cookie holds no credentials: sealed, it names the access key
that opened the session, and when the session ends. It is sent to this path only, no script can read it, and the S3,
IAM and other APIs never look at it. Every request must carry a header that a page of another origin cannot send (no
CORS is granted here), so that none can be made in the user's name.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

import msgspec
from aiohttp import web

from farshore.model.access import AccessKey, Principal
from farshore.model.errors import AccessDenied, S3Error
from farshore.model.identity import Session
from farshore.model.query import Query
from farshore.runtime import ids
from farshore.service.deployment import Deployment
from farshore.service.sessions import SIGNED_IN, seal_session
from farshore.wire.addressing import parse_query

PATH = "/-/console/session"
GUARD_HEADER = "X-Farshore-Console"
COOKIE = "farshore-console"
SESSION_S = 12 * 3600
"""From the sign-in on, however often the page is loaded."""
CREDENTIALS_S = 3600

_SESSION_NAME = "console"
"""Tells a sign-in from GetSessionToken: as on AWS, who signed in to the console may call IAM."""
_SEALED_FOR = "console session"
_COOKIE_CHARS_MAX = 1024
_UNKEPT = {"Cache-Control": "no-store"}


class Caller(Protocol):
    @property
    def principal(self) -> Principal: ...

    @property
    def session(self) -> Session | None: ...


class Authenticate(Protocol):
    """Checks the signature of a request. Raises AWS's error for credentials that do not hold."""

    def __call__(
        self, *, method: str, raw_path: str, query: Query, headers: Mapping[str, str], now_us: int
    ) -> Caller: ...


class SignIn(msgspec.Struct, frozen=True, kw_only=True):
    """What the cookie remembers. id: by which it can be ended."""

    id: str
    access_key_id: str
    expires_us: int


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(SignIn).decode


class Sessions:
    """Opens, resumes and ends sessions."""

    def __init__(self, deployment: Deployment, authenticate: Authenticate) -> None:
        self._deployment = deployment
        self._authenticate = authenticate

    async def handle(self, http: web.BaseRequest) -> web.Response:
        """Answer a request for the session; errors as JSON, with AWS's code and message."""
        try:
            if http.method not in ("GET", "POST", "DELETE"):
                return web.Response(status=405, headers={"Allow": "GET, POST, DELETE"})
            if GUARD_HEADER not in http.headers:
                raise AccessDenied(f"The request has no {GUARD_HEADER} header")
            if http.method == "POST":
                return self._open(http)
            return self._resume(http) if http.method == "GET" else await self._end(http)
        except S3Error as error:
            document = {"code": error.code, "message": error.message, **error.details}
            return web.json_response(document, status=error.status, headers=_UNKEPT)

    def _open(self, http: web.BaseRequest) -> web.Response:
        raw_path, _, raw_query = http.raw_path.partition("?")
        now_us = self._deployment.clock.now_us()
        caller = self._authenticate(
            method=http.method, raw_path=raw_path, query=parse_query(raw_query), headers=http.headers, now_us=now_us
        )
        http[SIGNED_IN] = caller.principal
        if caller.principal.anonymous or caller.session is not None:
            raise AccessDenied("Sign in with a long-lived access key")
        signed_in = SignIn(
            id=secrets.token_urlsafe(16),
            access_key_id=caller.principal.access_key_id,
            expires_us=now_us + SESSION_S * 1_000_000,
        )
        response = self._grant(http, signed_in, now_us)
        assert response is not None, "the key that signed is there"
        sealed = self._deployment.directory.seal(_encode(signed_in), _SEALED_FOR)
        response.set_cookie(
            COOKIE,
            base64.urlsafe_b64encode(sealed).decode(),
            path=PATH,
            max_age=SESSION_S,
            httponly=True,
            samesite="Strict",
            secure=http.secure,
        )
        return response

    def _resume(self, http: web.BaseRequest) -> web.Response:
        """Credentials of the session of the cookie; 204 where there is none (any more)."""
        now_us = self._deployment.clock.now_us()
        signed_in = self._signed_in(http, now_us)
        return _ended() if signed_in is None else self._grant(http, signed_in, now_us) or _ended()

    async def _end(self, http: web.BaseRequest) -> web.Response:
        """For every copy of the cookie, and for good."""
        now_us = self._deployment.clock.now_us()
        signed_in = self._signed_in(http, now_us)
        if signed_in is not None:
            await self._deployment.directory.end_sign_in(signed_in.id, signed_in.expires_us, now_us)
        return _ended()

    def _signed_in(self, http: web.BaseRequest, now_us: int) -> SignIn | None:
        """The sign-in of the request's cookie; None when it names none, or one that has ended."""
        signed_in = self._open_cookie(http.cookies.get(COOKIE, ""))
        if signed_in is None or now_us >= signed_in.expires_us:
            return None
        return None if self._deployment.directory.sign_in_ended(signed_in.id) else signed_in

    def _open_cookie(self, cookie: str) -> SignIn | None:
        if not cookie or len(cookie) > _COOKIE_CHARS_MAX:
            return None
        try:
            sealed = base64.urlsafe_b64decode(cookie.encode())
        except (ValueError, binascii.Error):
            return None
        content = self._deployment.directory.unseal(sealed, _SEALED_FOR)
        return None if content is None else _decode(content)

    def _grant(self, http: web.BaseRequest, signed_in: SignIn, now_us: int) -> web.Response | None:
        """Fresh credentials; None when the key that opened the session works no more."""
        deployment = self._deployment
        key = deployment.directory.access_key(signed_in.access_key_id)
        identity = None if key is None or not key.active else deployment.identities.of_access_key(key)
        if key is None or identity is None:
            return None
        http[SIGNED_IN] = identity.principal
        session = _session(key, now_us, min(signed_in.expires_us, now_us + CREDENTIALS_S * 1_000_000))
        document: dict[str, Any] = {
            "Account": key.account_id,
            "Arn": identity.principal.arn,
            "Regions": list(deployment.regions),
            "Credentials": {
                "AccessKeyId": session.access_key_id,
                "SecretAccessKey": session.secret,
                "SessionToken": seal_session(deployment.directory, session),
                "Expiration": datetime.fromtimestamp(session.expires_us / 1e6, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            },
        }
        return web.json_response(document, headers=_UNKEPT)


def _session(key: AccessKey, now_us: int, expires_us: int) -> Session:
    """Temporary credentials of the user, or the root, that the key belongs to: with the permissions these have."""
    return Session(
        access_key_id=ids.access_key_id("ASIA"),
        secret=ids.secret_access_key(),
        account_id=key.account_id,
        owner_id=key.user_id or key.account_id,
        issued_us=now_us,
        expires_us=expires_us,
        name=_SESSION_NAME,
    )


def _ended() -> web.Response:
    response = web.Response(status=204, headers=_UNKEPT)
    response.del_cookie(COOKIE, path=PATH, httponly=True, samesite="Strict")
    return response
