"""`farshore replication retry`: drive failures again, once their cause is mended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from farshore.cli.connection import Data, EndpointUrl, OwnApi, Profile, connect
from farshore.cli.names import SourceBucket, bucket_name
from farshore.cli.output import DID_NOT_HOLD, USED_WRONGLY, Json, fail, print_json


def retry(
    bucket: SourceBucket,
    cause: Annotated[
        str | None,
        typer.Option(metavar="CODE", help="Only failures with this code, as `status` shows it.", show_default=False),
    ] = None,
    destination: Annotated[
        str | None,
        typer.Option(
            metavar="BUCKET", parser=bucket_name, help="Only failures of this destination bucket.", show_default=False
        ),
    ] = None,
    prefix: Annotated[str, typer.Option(help="Only keys that begin so.")] = "",
    key: Annotated[str | None, typer.Option(help="Only this key's current version.", show_default=False)] = None,
    version_id: Annotated[
        str | None,
        typer.Option(metavar="ID", help="With --key: this version instead of the current one.", show_default=False),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count them.")] = False,
    endpoint_url: EndpointUrl = None,
    data: Data = None,
    profile: Profile = None,
    json: Json = False,
) -> None:
    """Drive failed replications again. A failure is final until then, as on AWS, which leaves it to Batch Replication.

    Exits with 1 when some of them were left as they are, since no rule would take them, or you may not.
    """
    if version_id is not None and key is None:
        fail("--version-id is of a key: give --key too", USED_WRONGLY)
    api = connect(endpoint_url, data, profile).api()
    asked = {
        "bucket": bucket,
        "cause": cause,
        "destination": destination,
        "prefix": prefix or None,
        "key": key,
        "version-id": version_id,
    }
    if cause is not None:
        _check_cause(api, asked, cause)
    total = _count(api, asked) if dry_run or not json else None
    if total is not None and destination is not None and not total["matched"]:
        others = _causes(_count(api, {**asked, "destination": None})["by_cause"])
        if others:
            typer.echo(f"Nothing has failed at {destination}; elsewhere there are: {others}.", err=True)
    done = total if dry_run else _drive(api, asked, None if total is None else total["matched"])
    assert done is not None
    if json:
        print_json(done)
    else:
        typer.echo(_text(done, dry_run))
    if done["left"]:
        raise typer.Exit(DID_NOT_HOLD)


def _check_cause(api: OwnApi, asked: dict[str, str | None], cause: str) -> None:
    """End the command when no failure has this cause, and say which there are."""
    from farshore.model.replication import FailureCode

    if cause in _count(api, asked)["by_cause"]:
        return
    known = cause in {code.value for code in FailureCode}
    others = _causes(_count(api, {**asked, "cause": None})["by_cause"])
    there_are = f"there are: {others}" if others else "nothing that was asked for has failed"
    if not known:
        fail(f"--cause: {cause!r} is no failure code; {there_are}", USED_WRONGLY)
    typer.echo(f"No failures with the cause {cause}; {there_are}.", err=True)


def calls(api: OwnApi, asked: dict[str, str | None]) -> Iterator[dict[str, Any]]:
    """What each call did, until the end."""
    place: str | None = None
    while True:
        done = api.post("/-/replication/retry", {**asked, "from": place})
        yield done
        place = done["next"]
        if place is None:
            return


def _count(api: OwnApi, asked: dict[str, str | None]) -> dict[str, Any]:
    return _sum(calls(api, {**asked, "dry-run": "true"}))


def _drive(api: OwnApi, asked: dict[str, str | None], total: int | None) -> dict[str, Any]:
    if total is None:
        return _sum(calls(api, asked))
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:
        bar = shown.add_task("retry", total=total)

        def counted() -> Iterator[dict[str, Any]]:
            for done in calls(api, asked):
                shown.advance(bar, done["matched"])
                yield done

        return _sum(counted())


def _sum(parts: Iterator[dict[str, Any]]) -> dict[str, Any]:
    total: dict[str, Any] = {"matched": 0, "retried": 0, "bytes": 0}
    left: Counter[str] = Counter()
    by_cause: Counter[str] = Counter()
    for part in parts:
        for name in total:
            total[name] += part[name]
        left.update(part["left"])
        by_cause.update(part["by_cause"])
    return {**total, "left": dict(left), "by_cause": dict(by_cause)}


def _text(done: dict[str, Any], dry_run: bool) -> str:
    if not done["matched"]:
        return "Nothing that was asked for has failed."
    causes = _causes(done["by_cause"])
    if dry_run:
        return f"{done['matched']} failures would be tried again" + (f": {causes}." if causes else ".")
    text = f"{done['retried']} of {done['matched']} failures are pending again" + (f" ({causes})." if causes else ".")
    for code, count in done["left"].items():
        text += f"\n{count} were left as they are: {code}."
    return text


def _causes(by_cause: dict[str, int]) -> str:
    return ", ".join(f"{count} {code}" for code, count in sorted(by_cause.items()))
