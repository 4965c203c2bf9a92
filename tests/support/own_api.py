"""Calls of the server's own API, signed as clients of S3 sign."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, urlencode

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session

from tests.support.server import Server


class Refused(Exception):  # noqa: N818 - named for what is so.
    """The server's error: `status` and the XML that it answered."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text}")
        self.status = status
        self.text = text


def call(
    server: Server,
    method: str,
    path: str,
    *,
    document: bytes = b"",
    region: str = "us-east-1",
    signer: tuple[str, str] | None = None,
    **query: str,
) -> Any:
    """The JSON that is answered. Raises Refused for every status but 200.

    Args:
        signer: access key id and secret; the root's by default.
        query: names with `_` where the parameter has `-`.
    """
    return json.loads(ask(server, method, path, document=document, region=region, signer=signer, **query))


def lines(server: Server, path: str, **more: Any) -> list[Any]:
    """The JSON of each line of an answer that comes line by line. As `call`, with POST."""
    return [json.loads(line) for line in ask(server, "POST", path, **more).splitlines() if line]


def ask(
    server: Server,
    method: str,
    path: str,
    *,
    document: bytes = b"",
    region: str = "us-east-1",
    signer: tuple[str, str] | None = None,
    **query: str,
) -> bytes:
    """What is answered. As `call`."""
    named = {name.replace("_", "-"): value for name, value in query.items()}
    url = server.endpoint + path
    if named:
        url += "?" + urlencode(named, quote_via=quote, safe="-_.~")
    request = AWSRequest(method, url, data=document)
    credentials = Credentials(*(signer or (server.access_key_id, server.secret_access_key)))
    S3SigV4Auth(credentials, "s3", region).add_auth(request)
    response = URLLib3Session().send(request.prepare())
    if response.status_code != 200:
        raise Refused(response.status_code, response.content.decode())
    return response.content
