"""Replicate under a role: what the session of a replication role may do, decided as AWS decides its requests.

Every step of a delivery is a request of the role's session on the source or on the destination bucket, and its refusal
has a failure code of AWS's. Where no policy tells one object from another, one decision serves all; it is made anew
when the directory or one of the buckets changes.
Source: S3 User Guide, "Setting up permissions for live replication", "Changing the replica owner", "Amazon S3
replication failure reasons".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from farshore.auth.alike import decided_alike
from farshore.auth.context import Circumstances, LazyContext, Values, global_values
from farshore.auth.evaluate import AccessRequest, Decision, PolicyType, Reason, ResourceAccess, evaluate
from farshore.model.access_control import ObjectOwnership
from farshore.model.buckets import Bucket
from farshore.model.objects import Version
from farshore.model.replication import FailureCode, ReplicationRule, TaskKind
from farshore.replication.outcome import Failed
from farshore.service.access import access_of
from farshore.service.bucket_access import owner_grants
from farshore.service.deployment import Deployment, Region
from farshore.service.identities import Identity
from farshore.service.roles import NotAssumable, assume_role_as_service

READ_RULES = "s3:GetReplicationConfiguration"
SEE_MARKERS = "s3:ListBucket"
READ = "s3:GetObjectVersionForReplication"
READ_UNENCRYPTED = "s3:GetObjectVersion"
READ_ACL = "s3:GetObjectVersionAcl"
READ_TAGS = "s3:GetObjectVersionTagging"
REPLICATE = "s3:ReplicateObject"
REPLICATE_DELETE = "s3:ReplicateDelete"
REPLICATE_TAGS = "s3:ReplicateTags"
GIVE_AWAY = "s3:ObjectOwnerOverrideToBucketOwner"

_OF_THE_SOURCE = (READ_RULES, SEE_MARKERS, READ, READ_UNENCRYPTED, READ_ACL, READ_TAGS)
_OF_THE_DESTINATION = (REPLICATE, REPLICATE_DELETE, REPLICATE_TAGS, GIVE_AWAY)
_ON_BUCKETS = (READ_RULES, SEE_MARKERS)
_KEPT_MAX = 1_000
_EXISTING_TAG = "s3:existingobjecttag/"

Place = tuple[Region, Bucket]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What may go of a version, or of changes of its metadata.

    kinds: of those asked for, the ones that may go. refused: why the others may not. with_tags: a version goes with
    its tags.
    """

    kinds: tuple[TaskKind, ...]
    refused: Failed | None = None
    with_tags: bool = True


