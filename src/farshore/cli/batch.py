"""`farshore batch`: jobs of S3 Batch Operations: replicate what is there already, list, show, confirm, cancel."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from farshore.cli.batch_jobs import Jobs
from farshore.cli.connection import Data, EndpointUrl, Profile, connect
from farshore.cli.help import Command, commands
from farshore.cli.names import bucket_and_prefix, bucket_name, parse_job_id
from farshore.cli.output import DID_NOT_HOLD, USED_WRONGLY, Json, fail, human_age, print_json, print_table

if TYPE_CHECKING:
    from datetime import datetime

_COLUMNS = ("job", "created", "region", "operation", "status", "priority", "tasks", "done", "failed")
_TEXT_COLUMNS = 5
STATUSES = ("NONE", "FAILED", "COMPLETED", "REPLICA")

JobId = Annotated[str, typer.Argument(metavar="JOB-ID", parser=parse_job_id, help="Id of the job.", show_default=False)]
Wait = Annotated[bool, typer.Option("--wait", help="Wait for the job's end, with a progress bar.")]

app = commands("Jobs: replicate existing objects, list, show, confirm, cancel.")


def _on_a_server(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that say where jobs are; it gets these jobs as its first argument."""

    def run(*, endpoint_url: EndpointUrl = None, data: Data = None, profile: Profile = None, **options: Any) -> None:
        command(Jobs(connect(endpoint_url, data, profile)), **options)

    own, where = (list(inspect.signature(each, eval_str=True).parameters.values()) for each in (command, run))
    # The jobs are no option of the command, and `options` stands for those that are.
    shown = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in (*own[1:], *where[:-1])]
    run.__signature__ = inspect.Signature(shown)  # pyright: ignore[reportFunctionMemberAccess]
    run.__annotations__ = {each.name: each.annotation for each in shown}
    run.__doc__ = command.__doc__
    return run


@app.command("replicate", cls=Command)
@_on_a_server
def replicate(
    jobs: Jobs,
    bucket: Annotated[
        str,
        typer.Argument(
            metavar="BUCKET",
            parser=bucket_name,
            help="Bucket with a replication configuration; yours.",
            show_default=False,
        ),
    ],
    prefix: Annotated[str | None, typer.Option(help="Only keys that begin so.", show_default=False)] = None,
    status: Annotated[
        str | None,
        typer.Option(help=f"Only versions of these statuses: {','.join(STATUSES)}.", show_default=False),
    ] = None,
    created_before: Annotated[
        str | None, typer.Option(help="Only versions from before this time (ISO 8601).", show_default=False)
    ] = None,
    created_after: Annotated[
        str | None, typer.Option(help="Only versions from after this time (ISO 8601).", show_default=False)
    ] = None,
    report: Annotated[
        str | None,
        typer.Option(
            metavar="BUCKET[/PREFIX]", parser=bucket_and_prefix, help="Write a completion report.", show_default=False
        ),
    ] = None,
    role: Annotated[
        str | None,
        typer.Option(metavar="ARN", help="Role of the job [one is made that may do just this].", show_default=False),
    ] = None,
    priority: Annotated[int, typer.Option(min=0, help="Higher goes first.")] = 10,
    confirm: Annotated[bool, typer.Option("--confirm", help="Stop before the first object, to be confirmed.")] = False,
    wait: Wait = False,
    json: Json = False,
) -> None:
    """Make a job that replicates the bucket's existing versions, as its rules are now. Prints the job's id."""
    wanted: dict[str, Any] = {"EligibleForReplication": True}
    if status is not None:
        wanted["ObjectReplicationStatuses"] = _statuses(status)
    if prefix:
        wanted["KeyNameConstraint"] = {"MatchAnyPrefix": [prefix]}
    if created_after is not None:
        wanted["CreatedAfter"] = _time(created_after, "--created-after")
    if created_before is not None:
        wanted["CreatedBefore"] = _time(created_before, "--created-before")
    job_id = jobs.replicate(bucket, wanted, report=report, role=role, priority=priority, confirm=confirm)
    if not wait:
        print_json({"job_id": job_id}) if json else typer.echo(job_id)
        return
    typer.echo(f"job {job_id}", err=True)
    _watch(jobs, job_id, json)


@app.command("list", cls=Command)
@_on_a_server
def list_all(jobs: Jobs, json: Json = False) -> None:
    """List the account's jobs of every region, the newest first."""
    found = jobs.listed()
    if json:
        print_json([_as_json(job) for job in found])
        return
    if not found:
        typer.echo("There are no jobs.")
        return
    print_table(_rows(found), right=range(_TEXT_COLUMNS, len(_COLUMNS)))


@app.command("show", cls=Command)
@_on_a_server
def show(
    jobs: Jobs,
    job_id: JobId,
    wait: Wait = False,
    json: Json = False,
) -> None:
    """Show how a job stands. Exits with 1 when it ended otherwise than complete, or tasks failed."""
    if wait:
        _watch(jobs, job_id, json)
        return
    _tell(jobs.describe(job_id), json)


@app.command("confirm", cls=Command)
@_on_a_server
def confirm(
    jobs: Jobs,
    job_id: JobId,
    wait: Wait = False,
    json: Json = False,
) -> None:
    """Let a suspended job run."""
    jobs.update(job_id, "Ready")
    if wait:
        _watch(jobs, job_id, json)
    elif json:
        print_json(_as_json(jobs.describe(job_id)))


