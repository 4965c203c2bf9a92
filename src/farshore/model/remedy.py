"""What an explanation proposes: one change, what does it, and what whoever asks would need for it."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Action(StrEnum):
    """What to do; names of S3's own operations where one does it."""

    PUT_BUCKET_REPLICATION = "PutBucketReplication"
    ENABLE_RULE = "EnableRule"
    ADD_RULE = "AddRule"
    RAISE_PRIORITY = "RaisePriority"
    ENABLE_DELETE_MARKERS = "EnableDeleteMarkerReplication"
    ENABLE_REPLICA_MODIFICATIONS = "EnableReplicaModifications"
    CREATE_BUCKET = "CreateBucket"
    ENABLE_VERSIONING = "EnableVersioning"
    MEND_ROLE = "MendRole"
    CREATE_ROLE = "CreateRole"
    MEND_TRUST = "UpdateAssumeRolePolicy"
    PUT_BUCKET_POLICY = "PutBucketPolicy"
    OWN_OBJECTS = "PutBucketOwnershipControls"
    PUT_TAGS = "PutObjectTagging"
    BATCH_REPLICATION = "BatchReplication"
    COPY_ONTO_ITSELF = "CopyOntoItself"
    COPY_TO_STANDARD = "CopyToStandard"
    UPLOAD_AGAIN = "UploadAgain"
    DELETE_AT_DESTINATION = "DeleteAtDestination"
    DELETE_REPLICA = "DeleteReplica"
    RETRY = "Retry"
    REACH_DESTINATION = "ReachDestination"
    START_REPLICATION = "StartReplication"
    VERIFY = "Verify"
    WAIT = "Wait"


class Permission(msgspec.Struct, frozen=True, kw_only=True):
    """An action on a resource, by its ARN. own: the resource is of the caller's account, which alone can permit it."""

    action: str
    resource: str
    own: bool


class Remedy(msgspec.Struct, frozen=True, kw_only=True):
    """One change.

    bucket, rule: what it is made on.
    command: does it; None where no single command can. A word in capitals is for the reader to replace.
    then: the command to give after that, where the change alone does not bring the version over.
    instead: the command of another change that does as well; the text says what differs.
    lacks: what whoever asks would need for it, and is not permitted now; None until that was decided for them, and
        where no permission makes it (something is to be waited for, or done on the server's machine).
    """

    action: Action
    text: str
    bucket: str = ""
    rule: str = ""
    command: str | None = None
    then: str | None = None
    instead: str | None = None
    lacks: tuple[Permission, ...] | None = None