class Roles:
    """Assumes replication roles. One for each process; not shared between threads."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._kept: dict[tuple[int, str, Bucket, Bucket], Permissions | Failed] = {}

    def permissions(self, role_arn: str, source: Place, destination: Place) -> Permissions | Failed:
        """What the role may do between two buckets as everything is now, or why it cannot be assumed.

        A point read when nothing has changed: ask once for a batch.
        """
        key = (self._deployment.identities.generation(), role_arn, source[1], destination[1])
        found = self._kept.get(key)
        if found is None:
            if len(self._kept) >= _KEPT_MAX:
                self._kept.clear()
            found = self._kept[key] = self._assume(role_arn, source, destination)
        return found

    def _assume(self, role_arn: str, source: Place, destination: Place) -> Permissions | Failed:
        bucket = source[1]
        session = assume_role_as_service(
            self._deployment.identities,
            role_arn,
            source_account=bucket.owner,
            source_arn=f"arn:aws:s3:::{bucket.name}",
        )
        if isinstance(session, NotAssumable):
            return Failed(FailureCode.ASSUME_ROLE_NOT_PERMITTED, session.detail)
        return Permissions(
            role_arn,
            self._side(session, source, _OF_THE_SOURCE),
            self._side(session, destination, _OF_THE_DESTINATION),
        )

    def _side(self, session: Identity, place: Place, actions: Sequence[str]) -> _Side:
        region, bucket = place
        return _Side(
            session=session,
            region=region.name,
            bucket=bucket,
            access=access_of(self._deployment, region, bucket),
            actions=actions,
            now_us=self._deployment.clock.now_us,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTaken:
    """One request of a role's session as it is decided. code: AWS's failure code, were it refused."""

    action: str
    resource: str
    decision: Decision
    code: FailureCode
    of_source: bool


class Permissions:
    """What a role's session may do between a source and a destination bucket. Made by `Roles`."""

    def __init__(self, role_arn: str, source: _Side, destination: _Side) -> None:
        self._role_arn = role_arn
        self._source = source
        self._destination = destination
        self._alike = source.alike and destination.alike
        self._verdicts: dict[tuple[object, ...], Verdict] = {}

    def verdict(self, version: Version, kinds: tuple[TaskKind, ...], rule: ReplicationRule) -> Verdict:
        """Decide what may go to the destination.

        Args:
            version: as the source has it.
            kinds: (OBJECT,) or (DELETE_MARKER,), or of TAGS and ACL what changed.
        """
        if not self._alike or self._source.is_apart(version):
            return self._decide(version, kinds, rule)
        key = (
            kinds,
            rule.owner_override,
            rule.destination_account,
            not version.tags,
            not version.attributes.parts,
            version.attributes.server_side_encryption,
        )
        found = self._verdicts.get(key)
        if found is None:
            found = self._verdicts[key] = self._decide(version, kinds, rule)
        return found

    def steps(self, version: Version, kinds: tuple[TaskKind, ...], rule: ReplicationRule) -> list[StepTaken]:
        """Every decision that `verdict` rests on, also after a refusal: for people. Arguments as there."""
        taken: dict[tuple[str, FailureCode], StepTaken] = {}
        for kind in kinds:
            for step in _STEPS[kind]:
                side = self._source if step.of_source else self._destination
                taken[step.action, step.code] = self._take(side, step.action, version, step.code)
                decision = taken[step.action, step.code].decision
                if not decision.allowed and step.action == READ and not version.attributes.server_side_encryption:
                    other = self._take(side, READ_UNENCRYPTED, version, step.code)
                    if other.decision.allowed:
                        taken[step.action, step.code] = other
            if kind is TaskKind.OBJECT and rule.owner_override and not self._destination.enforced:
                code = _STEPS[kind][-1].code
                taken[GIVE_AWAY, code] = self._take(self._destination, GIVE_AWAY, version, code)
        return list(taken.values())

    def tags_refused(self, version: Version) -> StepTaken | None:
        """Why a version goes without its tags; None when it goes with them.

        AWS: where they may not be read, or where writing them is denied.
        """
        read = self._take(self._source, READ_TAGS, version, FailureCode.SRC_GET_TAGGING_NOT_PERMITTED)
        if not read.decision.allowed:
            return read
        write = self._take(self._destination, REPLICATE_TAGS, version, FailureCode.DST_PUT_TAGGING_NOT_PERMITTED)
        return write if write.decision.reason is Reason.EXPLICIT_DENY else None

    def _take(self, side: _Side, action: str, version: Version, code: FailureCode) -> StepTaken:
        return StepTaken(
            action=action,
            resource=side.resource(action, version),
            decision=side.decide(action, version),
            code=code,
            of_source=side is self._source,
        )

    def _decide(self, version: Version, kinds: tuple[TaskKind, ...], rule: ReplicationRule) -> Verdict:
        refusals = {kind: refused for kind in kinds if (refused := self._refusal(version, kind, rule)) is not None}
        if not refusals:
            return Verdict(kinds=kinds, with_tags=not version.tags or self.tags_refused(version) is None)
        first = next(iter(refusals.values()))
        return Verdict(
            kinds=tuple(kind for kind in kinds if kind not in refusals), refused=replace(first, changed=tuple(refusals))
        )

    def _refusal(self, version: Version, kind: TaskKind, rule: ReplicationRule) -> Failed | None:
        for step in _STEPS[kind]:
            side = self._source if step.of_source else self._destination
            decision = side.decide(step.action, version)
            if not decision.allowed and step.action == READ and not version.attributes.server_side_encryption:
                # AWS: s3:GetObjectVersion is enough for what is not encrypted with KMS.
                other = side.decide(READ_UNENCRYPTED, version)
                decision = other if other.allowed else decision
            if not decision.allowed:
                code = step.code
                if kind is TaskKind.OBJECT and step.action == REPLICATE and version.attributes.parts:
                    code = FailureCode.DST_MULTIPART_INIT_NOT_PERMITTED
                return self._failed(code, decision, step.action, side)
        return self._refusal_by_owner(kind, version, rule)

    def _refusal_by_owner(self, kind: TaskKind, version: Version, rule: ReplicationRule) -> Failed | None:
        """What Account and AccessControlTranslation of the rule ask for, and tags that are not to be replicated."""
        destination, code = self._destination, _STEPS[kind][-1].code
        account = rule.destination_account
        if account is not None and account != destination.bucket.owner:
            return Failed(
                code, f"The rule names account {account}, but another owns the bucket {destination.bucket.name}."
            )
        if kind is TaskKind.OBJECT and rule.owner_override and not destination.enforced:
            decision = destination.decide(GIVE_AWAY, version)
            if not decision.allowed:
                return self._failed(code, decision, GIVE_AWAY, destination)
        if kind is TaskKind.TAGS:
            decision = destination.decide(REPLICATE_TAGS, version)
            if decision.reason is Reason.EXPLICIT_DENY:
                return self._failed(code, decision, REPLICATE_TAGS, destination)
        return None

    def _failed(self, code: FailureCode, decision: Decision, action: str, side: _Side) -> Failed:
        sentence = decision.sentence(action).removesuffix(".")
        foreign = side.bucket.owner != self._source.bucket.owner
        if foreign and decision.policy_type is PolicyType.RESOURCE:
            # What stands in the policy of another account's bucket is not for the owner of the source to read.
            sentence = f"{action} is refused {decision.because(action)}"
        return Failed(code, f"{sentence} (role {self._role_arn}, bucket {side.bucket.name}).")


