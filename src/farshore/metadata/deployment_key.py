"""The deployment key: 32 random bytes in a file, under which secrets are sealed in the directory.

Sealed = a random nonce of 12 bytes, then AES-256-GCM's ciphertext and tag. What a secret belongs to (its access key id)
is authenticated with it, so that sealed secrets cannot be exchanged in the file.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from farshore.metadata.sqlite_file import sync_folder

KEY_BYTES = 32
_NONCE_BYTES = 12
_SEAL_BYTES = _NONCE_BYTES + 16
"""What sealing adds: the nonce and the tag."""


class DeploymentKeyError(RuntimeError):
    """The key file is missing, damaged, or of another deployment. Without it no secret can be read."""


class DeploymentKey:
    """Seals and unseals secrets."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    @classmethod
    def load(cls, path: Path) -> DeploymentKey:
        """Raises DeploymentKeyError."""
        try:
            key = path.read_bytes()
        except FileNotFoundError as error:
            raise DeploymentKeyError(f"{path} is missing: restore it from a backup") from error
        if len(key) != KEY_BYTES:
            raise DeploymentKeyError(f"{path} has {len(key)} bytes, not {KEY_BYTES}: restore it from a backup")
        return cls(key)

    @classmethod
    def create(cls, path: Path) -> DeploymentKey:
        """Write a new key, readable by this user alone, or load the one that is there. On disk when it returns."""
        draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_bytes(KEY_BYTES))
                file.flush()
                os.fsync(descriptor)
            with contextlib.suppress(FileExistsError):
                path.hardlink_to(draft)  # The key appears whole or not at all, and never replaces another.
        finally:
            draft.unlink()
        sync_folder(path.parent)
        return cls.load(path)

    def seal(self, secret: str, context: str) -> bytes:
        return self.seal_bytes(secret.encode(), context)

    def seal_bytes(self, content: bytes, context: str) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, content, context.encode())

    def unseal(self, sealed: bytes, context: str) -> str:
        """Raises DeploymentKeyError: sealed under another key, for another context, or damaged."""
        content = self.unseal_bytes(sealed, context)
        if content is None:
            raise DeploymentKeyError(f"what is sealed for {context!r} does not fit the deployment key")
        return content.decode()

    def unseal_bytes(self, sealed: bytes, context: str) -> bytes | None:
        """As `unseal`, for what a client brings: None where it does not fit."""
        if len(sealed) < _SEAL_BYTES:
            return None
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], context.encode())
        except InvalidTag:
            return None
