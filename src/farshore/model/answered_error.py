"""What all errors have in common that are answered to a client: an AWS code, a status and a message."""

from __future__ import annotations

from typing import ClassVar


class AnsweredError(Exception):
    """Base of these errors. A subclass is a row of a table: `class NoSuchKey(S3Error, status=404, message="…"): ...`

    Class arguments: status: of the response, 400 unless said. message: what AWS says, where it always says the same.

    Args:
        message: replaces the class's own, where AWS words it by the case.
    """

    status: ClassVar[int] = 400
    default_message: ClassVar[str] = ""

    def __init_subclass__(cls, *, status: int | None = None, message: str | None = None) -> None:
        super().__init_subclass__()
        if status is not None:
            cls.status = status
        if message is not None:
            cls.default_message = message

    def __init__(self, message: str | None = None) -> None:
        self.message = self.default_message if message is None else message
        super().__init__(f"{self.code}: {self.message}")

    @property
    def code(self) -> str:
        """AWS's error code: the class's name."""
        return type(self).__name__
