"""One object that a job's operation is done on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from farshore.metadata.store import Transaction
from farshore.model.batch import Document
from farshore.service.deployment import Params

SUCCESSFUL = "Successful"
"""ResultMessage of an operation that has nothing more to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectTask:
    """version_id: None where the manifest names none: the current version.

    parameters: of the operation. end: ends the task with a ResultMessage, inside of the command that has its effect.
    """

    bucket: str
    key: str
    version_id: str | None
    parameters: Document
    end: Callable[[Transaction, str], None]

    def params(self) -> Params:
        """The members of a request that name the object."""
        named: Params = {"Bucket": self.bucket, "Key": self.key}
        if self.version_id is not None:
            named["VersionId"] = self.version_id
        return named
