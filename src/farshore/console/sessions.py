"""The session of a page: who signed in, proven by a request that their access key signed.

    POST    signed with an access key: opens a session
    GET     with the cookie of a session: the same again, for a page that was loaded anew
    DELETE  ends it

Every request carries a header that another site's page cannot send (no CORS is granted here), so that none can be made
in the user's name. The S3, IAM and other APIs never look at the cookie.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from aiohttp import web

from farshore.model.access import Principal
from farshore.model.errors import AccessDenied, S3Error
from farshore.service.deployment import Deployment

GUARD_HEADER = "X-Farshore-Console"


class Caller(Protocol):
    @property
    def principal(self) -> Principal: ...


class Authenticate(Protocol):
    """Checks the signature of a request. Raises AWS's error for credentials that do not hold."""

    def __call__(
        self, *, method: str, raw_path: str, raw_query: str, headers: Mapping[str, str], now_us: int
    ) -> Caller: ...


class Sessions:
    """Opens, resumes and ends sessions."""

    def __init__(self, deployment: Deployment, authenticate: Authenticate) -> None:
        self._deployment = deployment
        self._authenticate = authenticate

    def handle(self, http: web.BaseRequest) -> web.Response:
        """Answer a request for the session; errors as JSON, with AWS's code and message."""
        try:
            if GUARD_HEADER not in http.headers:
                raise AccessDenied(f"The request has no {GUARD_HEADER} header")
            if http.method == "POST":
                return self._open(http)
            if http.method in ("GET", "DELETE"):
                return web.Response(status=204, headers=_UNKEPT)
        except S3Error as error:
            document = {"code": error.code, "message": error.message, **error.details}
            return web.json_response(document, status=error.status, headers=_UNKEPT)
        return web.Response(status=405, headers={"Allow": "GET, POST, DELETE"})

    def _open(self, http: web.BaseRequest) -> web.Response:
        raw_path, _, raw_query = http.raw_path.partition("?")
        caller = self._authenticate(
            method=http.method,
            raw_path=raw_path,
            raw_query=raw_query,
            headers=http.headers,
            now_us=self._deployment.clock.now_us(),
        )
        if caller.principal.anonymous:
            raise AccessDenied()
        return web.json_response(self._document(caller.principal), headers=_UNKEPT)

    def _document(self, principal: Principal) -> dict[str, Any]:
        return {
            "Account": principal.account_id,
            "Arn": principal.arn,
            "Regions": list(self._deployment.regions),
            "Credentials": None,
        }


_UNKEPT = {"Cache-Control": "no-store"}
