"""Settings: layers, and messages that name the place of the mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from farshore.runtime.setting_mistakes import ALLOWED
from farshore.runtime.settings import (
    BadSettings,
    RootCredentials,
    Settings,
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
        ("prot = 9000", r"there is no setting prot; do you mean port\?"),
        ("colour = 1", r"there is no setting colour$"),
        ("port = 70000", r"port: 70000 is not allowed; it takes a whole number from 0 to 65535"),
        ('port = "9000"', r"port: '9000' is not allowed; it takes a whole number from 0 to 65535"),
        ("regions = []", r"regions: \[\] is not allowed; it takes at least one name"),
        ('regions = ["eu-west-1", "US"]', r"regions\[1\]: 'US' is not allowed; it takes a name such as us-east-1"),
        ('domains = ["a b"]', r"domains\[0\]: 'a b' is not allowed; it takes a host name"),
        ('log_level = "loud"', "log_level: 'loud' is not allowed; it takes debug, info, warning or error"),
        ('[[events]]\nfile = "x"', r"events\[0\]: arn is missing"),
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
        ("FARSHORE_DOMAINS", "a b"),
        ("FARSHORE_DOMAINS", "S3.example.com"),
        ("FARSHORE_REPLICATE", "maybe"),
        ("FARSHORE_BATCH_SHARE", "0"),
    ],
)
def test_a_mistake_in_a_variable_names_the_variable(variable: str, value: str) -> None:
    with pytest.raises(BadSettings, match=rf"^{variable}(\[0\])?: '{value}' is not allowed; it takes "):
        load_settings({variable: value}, {})


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"port": 70000}, "^--port: 70000 is not allowed; it takes a whole number from 0 to 65535$"),
        ({"workers": -1}, "^--workers: -1 is not allowed"),
        ({"regions": ["US"]}, "^--region: 'US' is not allowed"),
    ],
)
def test_a_mistake_in_a_flag_names_the_flag(flags: dict[str, object], message: str) -> None:
    with pytest.raises(BadSettings, match=message):
        load_settings({}, flags)


@pytest.mark.parametrize("name", Settings.__struct_fields__)
def test_what_a_setting_takes_can_be_said_of_every_setting(name: str) -> None:
    assert name in ALLOWED


@pytest.mark.parametrize(
    ("variable", "hint"),
    [("FARSHORE_BOGUS", "$"), ("FARSHORE_PROT", r"; do you mean FARSHORE_PORT\?"), ("FARSHORE_SECRET", "$")],
)
def test_a_variable_that_is_no_setting_is_refused_as_in_the_file(variable: str, hint: str) -> None:
    with pytest.raises(BadSettings, match=f"^{variable} is no setting{hint}"):
        load_settings({variable: "1"}, {})


def test_a_variable_that_is_the_secret_of_a_destination_is_none_too_many() -> None:
    entry = f'[{{"arn": "{QUEUE}", "webhook": "https://example.com/", "secret_variable": "FARSHORE_SECRET"}}]'
    assert load_settings({"FARSHORE_EVENTS": entry, "FARSHORE_SECRET": "x", "PATH": "/bin"}, {}).events


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
        (
            '[{"arn": "arn:aws:sqs:us-est-1:111122223333:queue", "file": "x"}]',
            "region us-est-1 is not served; there are us-east-1, us-west-2, eu-west-1",
        ),
        ('[{"arn": "queue", "file": "x"}]', r"FARSHORE_EVENTS\[0\]\.arn: 'queue' is not allowed; it takes the ARN"),
        (
            f'[{{"arn": "{QUEUE}", "file": "x", "accounts": ["me"]}}]',
            r"EVENTS\[0\]\.accounts\[0\]: 'me' is not allowed",
        ),
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
