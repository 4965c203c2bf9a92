"""Which server a command speaks to, and as whom: found as the AWS tools find theirs, or in a data folder."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from farshore.cli.output import DID_NOT_HOLD, USED_WRONGLY, fail

if TYPE_CHECKING:
    from botocore.awsrequest import AWSResponse
    from botocore.credentials import Credentials
    from botocore.session import Session

DEFAULT_DATA = Path("farshore-data")
_DEFAULT_REGION = "us-east-1"
RESTART_S_MAX = 120.0
"""How long a server may be away that a command follows, or waits for."""
_ANSWER_S_MAX = 30.0
_RETRY_S = 1.0
_NOT_NOW = frozenset((502, 503, 504))
"""Statuses of a server that does not serve now, or of what stands before it."""

T = TypeVar("T")

EndpointUrl = Annotated[
    str | None,
    typer.Option("--endpoint-url", metavar="URL", help="The server, as for the AWS CLI.", show_default=False),
]
Data = Annotated[
    Path | None,
    typer.Option("--data", metavar="FOLDER", help="Data folder of a server on this machine.", show_default=False),
]
Profile = Annotated[
    str | None,
    typer.Option("--profile", metavar="NAME", help="Profile of the AWS configuration.", show_default=False),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A server's endpoint, and the rights to use it. verify: by which certificates it is known; True for the usual."""

    endpoint: str
    region: str
    credentials: Credentials
    verify: str | bool = True

    def get_json(self, path: str) -> Any:
        """GET one of the server's own paths, signed; ends the command when that is refused or not answered."""
        return self.api().get(path)

    def api(self, *, patience_s: float = 0.0) -> OwnApi:
        """The server's own paths, over one connection. patience_s: how long what is only read is asked for again."""
        return OwnApi(self, patience_s)

    def client(self, region: str, service: str = "s3", **config: Any) -> Any:
        """A boto3 client in one of the server's regions. config: members of botocore's Config."""
        import boto3
        from botocore.config import Config

        frozen = self.credentials.get_frozen_credentials()
        # S3 Control puts the account before the host, unless a user stands there: then it joins that.
        endpoint = self.endpoint.replace("://", "://@", 1) if service == "s3control" else self.endpoint
        return boto3.client(
            service,
            endpoint_url=endpoint,
            region_name=region,
            aws_access_key_id=frozen.access_key,
            aws_secret_access_key=frozen.secret_key,
            aws_session_token=frozen.token,
            verify=self.verify,
            config=Config(s3={"addressing_style": "path"}, **config),
        )


class NoAnswer(Exception):  # noqa: N818 - named for what is so.
    """The server is not there, or says that it does not serve now."""


class OwnApi:
    """Signed calls of the server's own paths, which answer JSON. What is refused or not answered ends the command.

    Calls are signed for the connection's region until the server names another one, that of the bucket asked for.

    Args:
        patience_s: how long GETs that are not answered are sent again, from the first; this is told as it begins and
            ends.
    """

    def __init__(self, connection: Connection, patience_s: float = 0.0) -> None:
        from botocore.httpsession import URLLib3Session

        self._connection = connection
        self._patience_s = patience_s
        self._region = connection.region
        self._session = URLLib3Session(
            verify=connection.verify,  # pyright: ignore[reportArgumentType] - a path too.
            timeout=_ANSWER_S_MAX,
        )

    def get(self, path: str, query: Mapping[str, str | None] | None = None) -> Any:
        """GET a path. Members of the query that are None are left out."""
        return self._insist(lambda: self._call("GET", path, query, b""), self._patience_s)

    def post(self, path: str, query: Mapping[str, str | None] | None = None, document: bytes = b"") -> Any:
        """POST a document to a path."""
        return self._insist(lambda: self._call("POST", path, query, document), 0.0)

    def lines(self, path: str, query: Mapping[str, str | None] | None = None) -> Iterator[Any]:
        """POST to a path that answers line by line. A connection that breaks off ends the command."""
        import json

        from urllib3.exceptions import HTTPError

        response = self._insist(lambda: self._ask("POST", path, query, b"", stream=True), 0.0)
        try:
            for line in response.raw:
                if line.strip():
                    yield json.loads(line)
        except HTTPError as error:
            fail(f"{self._connection.endpoint} broke off: {error}", DID_NOT_HOLD)
        finally:
            response.raw.close()

    def _insist(self, call: Callable[[], T], patience_s: float) -> T:
        """Call until there is an answer. Ends the command when there is none within the time."""
        given_up_s: float | None = None
        while True:
            try:
                answer = call()
            except NoAnswer as error:
                now_s = time.monotonic()
                if given_up_s is None:
                    given_up_s = now_s + patience_s
                    if patience_s:
                        typer.echo(f"farshore: {error}; trying again for {patience_s:.0f} s", err=True)
                if now_s >= given_up_s:
                    fail(error, DID_NOT_HOLD)
                time.sleep(_RETRY_S)
            else:
                if given_up_s is not None:
                    typer.echo(f"farshore: {self._connection.endpoint} answers again", err=True)
                return answer

    def _call(self, method: str, path: str, query: Mapping[str, str | None] | None, document: bytes) -> Any:
        import json

        return json.loads(self._ask(method, path, query, document).content)

    def _ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | None] | None,
        document: bytes,
        *,
        stream: bool = False,
    ) -> AWSResponse:
        from urllib.parse import quote, urlencode

        given = {name: value for name, value in (query or {}).items() if value is not None}
        if given:
            path += "?" + urlencode(given, quote_via=quote, safe="-_.~")
        response = self._send(method, path, document, stream)
        if response.status_code == 400:
            expected = _error(response).get("Region")
            if expected:
                self._region = expected
                response = self._send(method, path, document, stream)
        if response.status_code != 200:
            error = _error(response)
            code, message = error.get("Code", response.status_code), error.get("Message", "")
            refused = f"{self._connection.endpoint} refused: {code}: {message}{_which(error)}"
            if response.status_code in _NOT_NOW:
                raise NoAnswer(refused)
            fail(refused, DID_NOT_HOLD)
        return response

    def _send(self, method: str, path: str, document: bytes, stream: bool) -> AWSResponse:
        from botocore.auth import S3SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.exceptions import BotoCoreError

        request = AWSRequest(method, self._connection.endpoint.rstrip("/") + path, data=document, stream_output=stream)
        S3SigV4Auth(self._connection.credentials, "s3", self._region).add_auth(request)
        try:
            return self._session.send(request.prepare())
        except BotoCoreError as error:
            raise NoAnswer(f"no answer from {self._connection.endpoint}: {error}") from error


