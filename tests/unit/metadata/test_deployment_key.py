"""The deployment key: secrets that only this deployment reads."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from farshore.metadata.deployment_key import KEY_BYTES, DeploymentKey, DeploymentKeyError


def test_a_sealed_secret_is_read_by_the_same_key_for_the_same_context_only() -> None:
    key, other = DeploymentKey(bytes(32)), DeploymentKey(b"\x01" * 32)
    sealed = key.seal("sécret", "AKIA1")
    assert b"cret" not in sealed
    assert key.unseal(sealed, "AKIA1") == "sécret"
    for reader, context in ((other, "AKIA1"), (key, "AKIA2"), (key, "")):
        assert reader.unseal_bytes(sealed, context) is None
        with pytest.raises(DeploymentKeyError, match=repr(context)):
            reader.unseal(sealed, context)


@pytest.mark.parametrize("place", [0, 11, 12, 20, -1])
def test_a_sealed_secret_that_was_changed_is_refused(place: int) -> None:
    key = DeploymentKey(bytes(32))
    sealed = bytearray(key.seal("secret", "c"))
    sealed[place] ^= 1
    assert key.unseal_bytes(bytes(sealed), "c") is None


def test_what_is_too_short_to_be_sealed_is_refused() -> None:
    key = DeploymentKey(bytes(32))
    sealed = key.seal_bytes(b"", "c")
    assert key.unseal_bytes(sealed, "c") == b""
    for length in (0, 1, 12, 27):
        assert key.unseal_bytes(sealed[:length], "c") is None


def test_sealing_twice_never_looks_the_same() -> None:
    key = DeploymentKey(bytes(32))
    assert len({key.seal("secret", "c") for _ in range(100)}) == 100


def test_a_key_is_made_once_for_this_user_alone_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "deployment.key"
    sealed = DeploymentKey.create(path).seal("secret", "c")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.stat().st_size == KEY_BYTES
    assert DeploymentKey.create(path).unseal(sealed, "c") == "secret"
    assert DeploymentKey.load(path).unseal(sealed, "c") == "secret"
    assert [each.name for each in tmp_path.iterdir()] == ["deployment.key"]


def test_keys_that_are_made_at_the_same_time_are_one(tmp_path: Path) -> None:
    path = tmp_path / "deployment.key"
    made: list[DeploymentKey] = []
    threads = [threading.Thread(target=lambda: made.append(DeploymentKey.create(path))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    sealed = made[0].seal("secret", "c")
    assert [key.unseal(sealed, "c") for key in made] == ["secret"] * 8


@pytest.mark.parametrize("content", [None, b"", b"x" * 31, b"x" * 33])
def test_a_key_that_is_missing_or_damaged_is_refused_with_what_to_do(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "deployment.key"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DeploymentKeyError, match="restore it from a backup"):
        DeploymentKey.load(path)
