"""What a service function works with: the deployment's stores, and the request it serves."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from farshore.auth.evaluate import NO_POLICIES, IdentityPolicies
from farshore.blobs.store import BlobStore
from farshore.metadata.directory import Directory
from farshore.metadata.store import MetadataStore, Transaction
from farshore.model.access import Principal
from farshore.model.blobs import BlobReader
from farshore.model.events import NotificationConfiguration
from farshore.model.identity import Session
from farshore.model.replication import ReplicationConfiguration
from farshore.runtime.clock import Clock
from farshore.runtime.counters import Counters
from farshore.service.bucket_access import BucketAccess
from farshore.service.commit_watch import CommitWatch
from farshore.service.configurations import Kept, notifications, replication_configurations
from farshore.service.identities import Identities
from farshore.service.last_uses import LastUses
from farshore.service.trail import Trail

Params = dict[str, Any]
"""A request's or an answer's members, by AWS's names (botocore's), as the wire parsed or will write them."""


class RequestBody(Protocol):
    """A body still to be read: payload bytes, already freed of chunk framing."""

    @property
    def length(self) -> int | None:
        """Payload bytes announced; None when the client did not say (then it may be of any length)."""
        ...

    async def read_all(self, limit: int) -> bytes:
        """The whole body, for small ones. Raises EntityTooLarge beyond `limit`, IncompleteBody, signature errors."""
        ...

    def pieces(self) -> AsyncIterator[bytes | memoryview]:
        """The body in order. Ends only when it arrived whole and its framing and signatures hold, else raises."""
        ...

    def trailers(self) -> Mapping[str, str]:
        """Trailing headers, lower-case, after the body was read."""
        ...


@dataclass(frozen=True, slots=True)
class Region:
    """One region's stores."""

    name: str
    metadata: MetadataStore
    blobs: BlobStore


def _nobody_listens(_region: str) -> None:
    """No runner of jobs is there; the next one looks for itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """Everything that a service function may use.

    regions: those this process serves, the first being the default (us-east-1 rules of CreateBucket apply to
        us-east-1 only).
    ring: tells the replication worker, in whatever process it runs, that a region has new tasks. Never blocks.
    ring_jobs: as `ring`, the runner of Batch Operations, that a region's jobs have changed.
    located: bucket name -> region, as last seen. A hint: the region's own store says whether the bucket is there.
    replicates: False where replication tasks are left waiting, by the settings.
    configurations: buckets' replication rules, compiled. bucket_access: what buckets say of who may use them, compiled.
    watches: wait for commits of a region's store.
    notifications: who listens to buckets, compiled. For the event loop's thread alone.
    event_destinations: ARNs that events can be sent to, and the accounts whose buckets may.
    counters: what this process counts, for monitoring; other processes see it.
    identities: who callers are, and what their policies allow, compiled. last_uses: when keys and roles were used.
        All for the event loop's thread alone.
    """

    directory: Directory
    regions: Mapping[str, Region]
    clock: Clock
    ring: Callable[[str], None]
    ring_jobs: Callable[[str], None] = _nobody_listens
    located: dict[str, Region] = field(default_factory=dict[str, Region])
    replicates: bool = True
    configurations: Kept[ReplicationConfiguration | None] = field(default_factory=replication_configurations)
    bucket_access: BucketAccess = field(default_factory=BucketAccess)
    notifications: Kept[NotificationConfiguration] = field(default_factory=notifications)
    event_destinations: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    counters: Counters = field(default_factory=Counters)
    identities: Identities = field(init=False)
    last_uses: LastUses = field(init=False)
    watches: Mapping[str, CommitWatch] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "identities", Identities(self.directory))
        object.__setattr__(self, "last_uses", LastUses(self.directory))
        watches = {name: CommitWatch(region.metadata) for name, region in self.regions.items()}
        object.__setattr__(self, "watches", watches)


@dataclass(slots=True, kw_only=True)
class Request:
    """One authenticated request on its way through a service function.

    region: the region whose endpoint was addressed (the signature's scope, else the default).
    region_signed: the signature names the region. Anonymous requests and older presigned URLs name none.
    headers: the HTTP headers, case-insensitive.
    content_sha256: the hex digest the payload must have, None when the client signed none.
    also: done in the command that stores the object of a PutObject or CopyObject, or not at all.
    policies: what the principal's own policies allow, compiled.
    session: the temporary credentials that the request was made with, None for long-lived ones.
    secure: whether it came over TLS.
    host_style: whether the host names the bucket (virtual-host style).
    source_account, source_arn: on whose behalf, and for what, a service of the deployment asks.
    trail: what was decided of it, for its record.
    """

    deployment: Deployment
    principal: Principal
    operation: str
    params: Params
    body: RequestBody
    request_id: str
    now_us: int
    region: str
    region_signed: bool = False
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    presigned: bool = False
    content_sha256: str | None = None
    source_address: str = ""
    policies: IdentityPolicies = NO_POLICIES
    session: Session | None = None
    secure: bool = False
    also: Callable[[Transaction], None] | None = None
    host_style: bool = False
    source_account: str = ""
    source_arn: str = ""
    trail: Trail = field(default_factory=Trail)


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A body to send: inline bytes, or ranges of blobs in order."""

    length: int
    inline: bytes | memoryview | None = None
    blobs: tuple[tuple[str, int, int], ...] = ()
    store: BlobReader | None = None


@dataclass(slots=True, kw_only=True)
class Answer:
    """What a service function returns: the output's members by AWS's names, the HTTP status where it differs from the
    model's (206 of a range), the body of a streaming operation."""

    output: Params = field(default_factory=dict[str, Any])
    status: int | None = None
    body: Body | None = None
    headers: dict[str, str] = field(default_factory=dict[str, str])