@app.command("cancel", cls=Command)
@_on_a_server
def cancel(
    jobs: Jobs,
    job_id: JobId,
    json: Json = False,
) -> None:
    """Cancel a job. What it has replicated stays."""
    jobs.update(job_id, "Cancelled")
    if json:
        print_json(_as_json(jobs.describe(job_id)))


def _watch(jobs: Jobs, job_id: str, json: bool) -> None:
    """Show the job's progress until its end, or until it waits for its confirmation; then how it stands."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        shown = bar.add_task("New", total=None, rate="")
        for job in jobs.watched(job_id):
            progress = job["ProgressSummary"]
            done = progress["NumberOfTasksSucceeded"] + progress["NumberOfTasksFailed"]
            # Until the manifest is complete the number of tasks is still growing.
            total = None if job["Status"] in ("New", "Preparing") else progress["TotalNumberOfTasks"]
            speed = bar.tasks[0].speed
            rate = f"{speed:,.0f}/s" if speed else ""
            bar.update(shown, completed=done, total=total, description=job["Status"], rate=rate)
    _tell(jobs.describe(job_id), json)


def _tell(job: dict[str, Any], json: bool) -> None:
    progress = job["ProgressSummary"]
    if json:
        print_json(_as_json(job))
    else:
        failures = [
            f"  {failure['FailureCode']}: {failure['FailureReason']}" for failure in job.get("FailureReasons", [])
        ]
        lines = [
            f"{job['JobId']}  {job['Status']}",
            f"  {progress['NumberOfTasksSucceeded']:,} of {progress['TotalNumberOfTasks']:,} tasks succeeded, "
            f"{progress['NumberOfTasksFailed']:,} failed, in {human_age(_active_s(progress))}",
            *failures,
        ]
        report = _report_place(job)
        if report is not None:
            lines.append(f"  report: {report}")
        if job["Status"] == "Suspended":
            lines.append(f"  waits for: farshore batch confirm {job['JobId']}")
        typer.echo("\n".join(lines))
    if job["Status"] in ("Failed", "Cancelled") or progress["NumberOfTasksFailed"]:
        raise typer.Exit(DID_NOT_HOLD)


def _rows(jobs: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [_COLUMNS]
    for job in jobs:
        progress = job["ProgressSummary"]
        counted = ("TotalNumberOfTasks", "NumberOfTasksSucceeded", "NumberOfTasksFailed")
        rows.append(
            (
                job["JobId"],
                job["CreationTime"].isoformat(" ", "minutes"),
                job["Region"],
                job["Operation"],
                job["Status"],
                str(job["Priority"]),
                *(f"{progress[name]:,}" for name in counted),
            )
        )
    return rows


def _as_json(job: dict[str, Any]) -> dict[str, Any]:
    """A job as JSON values: AWS's members in our names, times in ISO 8601."""
    progress = job["ProgressSummary"]
    operation = job["Operation"]
    found: dict[str, Any] = {
        "job_id": job["JobId"],
        "region": job["Region"],
        "status": job["Status"],
        "operation": operation if isinstance(operation, str) else next(iter(operation)),
        "priority": job["Priority"],
        "tasks": progress["TotalNumberOfTasks"],
        "succeeded": progress["NumberOfTasksSucceeded"],
        "failed": progress["NumberOfTasksFailed"],
        "active_s": _active_s(progress),
        "created_at": _iso(job["CreationTime"]),
        "ended_at": _iso(job.get("TerminationDate")),
    }
    if "FailureReasons" in job:
        found["failures"] = [
            {"code": failure["FailureCode"], "reason": failure["FailureReason"]} for failure in job["FailureReasons"]
        ]
    report = _report_place(job)
    if report is not None:
        found["report"] = report
    return found


def _report_place(job: dict[str, Any]) -> str | None:
    """Where the report is, or will be; None for a job without one, as one is that ended before its first task."""
    report, progress = job.get("Report", {}), job["ProgressSummary"]
    ended = job["Status"] in ("Complete", "Failed", "Cancelled")
    written = all(each["FailureCode"] != "ReportNotWritten" for each in job.get("FailureReasons", []))
    ran = progress["NumberOfTasksSucceeded"] + progress["NumberOfTasksFailed"]
    if not report.get("Enabled") or (ended and not (ran and written)):
        return None
    prefix = f"{report['Prefix']}/" if "Prefix" in report else ""
    return f"s3://{report['Bucket'].rpartition(':')[2]}/{prefix}job-{job['JobId']}/manifest.json"


def _active_s(progress: dict[str, Any]) -> int:
    return progress.get("Timers", {}).get("ElapsedTimeInActiveSeconds", 0)


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="milliseconds")


def _statuses(text: str) -> list[str]:
    names = [name.strip().upper() for name in text.split(",")]
    unknown = sorted(set(names) - set(STATUSES))
    if unknown:
        fail(f"--status: {unknown[0]!r} is none of {', '.join(STATUSES)}", USED_WRONGLY)
    return names


def _time(text: str, option: str) -> datetime:
    from datetime import UTC, datetime

    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        fail(f"{option}: {text!r} is no time, as 2026-11-24 or 2026-11-24T14:00:00+01:00", USED_WRONGLY)
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
