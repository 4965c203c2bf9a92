"""What a server is told: flags before environment variables before the settings file (TOML) before defaults.

Every layer is checked by itself, so that a message names the place of the mistake: the flag's or variable's name, or
the file and the path in it. Unknown keys of the file are refused. Secrets come by environment variables alone.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

import msgspec

from farshore.runtime.event_settings import EventDestination
from farshore.runtime.setting_mistakes import mistake, nearest

_PREFIX = "FARSHORE_"
_REGION = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
_DOMAIN = r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$"
_OTHERS = ("CONFIG", "METRICS_TOKEN", "ROOT_ACCOUNT_ID", "ROOT_ACCESS_KEY_ID", "ROOT_SECRET_ACCESS_KEY")
"""Variables that are no settings."""

Region = Annotated[str, msgspec.Meta(pattern=_REGION, max_length=63)]
Domain = Annotated[str, msgspec.Meta(pattern=_DOMAIN, max_length=253)]
LogFormat = Literal["auto", "text", "json"]
LogLevel = Literal["debug", "info", "warning", "error"]


class BadSettings(ValueError):  # noqa: N818 - named for what is so.
    """Settings that cannot be used; the message says which and why, in one line."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to serve.

    data: folder of everything that is stored; relative to the working directory.
    port: 0 takes any free one.
    regions: served from this folder; the first is the default region.
    workers: API processes beside a background process; 0 puts everything into one process.
    domains: more base domains of virtual-host addressing (`BUCKET.DOMAIN`), besides localhost and `host`.
    replicate: False leaves replication tasks waiting, for work on a destination; they are written all the same.
    batch_share: how much of what is delivered to a destination may be Batch Replication while live changes wait for it.
    retry_when_mended: True drives failed replications again by itself once their cause is gone, which AWS does not.
    metrics_on_loopback: True lets anybody on this machine read `/-/metrics` without the token: not behind a proxy.
    events: where event notifications go. event_retention_days, event_backlog_max: how long, and how many for each
        destination of a region, they wait for one that does not take them; then the oldest are given up.
    audit_log: where every request leaves a record: `file` (`logs/audit.jsonl` in the data folder), an absolute path, or
        `stdout`; `off` keeps none.
    access_log_every_s: how long lines of buckets' server access logs are gathered before they are delivered.
    drain_s: how long requests under way may take to finish once the server is told to stop.
    """

    data: Annotated[str, msgspec.Meta(min_length=1)] = "farshore-data"
    host: Annotated[str, msgspec.Meta(min_length=1)] = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 9000
    regions: Annotated[tuple[Region, ...], msgspec.Meta(min_length=1)] = ("us-east-1", "us-west-2", "eu-west-1")
    workers: Annotated[int, msgspec.Meta(ge=0, le=256)] = msgspec.field(default_factory=lambda: os.cpu_count() or 1)
    domains: tuple[Domain, ...] = ()
    replicate: bool = True
    batch_share: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.5
    retry_when_mended: bool = False
    metrics_on_loopback: bool = False
    events: tuple[EventDestination, ...] = ()
    event_retention_days: Annotated[float, msgspec.Meta(gt=0)] = 4.0
    event_backlog_max: Annotated[int, msgspec.Meta(ge=1)] = 1_000_000
    audit_log: Annotated[str, msgspec.Meta(pattern=r"^(off|stdout|file|/.+)$")] = "off"
    access_log_every_s: Annotated[float, msgspec.Meta(gt=0)] = 300.0
    drain_s: Annotated[float, msgspec.Meta(ge=0)] = 30.0
    log_format: LogFormat = "auto"
    log_level: LogLevel = "info"


class RootCredentials(msgspec.Struct, frozen=True, kw_only=True):
    """The root account and access key as the environment sets them; what is None is made at the first start."""

    account_id: str | None = None
    access_key_id: str | None = None
    secret_access_key: str | None = None

    def __repr__(self) -> str:
        return f"RootCredentials(account_id={self.account_id!r}, access_key_id={self.access_key_id!r})"


def load_settings(environment: Mapping[str, str], flags: Mapping[str, object], config: Path | None = None) -> Settings:
    """Put the layers together.

    Args:
        flags: by field name; those that are None or empty were not given.
        config: the settings file; else the one that FARSHORE_CONFIG names, else none.
    Raises:
        BadSettings: a value, a name or the file is wrong.
    """
    named = environment.get(f"{_PREFIX}CONFIG")
    if config is None and named:
        config = Path(named)
    merged = {} if config is None else _read_file(config)
    merged |= _read_environment(environment)
    merged |= {name: value for name, value in flags.items() if value is not None and value != []}
    settings = _convert(merged, "--")
    _check_variables(environment, settings)
    for name in ("regions", "domains"):
        values: tuple[str, ...] = getattr(settings, name)
        if len(set(values)) != len(values):
            raise BadSettings(f"{name}: one is named twice in {', '.join(values)}")
    _check_events(settings.events, settings.regions)
    return settings


def check_secrets(settings: Settings, environment: Mapping[str, str]) -> None:
    """Raise BadSettings when a secret that the settings name is not in the environment, or does not do."""
    metrics_token(environment)
    for destination in settings.events:
        try:
            destination.secret(environment)
        except KeyError as error:
            raise BadSettings(f"events: {destination.arn}: the variable {error.args[0]} is not set") from error


def metrics_token(environment: Mapping[str, str]) -> str | None:
    """Read FARSHORE_METRICS_TOKEN, with which `/-/metrics` may be read. Raises BadSettings (never shows it)."""
    token = environment.get(f"{_PREFIX}METRICS_TOKEN") or None
    if token is not None and not re.fullmatch(r"[!-~]{16,256}", token):
        raise BadSettings(f"{_PREFIX}METRICS_TOKEN: 16 to 256 printable ASCII characters are needed")
    return token


def root_credentials(environment: Mapping[str, str]) -> RootCredentials:
    """Read FARSHORE_ROOT_*. Raises BadSettings (which never shows a secret)."""
    root = RootCredentials(
        account_id=environment.get(f"{_PREFIX}ROOT_ACCOUNT_ID") or None,
        access_key_id=environment.get(f"{_PREFIX}ROOT_ACCESS_KEY_ID") or None,
        secret_access_key=environment.get(f"{_PREFIX}ROOT_SECRET_ACCESS_KEY") or None,
    )
    if root.account_id is not None and not re.fullmatch(r"[0-9]{12}", root.account_id):
        raise BadSettings(f"{_PREFIX}ROOT_ACCOUNT_ID: {root.account_id!r} is not 12 digits")
    if (root.access_key_id is None) != (root.secret_access_key is None):
        raise BadSettings(f"{_PREFIX}ROOT_ACCESS_KEY_ID and {_PREFIX}ROOT_SECRET_ACCESS_KEY belong together: set both")
    if root.access_key_id is not None and not re.fullmatch(r"\w{3,128}", root.access_key_id, re.ASCII):
        raise BadSettings(f"{_PREFIX}ROOT_ACCESS_KEY_ID: 3 to 128 letters, digits or underscores are needed")
    if root.secret_access_key is not None and not re.fullmatch(r"[!-~]{8,128}", root.secret_access_key):
        raise BadSettings(f"{_PREFIX}ROOT_SECRET_ACCESS_KEY: 8 to 128 printable ASCII characters are needed")
    return root


def _check_events(destinations: Sequence[EventDestination], regions: Sequence[str]) -> None:
    seen: set[str] = set()
    for destination in destinations:
        fault = "it is there twice" if destination.arn in seen else destination.fault()
        if destination.region not in regions:
            # Only buckets of its own region may send to it: a misspelt one would silently get nothing.
            fault = f"region {destination.region} is not served; there are {', '.join(regions)}"
        if fault is not None:
            raise BadSettings(f"events: {destination.arn}: {fault}")
        seen.add(destination.arn)


def _read_file(path: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise BadSettings(f"cannot read {path}: {reason}") from error
    except tomllib.TOMLDecodeError as error:
        raise BadSettings(f"{path}: {error}") from error
    _convert(values, str(path))
    return values


def _read_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    """FARSHORE_PORT and so on. Lists are separated by commas, events are JSON."""
    values: dict[str, Any] = {}
    for name, kind in get_type_hints(Settings, include_extras=True).items():
        variable = _PREFIX + name.upper()
        text = environment.get(variable)
        if not text:
            continue
        raw: Any = text
        try:
            if name == "events":
                raw = msgspec.json.decode(text)
                values[name] = msgspec.convert(raw, kind)
                continue
            raw = [part.strip() for part in text.split(",")] if name in ("regions", "domains") else text
            values[name] = msgspec.convert(raw, kind, strict=False)
        except msgspec.ValidationError as error:
            place, sentence = mistake(error, raw, name)
            raise BadSettings(f"{variable}{place.removeprefix(name)}: {sentence}") from error
        except msgspec.DecodeError as error:
            raise BadSettings(f"{variable}: it is no JSON: {error}") from error
    return values


def _check_variables(environment: Mapping[str, str], settings: Settings) -> None:
    """Refuse a FARSHORE_ variable that is no setting: a misspelt one would silently not hold."""
    known = {name.upper() for name in (*Settings.__struct_fields__, *_OTHERS)}
    secrets = {destination.secret_variable for destination in settings.events}
    for variable in sorted(environment):
        name = variable.removeprefix(_PREFIX)
        if variable.startswith(_PREFIX) and name not in known and variable not in secrets:
            raise BadSettings(f"{variable} is no setting{nearest(name, known, _PREFIX)}")


def _convert(values: Mapping[str, Any], place: str) -> Settings:
    """place: the file's name, or `--` for flags."""
    try:
        return msgspec.convert(dict(values), Settings)
    except msgspec.ValidationError as error:
        name, sentence = mistake(error, values)
        if place == "--":
            flag = name.partition("[")[0]
            name = "--region" if flag == "regions" else f"--{flag}"
        raise BadSettings(": ".join(part for part in (place.removesuffix("--"), name, sentence) if part)) from error
