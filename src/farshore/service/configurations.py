"""Compiled configurations of buckets, kept by generation.

A bucket's row carries a generation that every change of its configuration raises, so what was compiled for a row holds
as long as that very row is what a transaction sees; a change made through one process holds for the next request of
any other. The key is the whole row: ids are unique within a region only.
"""

from __future__ import annotations

import msgspec

from farshore.metadata.store import Reader
from farshore.model.buckets import Bucket, ConfigurationKind
from farshore.model.events import NotificationConfiguration
from farshore.model.replication import ReplicationConfiguration
from farshore.semantics.notification_config import compile_notifications
from farshore.semantics.replication_config import Document, compile_configuration

CACHED_MAX = 10_000
"""Buckets whose rules are kept compiled; beyond that all are forgotten and compiled again when asked for."""

_DOCUMENT = msgspec.json.Decoder(dict[str, object])


class ReplicationConfigurations:
    """The replication rules of buckets. One for each process; not shared between threads."""

    __slots__ = ("_compiled",)

    def __init__(self) -> None:
        self._compiled: dict[Bucket, ReplicationConfiguration | None] = {}

    def get(self, reader: Reader, bucket: Bucket) -> ReplicationConfiguration | None:
        """The bucket's compiled rules; None without a configuration.

        Args:
            reader: sees the store as it is when `bucket` is its row: the same transaction, or no later one.
        """
        try:
            return self._compiled[bucket]
        except KeyError:
            stored = reader.configuration(bucket.id, ConfigurationKind.REPLICATION)
            compiled = None if stored is None else compile_configuration(decode_document(stored))
            if len(self._compiled) >= CACHED_MAX:
                self._compiled.clear()
            self._compiled[bucket] = compiled
            return compiled


class Notifications:
    """The notification configurations of buckets, compiled, kept by generation. Not shared between threads."""

    __slots__ = ("_compiled",)

    def __init__(self) -> None:
        self._compiled: dict[Bucket, NotificationConfiguration] = {}

    def get(self, reader: Reader, bucket: Bucket) -> NotificationConfiguration:
        """Who listens to the bucket; mostly nobody.

        Args:
            reader: sees the store as it is when `bucket` is its row: the same transaction, or no later one.
        """
        try:
            return self._compiled[bucket]
        except KeyError:
            stored = reader.configuration(bucket.id, ConfigurationKind.NOTIFICATION)
            compiled = () if stored is None else compile_notifications(decode_document(stored))
            if len(self._compiled) >= CACHED_MAX:
                self._compiled.clear()
            self._compiled[bucket] = compiled
            return compiled


def encode_document(document: Document) -> bytes:
    """A validated document as it is stored."""
    return msgspec.json.encode(document)


def decode_document(stored: bytes) -> Document:
    return _DOCUMENT.decode(stored)
