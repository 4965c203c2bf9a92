"""Compiled configurations of buckets, kept by generation.

A bucket's row carries a generation that every change of its configuration raises, so what was compiled for a row holds
as long as that very row is what a transaction sees; a change made through one process holds for the next request of
any other. The key is the whole row: ids are unique within a region only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec

from farshore.metadata.store import Reader
from farshore.model.access_log import AccessLogging
from farshore.model.buckets import Bucket, ConfigurationKind
from farshore.model.events import NotificationConfiguration
from farshore.model.replication import ReplicationConfiguration
from farshore.semantics.bucket_logging import compile_logging
from farshore.semantics.notification_config import compile_notifications
from farshore.semantics.replication_config import Document, compile_configuration

CACHED_MAX = 10_000
"""Buckets whose rules are kept compiled; beyond that all are forgotten and compiled again when asked for."""

T = TypeVar("T")

_DOCUMENT = msgspec.json.Decoder(dict[str, object])


class Kept(Generic[T]):
    """One kind of configuration of buckets, compiled. One for each process; not shared between threads.

    Args:
        kind: that is stored.
        compile_: a stored document; None where none is stored.
    """

    __slots__ = ("_compile", "_compiled", "_kind")

    def __init__(self, kind: ConfigurationKind, compile_: Callable[[Document | None], T]) -> None:
        self._kind = kind
        self._compile = compile_
        self._compiled: dict[Bucket, T] = {}

    def get(self, reader: Reader, bucket: Bucket) -> T:
        """The bucket's configuration.

        Args:
            reader: sees the store as it is when `bucket` is its row: the same transaction, or no later one.
        """
        try:
            return self._compiled[bucket]
        except KeyError:
            stored = reader.configuration(bucket.id, self._kind)
            compiled = self._compile(None if stored is None else decode_document(stored))
            if len(self._compiled) >= CACHED_MAX:
                self._compiled.clear()
            self._compiled[bucket] = compiled
            return compiled


def replication_configurations() -> Kept[ReplicationConfiguration | None]:
    """Buckets' replication rules; None without a configuration."""
    return Kept(ConfigurationKind.REPLICATION, lambda stored: None if stored is None else compile_configuration(stored))


def notifications() -> Kept[NotificationConfiguration]:
    """Who listens to buckets; mostly nobody."""
    return Kept(ConfigurationKind.NOTIFICATION, lambda stored: {} if stored is None else compile_notifications(stored))


def access_loggings() -> Kept[AccessLogging | None]:
    """Where buckets' server access logs go; None for most, which keep none."""
    return Kept(ConfigurationKind.LOGGING, lambda stored: None if stored is None else compile_logging(stored))


def encode_document(document: Document) -> bytes:
    """A validated document as it is stored."""
    return msgspec.json.encode(document)


def decode_document(stored: bytes) -> Document:
    return _DOCUMENT.decode(stored)
