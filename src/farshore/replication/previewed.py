"""What a preview says: the answer of `/-/replication/preview`, of which docs/explain.md is the description."""

from __future__ import annotations

import msgspec

from farshore.replication.role_steps import RoleStep
from farshore.semantics.replication_eligibility import Refusal


class PreviewError(msgspec.Struct, frozen=True, kw_only=True):
    """What PutBucketReplication would answer. member: what of the document is at fault, as `Rules[0].Status`, where it
    does not keep to the schema; empty elsewhere, and when it is no document."""

    code: str
    message: str
    status: int
    details: dict[str, str]
    member: str = ""


class Scanned(msgspec.Struct, frozen=True, kw_only=True):
    """How much of the bucket was looked at. complete: all of it."""

    versions: int
    bytes: int
    elapsed_s: float
    complete: bool


class Counts(msgspec.Struct, kw_only=True):
    """Versions by what they are. objects: current ones, with their bytes. versions: of objects, current or not, with
    theirs. by_status: `versions` by x-amz-replication-status; NONE without."""

    objects: int = 0
    object_bytes: int = 0
    versions: int = 0
    bytes: int = 0
    delete_markers: int = 0
    by_status: dict[str, int] = msgspec.field(default_factory=dict[str, int])


class SampleOut(msgspec.Struct, frozen=True):
    key: str
    reason: Refusal


class RulePreview(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule would take, were it written now.

    samples_in, samples_out: keys of current objects that it would take, and that it would not, and why.
    hint: what may be amiss with a rule that takes nothing.
    """

    rule: str
    priority: int
    destination: str
    enabled: bool
    prefix: str
    tags: dict[str, str]
    covers: Counts
    samples_in: tuple[str, ...]
    samples_out: tuple[SampleOut, ...]
    hint: str


class Overlap(msgspec.Struct, frozen=True, kw_only=True):
    """Versions that two rules to one destination cover: the winner takes them."""

    destination: str
    winner: str
    loser: str
    counts: Counts
    samples: tuple[str, ...]


class DestinationPreview(msgspec.Struct, frozen=True, kw_only=True):
    """role: what the role may do now for a delivery there; empty where the caller may not pass that role, or the
    destination cannot be looked at."""

    destination: str
    region: str | None
    exists: bool
    versioned: bool
    other_account: bool
    rules: tuple[str, ...]
    covers: Counts
    role: tuple[RoleStep, ...]


class LeftOut(msgspec.Struct, frozen=True, kw_only=True):
    """Versions that go nowhere, by the reason of the rule that comes nearest."""

    reason: Refusal
    counts: Counts
    samples: tuple[str, ...]


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """valid: PutBucketReplication would accept it; else the first of `errors` is what it would answer."""

    bucket: str
    region: str
    valid: bool
    errors: tuple[PreviewError, ...]
    scanned: Scanned
    rules: tuple[RulePreview, ...]
    overlaps: tuple[Overlap, ...]
    destinations: tuple[DestinationPreview, ...]
    left_out: tuple[LeftOut, ...]