@dataclass(frozen=True, slots=True)
class _Step:
    """One request of the session, and the failure code of its refusal."""

    action: str
    code: FailureCode

    @property
    def of_source(self) -> bool:
        return self.action in _OF_THE_SOURCE


# AWS: its list of failure reasons has none for a role that may not read the rules, or may not see delete markers.
_READ_RULES = _Step(READ_RULES, FailureCode.SRC_BUCKET_REPLICATION_CONFIG_MISSING)
_READ_METADATA = _Step(READ, FailureCode.SRC_HEAD_OBJECT_NOT_PERMITTED)
_STEPS: Mapping[TaskKind, tuple[_Step, ...]] = {
    TaskKind.OBJECT: (
        _READ_RULES,
        _Step(READ, FailureCode.SRC_GET_OBJECT_NOT_PERMITTED),
        _Step(READ_ACL, FailureCode.SRC_GET_ACL_NOT_PERMITTED),
        _Step(REPLICATE, FailureCode.DST_PUT_OBJECT_NOT_PERMITTED),
    ),
    TaskKind.DELETE_MARKER: (
        _READ_RULES,
        _Step(SEE_MARKERS, FailureCode.SRC_HEAD_OBJECT_NOT_PERMITTED),
        _Step(REPLICATE_DELETE, FailureCode.DST_DEL_OBJ_NOT_PERMITTED),
    ),
    TaskKind.TAGS: (
        _READ_RULES,
        _READ_METADATA,
        _Step(READ_TAGS, FailureCode.SRC_GET_TAGGING_NOT_PERMITTED),
        _Step(REPLICATE, FailureCode.DST_PUT_TAGGING_NOT_PERMITTED),
    ),
    TaskKind.ACL: (
        _READ_RULES,
        _READ_METADATA,
        _Step(READ_ACL, FailureCode.SRC_GET_ACL_NOT_PERMITTED),
        _Step(REPLICATE, FailureCode.DST_PUT_ACL_NOT_PERMITTED),
    ),
}


@dataclass(slots=True, kw_only=True)
class _Side:
    """One bucket, and how its policy and the role's own decide what the session asks of it.

    actions: all that are ever asked. alike: one decision holds for all objects, but for those that are apart.
    """

    session: Identity
    region: str
    bucket: Bucket
    access: ResourceAccess
    actions: Sequence[str]
    now_us: Callable[[], int]
    enforced: bool = field(init=False)
    alike: bool = field(init=False)

    def __post_init__(self) -> None:
        own = self.session.policies
        policies = [*own.identity, *(own.session or ())]
        policies += [policy for policy in (own.boundary, self.access.policy) if policy is not None]
        self.enforced = self.access.ownership is ObjectOwnership.BUCKET_OWNER_ENFORCED
        self.alike = decided_alike(policies, self.actions, self.bucket.name)

    def is_apart(self, version: Version) -> bool:
        """Whether the object's own ACL or owner may decide."""
        return not self.enforced and (version.acl is not None or version.owner != self.bucket.owner)

    def resource(self, action: str, version: Version) -> str:
        """The ARN that the action is on."""
        arn = f"arn:aws:s3:::{self.bucket.name}"
        return arn if action in _ON_BUCKETS else f"{arn}/{version.key}"

    def decide(self, action: str, version: Version) -> Decision:
        """Whether the session may do the action: on the bucket, or on the version's key."""
        request = AccessRequest(
            principal=self.session.principal,
            policies=self.session.policies,
            action=action,
            resource=self.resource(action, version),
            resource_account=self.bucket.owner,
            context=self._context(action, version),
        )
        return evaluate(request, self._resource(action, version))

    def _resource(self, action: str, version: Version) -> ResourceAccess:
        # AWS: tags are the bucket owner's affair, whoever owns the object (API Reference, GetObjectTagging).
        if action not in (READ, READ_UNENCRYPTED, READ_ACL) or not self.is_apart(version):
            return self.access
        grants = owner_grants(version.owner) if version.acl is None else version.acl
        return replace(self.access, object_grants=grants, object_owner=version.owner)

    def _context(self, action: str, version: Version) -> LazyContext:
        circumstances = Circumstances(
            principal=self.session.principal,
            now_us=self.now_us(),
            region=self.region,
            source_address="",
            secure=True,
            headers={},
            resource_account=self.bucket.owner,
        )
        reads = action in _OF_THE_SOURCE and action not in _ON_BUCKETS

        def lookup(key: str) -> Values:
            if key.startswith("aws:"):
                return global_values(circumstances, key)
            if key == "s3:resourceaccount":
                return (self.bucket.owner,)
            if reads and key == "s3:versionid":
                return (version.version_id,)
            if reads and key.startswith(_EXISTING_TAG):
                return _tag(version.tags, key.removeprefix(_EXISTING_TAG))
            return ()

        return LazyContext(lookup)


def _tag(tags: Mapping[str, str], name: str) -> Values:
    """The value of a tag, whose key is given in lower case as condition keys are."""
    return next(((value,) for key, value in tags.items() if key.lower() == name), ())
