"""Settings: layers, and messages that name the place of the mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from farshore.runtime.settings import (
    BadSettings,
    RootCredentials,
    check_secrets,
    load_settings,
    metrics_token,
    root_credentials,
)


def test_without_anything_three_regions_are_served_on_port_9000() -> None:
    settings = load_settings({}, {})
    assert (settings.host, settings.port, settings.data) == ("127.0.0.1", 9000, "farshore-data")
    assert settings.regions == ("us-east-1", "us-west-2", "eu-west-1")
    assert settings.workers >= 1


def test_flags_go_before_variables_before_the_file(tmp_path: Path) -> None:
    config = tmp_path / "farshore.toml"
    config.write_text('port = 1\nworkers = 1\nhost = "file"\nregions = ["eu-west-1"]\n')
    environment = {"FARSHORE_PORT": "2", "FARSHORE_WORKERS": "2", "FARSHORE_DOMAINS": "a.example, b.example"}
    settings = load_settings(environment, {"port": 3, "workers": None, "regions": []}, config)
    assert (settings.port, settings.workers, settings.host) == (3, 2, "file")
    assert settings.regions == ("eu-west-1",)
    assert settings.domains == ("a.example", "b.example")


def test_a_variable_may_name_the_file_and_a_flag_goes_before_it(tmp_path: Path) -> None:
    one, other = tmp_path / "one.toml", tmp_path / "other.toml"
    one.write_text("port = 1\n")
    other.write_text("port = 2\n")
    assert load_settings({"FARSHORE_CONFIG": str(one)}, {}).port == 1
    assert load_settings({"FARSHORE_CONFIG": str(one)}, {}, other).port == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("prot = 9000", "unknown field `prot`"),
        ("port = 70000", r"<= 65535 - at `\$\.port`"),
        ('port = "9000"', r"Expected `int`, got `str` - at `\$\.port`"),
        ("regions = []", r"at `\$\.regions`"),
        ('regions = ["US"]', r"at `\$\.regions\[0\]`"),
        ("port = ", "Invalid value"),
    ],
)
def test_a_mistake_in_the_file_is_refused_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    config = tmp_path / "farshore.toml"
    config.write_text(text)
    with pytest.raises(BadSettings, match=message) as caught:
        load_settings({}, {}, config)
    assert str(config) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"cannot read .*: No such file"):
        load_settings({}, {}, tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("FARSHORE_PORT", "many"),
        ("FARSHORE_WORKERS", "-1"),
        ("FARSHORE_REGIONS", "us east"),
        ("FARSHORE_LOG_FORMAT", "x"),
    ],
)
def test_a_mistake_in_a_variable_names_the_variable(variable: str, value: str) -> None:
    with pytest.raises(BadSettings, match=f"^{variable}: "):
        load_settings({variable: value}, {})


def test_replication_can_be_held_by_a_variable() -> None:
    assert load_settings({}, {}).replicate is True
    assert load_settings({"FARSHORE_REPLICATE": "false"}, {}).replicate is False


def test_a_region_named_twice_is_refused() -> None:
    with pytest.raises(BadSettings, match="twice"):
        load_settings({}, {"regions": ["us-east-1", "us-east-1"]})


def test_root_credentials_come_from_the_environment() -> None:
    assert root_credentials({}) == RootCredentials()
    root = root_credentials(
        {
            "FARSHORE_ROOT_ACCOUNT_ID": "111122223333",
            "FARSHORE_ROOT_ACCESS_KEY_ID": "AKIAEXAMPLE",
            "FARSHORE_ROOT_SECRET_ACCESS_KEY": "correct horse".replace(" ", "-"),
        }
    )
    assert root == RootCredentials(
        account_id="111122223333", access_key_id="AKIAEXAMPLE", secret_access_key="correct-horse"
    )
    assert "correct-horse" not in repr(root)


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"FARSHORE_ROOT_ACCOUNT_ID": "12"}, "12 digits"),
        ({"FARSHORE_ROOT_ACCESS_KEY_ID": "AKIAEXAMPLE"}, "set both"),
        ({"FARSHORE_ROOT_SECRET_ACCESS_KEY": "a-long-secret"}, "set both"),
        ({"FARSHORE_ROOT_ACCESS_KEY_ID": "a b c", "FARSHORE_ROOT_SECRET_ACCESS_KEY": "a-long-secret"}, "letters"),
        ({"FARSHORE_ROOT_ACCESS_KEY_ID": "AKIA", "FARSHORE_ROOT_SECRET_ACCESS_KEY": "short"}, "8 to 128"),
    ],
)
def test_root_credentials_that_cannot_be_used_are_refused_without_showing_the_secret(
    environment: dict[str, str], message: str
) -> None:
    with pytest.raises(BadSettings, match=message) as caught:
        root_credentials(environment)
    assert environment.get("FARSHORE_ROOT_SECRET_ACCESS_KEY", "a-long-secret") not in str(caught.value)


def test_a_token_for_metrics_is_long_and_never_shown() -> None:
    assert metrics_token({}) is metrics_token({"FARSHORE_METRICS_TOKEN": ""}) is None
    assert metrics_token({"FARSHORE_METRICS_TOKEN": "x" * 16}) == "x" * 16
    for wrong in ("guess-me", "x" * 257, "with a space in it"):
        with pytest.raises(BadSettings) as refused:
            metrics_token({"FARSHORE_METRICS_TOKEN": wrong})
        assert wrong not in str(refused.value)


QUEUE = "arn:aws:sqs:us-east-1:111122223333:queue"


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (f'[{{"arn": "{QUEUE}"}}]', "one of webhook, nats and file is needed"),
        (f'[{{"arn": "{QUEUE}", "file": "x", "nats": "nats://x", "subject": "y"}}]', "one of webhook, nats and file"),
        (f'[{{"arn": "{QUEUE}", "nats": "nats://x"}}]', "nats and subject belong together"),
        (f'[{{"arn": "{QUEUE}", "webhook": "http://example.com/"}}]', "an https URL, or an http URL of this machine"),
        (f'[{{"arn": "{QUEUE}", "webhook": "https://user@example.com/"}}]', "an https URL"),
        (f'[{{"arn": "{QUEUE}", "webhook": "http://127.0.0.1.example.com/"}}]', "an https URL"),
        (f'[{{"arn": "{QUEUE}", "file": "x", "secret_variable": "Y"}}]', "secret_variable belongs to a webhook"),
        (f'[{{"arn": "{QUEUE}", "file": "x"}}, {{"arn": "{QUEUE}", "file": "y"}}]', "it is there twice"),
        ('[{"arn": "queue", "file": "x"}]', r"at `\$\[0\]\.arn`"),
        (f'[{{"arn": "{QUEUE}", "file": "x", "accounts": ["me"]}}]', r"at `\$\[0\]\.accounts\[0\]`"),
        ("[", "FARSHORE_EVENTS"),
    ],
)
def test_event_destinations_that_are_refused(entry: str, message: str) -> None:
    with pytest.raises(BadSettings, match=message):
        load_settings({"FARSHORE_EVENTS": entry}, {})


def test_event_destinations_in_the_file_and_their_secrets_in_the_environment(tmp_path: Path) -> None:
    config = tmp_path / "farshore.toml"
    config.write_text(
        f'[[events]]\narn = "{QUEUE}"\nwebhook = "https://example.com/x"\nsecret_variable = "QUEUE_SECRET"\n'
        f'[[events]]\narn = "{QUEUE}2"\nwebhook = "http://localhost:8080"\naccounts = ["444455556666"]\n'
    )
    settings = load_settings({}, {}, config)
    assert [each.permitted for each in settings.events] == [{"111122223333"}, {"444455556666"}]
    with pytest.raises(BadSettings, match="the variable QUEUE_SECRET is not set"):
        check_secrets(settings, {})
    check_secrets(settings, {"QUEUE_SECRET": "hidden"})
    assert settings.events[0].secret({"QUEUE_SECRET": "hidden"}) == "hidden"
