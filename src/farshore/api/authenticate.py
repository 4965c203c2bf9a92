"""Who sent a request: credentials read from it, looked up in the directory, signature checked.

Long-lived keys are looked up; temporary ones bring a session token, which is opened. What a caller is and what its
policies allow is cached by the directory's generation, never by time, so that a change holds for the next request.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from farshore.auth.evaluate import NO_POLICIES, IdentityPolicies
from farshore.auth.post_signature import PostCredentials, verify_policy
from farshore.auth.request_credentials import RequestCredentials, read_credentials
from farshore.auth.sigv2 import read_presigned, verify_presigned
from farshore.auth.sigv4 import VerifiedSignature, Verifier
from farshore.model.access import ANONYMOUS, Principal, PrincipalKind
from farshore.model.errors import ExpiredToken, InvalidAccessKeyId, InvalidToken
from farshore.model.identity import Session
from farshore.model.query import Query
from farshore.service.deployment import Deployment
from farshore.service.identities import Identity
from farshore.service.sessions import open_session

S3_SERVICES = ("s3",)
_CACHED_CALLERS_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Authenticated:
    """The caller; for a request signed by Version 4 also what it was signed with.

    session: the temporary credentials that it was signed with, None for long-lived ones.
    """

    principal: Principal
    credentials: RequestCredentials | None
    signature: VerifiedSignature | None
    policies: IdentityPolicies = NO_POLICIES
    session: Session | None = None


@dataclass(frozen=True, slots=True)
class _Caller:
    """Whom an access key stands for. subject: whose last use is noted: the key's, or that of a session's role."""

    secret: str
    identity: Identity
    session: Session | None
    subject: str | None

    def __repr__(self) -> str:
        return f"_Caller({self.identity.principal.arn!r})"


ANONYMOUS_REQUEST = Authenticated(ANONYMOUS, None, None)


class Authenticator:
    """Checks signatures against the directory's keys. Not shared between threads."""

    def __init__(self, deployment: Deployment) -> None:
        self._directory = deployment.directory
        self._identities = deployment.identities
        self._last_uses = deployment.last_uses
        self._regions = tuple(deployment.regions)
        self._verifier = Verifier()
        self._generation = -1
        self._callers: dict[tuple[str, str | None], _Caller] = {}

    def authenticate(
        self,
        *,
        method: str,
        raw_path: str,
        query: Query,
        headers: Mapping[str, str],
        now_us: int,
        bucket: str | None = None,
        host_bucket: str | None = None,
        services: Collection[str] = S3_SERVICES,
        payload_hash: str | None = None,
    ) -> Authenticated:
        """The caller of a request. Raises AWS's error for credentials that do not hold.

        Args:
            bucket: the addressed one, in whichever style: who signed for a region that is none here is told its region.
            host_bucket: the bucket of a virtual-host style request.
            services: that may be named by the credential scope; the first is told to a client that names another.
                S3's region must be one of the deployment's. Other services here are global: any region is theirs.
            payload_hash: hex SHA-256 of the body, for services that are not sent it in a header.
        """
        credentials = read_credentials(headers, query)
        if credentials is None:
            return self._without_scope(method, raw_path, query, headers, now_us, host_bucket)
        caller = self._caller(credentials.access_key_id, credentials.session_token, now_us)
        signature = self._verifier.verify(
            credentials,
            caller.secret,
            method=method,
            raw_path=raw_path,
            query=query,
            headers=headers,
            now=datetime.fromtimestamp(now_us / 1e6, UTC),
            regions=self._regions if services is S3_SERVICES else (credentials.region,),
            services=services,
            bucket_region=None if credentials.region in self._regions else self._region_of(bucket),
            payload_hash=payload_hash,
        )
        self._note(caller, now_us, credentials.service, credentials.region)
        identity = caller.identity
        return Authenticated(identity.principal, credentials, signature, identity.policies, caller.session)

    def authenticate_form(self, credentials: PostCredentials | None, now_us: int) -> Authenticated:
        """The caller of an upload by form. Raises AWS's error for credentials that do not hold."""
        if credentials is None:
            return ANONYMOUS_REQUEST
        caller = self._caller(credentials.access_key_id, credentials.session_token, now_us)
        verify_policy(credentials, caller.secret, self._regions)
        scope = credentials.scope
        self._note(caller, now_us, S3_SERVICES[0], self._regions[0] if scope is None else scope[1])
        return Authenticated(caller.identity.principal, None, None, caller.identity.policies, caller.session)

    def _without_scope(
        self,
        method: str,
        raw_path: str,
        query: Query,
        headers: Mapping[str, str],
        now_us: int,
        host_bucket: str | None,
    ) -> Authenticated:
        """The caller of a URL presigned by the older version, else nobody."""
        presigned = read_presigned(query)
        if presigned is None:
            return ANONYMOUS_REQUEST
        caller = self._caller(presigned.access_key_id, presigned.session_token, now_us)
        verify_presigned(
            presigned,
            caller.secret,
            method=method,
            raw_path=raw_path,
            query=query,
            headers=headers,
            host_bucket=host_bucket,
            now=datetime.fromtimestamp(now_us / 1e6, UTC),
        )
        self._note(caller, now_us, S3_SERVICES[0], self._regions[0])
        return Authenticated(caller.identity.principal, None, None, caller.identity.policies, caller.session)

    def _region_of(self, bucket: str | None) -> str | None:
        home = None if bucket is None else self._directory.bucket_home(bucket)
        return None if home is None else home.region

    def _note(self, caller: _Caller, now_us: int, service: str, region: str) -> None:
        if caller.subject is not None:
            self._last_uses.note(caller.subject, now_us, service, region)

    def _caller(self, access_key_id: str, token: str | None, now_us: int) -> _Caller:
        """Whom credentials stand for. Raises InvalidAccessKeyId, InvalidToken, ExpiredToken."""
        generation = self._identities.generation()
        if generation != self._generation or len(self._callers) > _CACHED_CALLERS_MAX:
            self._generation = generation
            self._callers.clear()
        name = (access_key_id, token)
        found = self._callers.get(name)
        if found is None:
            found = self._of_key(access_key_id) if token is None else self._of_token(access_key_id, token)
            self._callers[name] = found
        if found.session is not None and now_us >= found.session.expires_us:
            raise ExpiredToken()
        return found

    def _of_key(self, access_key_id: str) -> _Caller:
        key = self._directory.access_key(access_key_id)
        identity = None if key is None or not key.active else self._identities.of_access_key(key)
        if key is None or identity is None:
            raise InvalidAccessKeyId(AWSAccessKeyId=access_key_id)
        return _Caller(key.secret, identity, None, key.id)

    def _of_token(self, access_key_id: str, token: str) -> _Caller:
        session = open_session(self._directory, access_key_id, token)
        identity = None if session is None else self._identities.of_session(session)
        if session is None or identity is None:
            raise InvalidToken()
        role_id = session.owner_id if identity.principal.kind is PrincipalKind.ASSUMED_ROLE else None
        return _Caller(session.secret, identity, session, role_id)
