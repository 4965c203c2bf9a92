"""Who sent a request: credentials read from it, looked up in the directory, signature checked.

Keys are cached by the directory's generation, never by time, so that a change holds for the next request.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from farshore.auth.request_credentials import RequestCredentials, query_parameters, read_credentials
from farshore.auth.sigv2 import read_presigned, verify_presigned
from farshore.auth.sigv4 import VerifiedSignature, Verifier
from farshore.metadata.directory import Directory
from farshore.model.access import ANONYMOUS, AccessKey, Principal
from farshore.model.errors import InvalidAccessKeyId, InvalidToken

_SERVICES = frozenset({"s3"})
_CACHED_KEYS_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Authenticated:
    """The caller; for a request signed by Version 4 also what it was signed with."""

    principal: Principal
    credentials: RequestCredentials | None
    signature: VerifiedSignature | None


ANONYMOUS_REQUEST = Authenticated(ANONYMOUS, None, None)


class Authenticator:
    """Checks signatures against the directory's keys. Not shared between threads."""

    def __init__(self, directory: Directory, regions: Collection[str]) -> None:
        self._directory = directory
        self._regions = tuple(regions)
        self._verifier = Verifier()
        self._generation = -1
        self._keys: dict[str, tuple[AccessKey, Principal]] = {}

    def authenticate(
        self,
        *,
        method: str,
        raw_path: str,
        raw_query: str,
        headers: Mapping[str, str],
        now_us: int,
        host_bucket: str | None = None,
    ) -> Authenticated:
        """The caller of a request. Raises AWS's error for credentials that do not hold.

        Args:
            host_bucket: the bucket of a virtual-host style request.
        """
        credentials = read_credentials(headers, raw_query)
        if credentials is None:
            return self._without_scope(method, raw_path, raw_query, headers, now_us, host_bucket)
        if credentials.session_token is not None:
            raise InvalidToken()
        key, principal = self._key(credentials.access_key_id)
        signature = self._verifier.verify(
            credentials,
            key.secret,
            method=method,
            raw_path=raw_path,
            raw_query=raw_query,
            headers=headers,
            now=datetime.fromtimestamp(now_us / 1e6, UTC),
            regions=self._regions,
            services=_SERVICES,
        )
        return Authenticated(principal, credentials, signature)

    def _without_scope(
        self,
        method: str,
        raw_path: str,
        raw_query: str,
        headers: Mapping[str, str],
        now_us: int,
        host_bucket: str | None,
    ) -> Authenticated:
        """The caller of a URL presigned by the older version, else nobody."""
        presigned = read_presigned(query_parameters(raw_query))
        if presigned is None:
            return ANONYMOUS_REQUEST
        if presigned.session_token is not None:
            raise InvalidToken()
        key, principal = self._key(presigned.access_key_id)
        verify_presigned(
            presigned,
            key.secret,
            method=method,
            raw_path=raw_path,
            raw_query=raw_query,
            headers=headers,
            host_bucket=host_bucket,
            now=datetime.fromtimestamp(now_us / 1e6, UTC),
        )
        return Authenticated(principal, None, None)

    def _key(self, access_key_id: str) -> tuple[AccessKey, Principal]:
        generation = self._directory.generation()
        if generation != self._generation or len(self._keys) > _CACHED_KEYS_MAX:
            self._generation = generation
            self._keys.clear()
        found = self._keys.get(access_key_id)
        if found is None:
            key = self._directory.access_key(access_key_id)
            if key is None or not key.active:
                raise InvalidAccessKeyId(AWSAccessKeyId=access_key_id)
            found = self._keys[access_key_id] = (key, _root(key))
        return found


def _root(key: AccessKey) -> Principal:
    return Principal(account_id=key.account_id, arn=f"arn:aws:iam::{key.account_id}:root", access_key_id=key.id)
