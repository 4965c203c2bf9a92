"""Session tokens: readable by this deployment alone, for one access key, unchanged."""

from __future__ import annotations

import base64
from pathlib import Path

import msgspec
from tests.support.identities import ACCOUNT, DirectoryForTests, allowing, directory_for_tests

from farshore.model.identity import Session
from farshore.service.sessions import TOKEN_CHARS_MAX, open_session, seal_session

SESSION = Session(
    access_key_id="ASIAONE",
    secret="temporary-secret",
    account_id=ACCOUNT,
    owner_id="AROACREW",
    issued_us=1,
    expires_us=2,
    name="night",
    policy=allowing("s3:GetObject"),
    policy_arns=("arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess",),
    tags={"k": "v"},
)


def test_a_token_opens_to_its_session_after_a_restart(tmp_path: Path) -> None:
    with directory_for_tests(tmp_path) as before:
        token = seal_session(before.directory, SESSION)
    with directory_for_tests(tmp_path) as after:
        assert open_session(after.directory, "ASIAONE", token) == SESSION


def test_a_token_shows_nothing_and_no_two_are_the_same(tmp_path: Path) -> None:
    with directory_for_tests(tmp_path) as store:
        tokens = [seal_session(store.directory, SESSION) for _ in range(2)]
        assert tokens[0] != tokens[1]
        for token in tokens:
            assert token.isascii()
            assert b"temporary-secret" not in base64.b64decode(token)
    assert "temporary-secret" not in repr(SESSION)


def test_a_token_of_another_key_another_deployment_or_changed_is_none(tmp_path: Path) -> None:
    with directory_for_tests(tmp_path / "a") as store, directory_for_tests(tmp_path / "b") as foreign:
        token = seal_session(store.directory, SESSION)

        def opens(text: str, key: str = "ASIAONE", where: DirectoryForTests = store) -> bool:
            return open_session(where.directory, key, text) is not None

        assert opens(token)
        assert not opens(token, key="ASIATWO")
        assert not opens(token, key="")
        assert not opens(token, where=foreign)
        assert not opens(token[:-4])
        assert not opens("")
        assert not opens("no base64!")
        assert not opens("ü")
        assert not opens("A" * (TOKEN_CHARS_MAX + 4))
        for place in range(0, len(token) - 2, 7):
            other = "B" if token[place] == "A" else "A"
            assert not opens(token[:place] + other + token[place + 1 :])


def test_the_largest_session_fits_into_a_header(tmp_path: Path) -> None:
    policy = "".join(chr(33 + (7 * place * place + place) % 90) for place in range(2048))
    arns = tuple(f"arn:aws:iam::{ACCOUNT}:policy/{'p' * 100}{number}" for number in range(10))
    largest = msgspec.structs.replace(
        SESSION, policy=policy, policy_arns=arns, tags={f"{n}": "v" * 256 for n in range(50)}
    )
    with directory_for_tests(tmp_path) as store:
        token = seal_session(store.directory, largest)
        assert len(token) < 6000
        assert open_session(store.directory, "ASIAONE", token) == largest
