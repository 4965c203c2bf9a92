"""The one change that would mend what keeps a version from a destination, as an action and as a command."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec

from farshore.model.objects import Version
from farshore.model.remedy import Action, Remedy
from farshore.model.replication import ReplicationRule, ReplicationStatus
from farshore.semantics.replication_eligibility import Refusal
from farshore.semantics.replication_role import default_role_name
from farshore.semantics.shell import shell_words

Document = Mapping[str, Any]

_DOCUMENT_CHARACTERS_MAX = 4000
"""Longer configurations are not repeated in a command."""

_RULE_CHARACTERS_MIN = 80
"""No rule is written in fewer."""


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be mended: a version (or the key alone) of a source bucket, under its stored configuration.

    owner: the bucket's account. versioned: its versioning is enabled. before: the last configuration that it had,
    where it has none now; None where none is remembered.
    """

    bucket: str
    key: str
    version: Version | None
    document: Document | None
    owner: str
    versioned: bool = True
    before: Document | None = None


def put_configuration(subject: Subject) -> Remedy:
    """There is none: put the one that was there last, else one to a destination of the reader's choice."""
    steps = [] if subject.versioned else [enable_versioning(subject.bucket)]
    if subject.before is not None:
        text = "put the replication configuration again that the bucket had last"
        put = _put_command(subject.bucket, subject.before)
    else:
        text = "put a replication configuration on the bucket, here one to a versioned bucket DESTINATION for all keys"
        steps.append(shell_words("farshore", "replication", "role", subject.bucket, "DESTINATION", "--create"))
        put = _put_command(subject.bucket, _new_configuration(subject))
    return Remedy(
        action=Action.PUT_BUCKET_REPLICATION,
        bucket=subject.bucket,
        text=f"{text}; it covers what is written after it",
        command=None if put is None else " && ".join((*steps, put)),
        then=batch_command(subject),
    )


def _new_configuration(subject: Subject) -> Document:
    rule = {
        "ID": "all",
        "Status": "Enabled",
        "Priority": 1,
        "Filter": {"Prefix": ""},
        "DeleteMarkerReplication": {"Status": "Enabled"},
        "Destination": {"Bucket": "arn:aws:s3:::DESTINATION"},
    }
    return {"Role": f"arn:aws:iam::{subject.owner}:role/{default_role_name(subject.bucket)}", "Rules": [rule]}


def mend_refusal(subject: Subject, rule: ReplicationRule, refusal: Refusal) -> Remedy | None:
    """What would make a rule take the version, were it written now; None where nothing sensible does."""
    make = _REFUSALS.get(refusal)
    return None if make is None else make(subject, rule)


def bring_existing(subject: Subject) -> Remedy | None:
    """Nothing is in the way any more, but rules do not look back: Batch Replication brings what is there already."""
    command = batch_command(subject)
    if command is None:
        return None
    assert subject.version is not None, subject
    again = "deleting the object once more" if subject.version.delete_marker else "copying the object onto itself"
    return Remedy(
        action=Action.BATCH_REPLICATION,
        bucket=subject.bucket,
        text="bring over what is there already by a job of Batch Replication, here the versions whose keys begin with "
        f"{subject.key!r}; {again} makes a new version, which is replicated by itself",
        command=command,
        instead=write_again(subject),
    )


def batch_command(subject: Subject) -> str | None:
    """The command that replicates the version as it is, with its id and time, and waits until that is done."""
    version = subject.version
    if version is None:
        return None
    status = "NONE" if version.replication_status is None else version.replication_status.value
    # AWS: a job's filter knows no PENDING.
    chosen = () if version.replication_status is ReplicationStatus.PENDING else ("--status", status)
    return shell_words("farshore", "batch", "replicate", subject.bucket, "--prefix", subject.key, *chosen, "--wait")


def write_again(subject: Subject) -> str | None:
    """The command that makes a new version like this one."""
    version = subject.version
    if version is None:
        return None
    if version.delete_marker:
        return aws_command("s3api", "delete-object", bucket=subject.bucket, key=subject.key)
    return _copy(subject, version, version.storage_class)


def _copy(subject: Subject, version: Version, storage_class: str) -> str:
    return aws_command(
        "s3api",
        "copy-object",
        bucket=subject.bucket,
        key=subject.key,
        copy_source=_copy_source(subject, version),
        storage_class=storage_class,
    )