def connect(endpoint_url: str | None, data: Path | None, profile: str | None) -> Connection:
    """Find the server: --endpoint-url, else --data, else the AWS environment and configuration, else ./farshore-data.

    A data folder also gives the access key; with --endpoint-url and --data, each gives its own.
    """
    from botocore import exceptions
    from botocore.session import Session

    session = Session(profile=profile)
    try:
        region = os.environ.get("AWS_REGION") or session.get_config_variable("region") or _DEFAULT_REGION
        endpoint = _checked(endpoint_url, "--endpoint-url")
        if endpoint is None and data is None:
            endpoint = _checked(_configured_endpoint(session), "AWS_ENDPOINT_URL (or the profile's endpoint_url)")
        if data is None and endpoint is None and DEFAULT_DATA.is_dir():
            data = DEFAULT_DATA
        # As botocore has it: AWS_CA_BUNDLE, the profile's ca_bundle, REQUESTS_CA_BUNDLE.
        verify = session.get_config_variable("ca_bundle") or os.environ.get("REQUESTS_CA_BUNDLE") or True
        if data is not None:
            return _from_data(data, endpoint, region, verify)
        if endpoint is None:
            fail("which server? Give --endpoint-url, AWS_ENDPOINT_URL or --data", USED_WRONGLY)
        credentials = session.get_credentials()
        if credentials is not None:
            credentials.get_frozen_credentials()  # A profile's role is assumed here, and not in the first call.
    except (exceptions.ClientError, exceptions.ConnectionError, exceptions.HTTPClientError) as error:
        fail(f"no credentials: {error}", DID_NOT_HOLD)
    except exceptions.BotoCoreError as error:
        fail(error, USED_WRONGLY)
    if credentials is None:
        fail("no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile, or --data", USED_WRONGLY)
    return Connection(endpoint=endpoint, region=region, credentials=credentials, verify=verify)


def _from_data(data: Path, endpoint: str | None, region: str, verify: str | bool) -> Connection:
    from botocore.credentials import Credentials

    from farshore.app.data_folder import DataFolder

    folder = DataFolder(data)
    try:
        key = folder.read_credentials()
        endpoint = endpoint or folder.read_endpoint()
    except OSError as error:
        fail(f"cannot read {error.filename}: {error.strerror}", USED_WRONGLY)
    if key is None:
        fail(f"{folder.credentials} holds no access key; is {data} a data folder of Farshore?", USED_WRONGLY)
    if endpoint is None:
        fail(f"no server is running on {data}", DID_NOT_HOLD)
    return Connection(endpoint=endpoint, region=region, credentials=Credentials(*key), verify=verify)


def _checked(endpoint: str | None, name: str) -> str | None:
    """An endpoint with which something can be asked. Ends the command when it is none.

    Args:
        name: where it was given.
    """
    if not endpoint:
        return None
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(endpoint)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        fail(f"{name}: {endpoint!r} is no URL; give one as http://127.0.0.1:9000", USED_WRONGLY)
    return endpoint


def _configured_endpoint(session: Session) -> str | None:
    """AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, or the profile's services section or endpoint_url, in AWS's order."""
    from botocore.configprovider import ConfiguredEndpointProvider

    if session.get_config_variable("ignore_configured_endpoint_urls"):
        return None
    provider = ConfiguredEndpointProvider(session.full_config, session.get_scoped_config(), "s3")
    return provider.provide()


def _which(error: Mapping[str, str]) -> str:
    """Of several buckets that a command names, the one that is refused."""
    match error:
        case {"Code": "NoSuchBucket", "BucketName": name}:
            return f": {name}"
        case {"Code": "PermanentRedirect", "Bucket": name, "Endpoint": region}:
            return f" {name} is in {region}, which this server does not serve."
        case _:
            return ""


def _error(response: AWSResponse) -> dict[str, str]:
    """The members of an S3 error document; empty when it is none."""
    from xml.etree import ElementTree

    try:
        return {child.tag: child.text or "" for child in ElementTree.fromstring(response.content)}
    except ElementTree.ParseError:
        return {}