def repair_command(subject: Subject, destination: str) -> str:
    return shell_words(
        *("farshore", "replication", "verify", subject.bucket, "--destination", destination),
        *("--prefix", subject.key, "--repair"),
    )


def wait_command(subject: Subject) -> str:
    named = () if subject.version is None else ("--version-id", subject.version.version_id)
    return shell_words("farshore", "replication", "wait", f"s3://{subject.bucket}/{subject.key}", *named)


def _enable_rule(subject: Subject, rule: ReplicationRule) -> Remedy:
    return _edit(
        subject,
        rule,
        Action.ENABLE_RULE,
        f"enable rule {rule.id}; it covers what is written after that",
        lambda entry: entry.update(Status="Enabled"),
    )


def _enable_delete_markers(subject: Subject, rule: ReplicationRule) -> Remedy:
    return _edit(
        subject,
        rule,
        Action.ENABLE_DELETE_MARKERS,
        f"enable DeleteMarkerReplication in rule {rule.id}",
        lambda entry: entry.update(DeleteMarkerReplication={"Status": "Enabled"}),
    )


def enable_replica_modifications(subject: Subject, rule: ReplicationRule) -> Remedy:
    """So that edits of replicas travel back, those that were made before not without being made again."""

    def change(entry: dict[str, Any]) -> None:
        criteria = entry.setdefault("SourceSelectionCriteria", {})
        criteria["ReplicaModifications"] = {"Status": "Enabled"}

    text = f"enable ReplicaModifications in rule {rule.id}, and in the rule that brings replicas here"
    remedy = _edit(subject, rule, Action.ENABLE_REPLICA_MODIFICATIONS, f"{text}; then put the tags again", change)
    return msgspec.structs.replace(remedy, then=None if subject.version is None else tags_command(subject))


def tags_command(subject: Subject) -> str:
    """The command that puts the tags of the version once more, as they are."""
    assert subject.version is not None, subject
    tagging = {"TagSet": [{"Key": name, "Value": value} for name, value in subject.version.tags.items()]}
    return aws_command(
        "s3api",
        "put-object-tagging",
        bucket=subject.bucket,
        key=subject.key,
        version_id=subject.version.version_id,
        tagging=json.dumps(tagging, separators=(",", ":"), ensure_ascii=False),
    )


def _raise_priority(subject: Subject, rule: ReplicationRule) -> Remedy:
    rules = () if subject.document is None else subject.document["Rules"]
    highest = max((entry.get("Priority", 0) for entry in rules), default=0)
    return _edit(
        subject,
        rule,
        Action.RAISE_PRIORITY,
        f"give rule {rule.id} a higher priority than the rule that takes its place",
        lambda entry: entry.update(Priority=highest + 1),
    )


def _add_rule(subject: Subject, rule: ReplicationRule) -> Remedy:
    """A rule like this one for the folder that the key is in; the rule itself goes on covering what it covers."""
    prefix = subject.key[: subject.key.rfind("/") + 1]
    named = f"keys that begin with {prefix!r}" if prefix else "all keys"
    command = None
    document = subject.document
    if document is not None and _may_be_repeated(document):
        changed = copy.deepcopy(dict(document))
        entry = copy.deepcopy(next(each for each in changed["Rules"] if each["ID"] == rule.id))
        entry["ID"] = f"{rule.id}-2"[:255]
        entry["Status"] = "Enabled"
        if "Filter" in entry:
            entry["Filter"] = {"Prefix": prefix}
            entry["Priority"] = 1 + max(each.get("Priority", 0) for each in changed["Rules"])
        else:
            entry.pop("Prefix", None)
            entry["Prefix"] = prefix
        changed["Rules"].append(entry)
        command = _put_command(subject.bucket, changed)
    return Remedy(
        action=Action.ADD_RULE,
        bucket=subject.bucket,
        rule=rule.id,
        text=f"add a rule to {rule.destination} for {named}, or change the filter of rule {rule.id}",
        command=command,
        then=batch_command(subject),
    )


def _copy_with_tags(subject: Subject, rule: ReplicationRule) -> Remedy:
    version = subject.version
    command = None
    if version is not None:
        tags = {**version.tags, **dict(rule.filter.tags)}
        command = aws_command(
            "s3api",
            "copy-object",
            bucket=subject.bucket,
            key=subject.key,
            copy_source=_copy_source(subject, version),
            tagging_directive="REPLACE",
            tagging=urlencode(tags),
            storage_class=version.storage_class,
        )
    wanted = ", ".join(f"{name}={value}" for name, value in rule.filter.tags)
    return Remedy(
        action=Action.COPY_ONTO_ITSELF,
        bucket=subject.bucket,
        rule=rule.id,
        text=f"copy the object onto itself with the rule's tags ({wanted}): tags count when a version is written",
        command=command,
    )


def _delete_there(subject: Subject, rule: ReplicationRule) -> Remedy:
    return Remedy(
        action=Action.DELETE_AT_DESTINATION,
        bucket=rule.destination,
        rule=rule.id,
        text="delete the object at the destination too: a rule with tags never replicates delete markers",
        command=aws_command("s3api", "delete-object", bucket=rule.destination, key=subject.key),
    )


def _copy_to_standard(subject: Subject, rule: ReplicationRule) -> Remedy:
    version = subject.version
    command = None if version is None else _copy(subject, version, "STANDARD")
    return Remedy(
        action=Action.COPY_TO_STANDARD,
        bucket=subject.bucket,
        rule=rule.id,
        text="copy the object onto itself in a storage class that is not archived; the rule can archive the replica",
        command=command,
    )


def upload_again(subject: Subject) -> str:
    return shell_words("aws", "s3", "cp", "FILE", f"s3://{subject.bucket}/{subject.key}")


def upload_anew(subject: Subject) -> Remedy:
    """There is no such version: nothing brings it but another upload."""
    return Remedy(
        action=Action.UPLOAD_AGAIN,
        bucket=subject.bucket,
        text="upload the object (again), if it is to be there: the new version is replicated",
        command=upload_again(subject),
    )


def delete_replica(subject: Subject, destination: str, version_id: str) -> Remedy:
    """The version was permanently deleted, which is never replicated: its replica is there still."""
    return Remedy(
        action=Action.DELETE_REPLICA,
        bucket=destination,
        text=f"delete the version in {destination} too, if it is to be gone there: permanent deletes are never "
        "replicated",
        command=aws_command("s3api", "delete-object", bucket=destination, key=subject.key, version_id=version_id),
        instead=upload_again(subject),
    )


_REFUSALS: Mapping[Refusal, Callable[[Subject, ReplicationRule], Remedy]] = {
    Refusal.RULE_DISABLED: _enable_rule,
    Refusal.PREFIX_DOES_NOT_MATCH: _add_rule,
    Refusal.TAGS_DO_NOT_MATCH: _copy_with_tags,
    Refusal.SHADOWED: _raise_priority,
    Refusal.DELETE_MARKERS_OFF: _enable_delete_markers,
    Refusal.DELETE_MARKERS_HAVE_NO_TAGS: _delete_there,
    Refusal.ARCHIVED_STORAGE_CLASS: _copy_to_standard,
}


def _edit(
    subject: Subject,
    rule: ReplicationRule,
    action: Action,
    text: str,
    change: Callable[[dict[str, Any]], None],
) -> Remedy:
    """The configuration put again, with one rule changed."""
    command = None
    if subject.document is not None and _may_be_repeated(subject.document):
        document = copy.deepcopy(dict(subject.document))
        change(next(entry for entry in document["Rules"] if entry["ID"] == rule.id))
        command = _put_command(subject.bucket, document)
    return Remedy(
        action=action, bucket=subject.bucket, rule=rule.id, text=text, command=command, then=batch_command(subject)
    )


def _may_be_repeated(document: Document) -> bool:
    """Whether it can be short enough for a command. Of a thousand rules each would else be mended in a copy of all."""
    return len(document["Rules"]) * _RULE_CHARACTERS_MIN <= _DOCUMENT_CHARACTERS_MAX


def _put_command(bucket: str, document: Document) -> str | None:
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    if len(text) > _DOCUMENT_CHARACTERS_MAX:
        return None
    return aws_command("s3api", "put-bucket-replication", bucket=bucket, replication_configuration=text)


def _copy_source(subject: Subject, version: Version) -> str:
    """Unescaped: the CLI escapes it."""
    return f"{subject.bucket}/{subject.key}?versionId={version.version_id}"


def enable_versioning(bucket: str, **options: str) -> str:
    """options: of the AWS CLI, beside those."""
    return aws_command(
        "s3api", "put-bucket-versioning", bucket=bucket, versioning_configuration="Status=Enabled", **options
    )


def aws_command(*words: str, **options: str) -> str:
    """A command of the AWS CLI, ready for a shell."""
    named = [part for name, value in options.items() for part in (f"--{name.replace('_', '-')}", value)]
    return shell_words("aws", *words, *named)
