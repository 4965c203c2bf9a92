"""S3 Control's operations on Batch Operations jobs. A job lives in the region that its request is signed for.

Source: API Reference, "S3 Control": CreateJob, DescribeJob, ListJobs, UpdateJobPriority, UpdateJobStatus,
PutJobTagging, GetJobTagging, DeleteJobTagging; User Guide, "Managing S3 Batch Operations jobs".
"""

from __future__ import annotations

import base64
import binascii
import uuid
from collections.abc import Callable
from typing import TypeVar

import msgspec
import structlog

from farshore.metadata.store import Transaction
from farshore.model.batch import ENDED, Job, JobState, JobStatus
from farshore.model.control_errors import (
    BadRequestException,
    IdempotencyException,
    InvalidNextTokenException,
    InvalidRequestException,
    JobStatusException,
    NotFoundException,
)
from farshore.model.errors import AccessDenied
from farshore.semantics.batch_request import check_create_job, check_job_tags, check_priority, role_account
from farshore.semantics.job_events import CREATED, job_event
from farshore.semantics.job_states import AWAITING_CONFIRMATION, active_s, may_move, moved
from farshore.service.access import require_in_account
from farshore.service.deployment import Answer, Params, Region, Request
from farshore.service.roles import BATCH_SERVICE

LISTED_MAX = 1000
_NO_LIMIT = 2**63 - 1

T = TypeVar("T")

log = structlog.get_logger()


async def create_job(request: Request) -> Answer:
    """Store the job; its region's runner takes it up. A repeat with the same token answers the same job."""
    params = request.params
    region = _region(request)
    asked = check_create_job(params)
    tags = check_job_tags(params.get("Tags", []))
    about = {"RequestJobPriority": params["Priority"], "RequestJobOperation": asked.operation.value}
    require_in_account(request, "s3:CreateJob", "*", about)
    if tags:
        require_in_account(request, "s3:PutJobTagging", "*", about)
    if role_account(asked.role_arn) != request.principal.account_id:
        request.trail.refuse("role_of_another_account", "iam:PassRole", asked.role_arn)
        raise AccessDenied("Cross-account pass role is not allowed")
    require_in_account(request, "iam:PassRole", asked.role_arn, {"PassedToService": BATCH_SERVICE})
    job = Job(
        id=str(uuid.uuid4()),
        account_id=request.principal.account_id,
        created_us=request.now_us,
        status=JobStatus.NEW,
        priority=params["Priority"],
        request=asked,
        state=JobState(since_us=request.now_us),
    )

    def command(tx: Transaction) -> Job:
        before = tx.jobs.by_token(job.account_id, asked.token)
        if before is None:
            return tx.jobs.add(job, tags)
        if before.request.digest != asked.digest:
            raise IdempotencyException()
        return before

    made = await region.metadata.write(command)
    if made.id == job.id:
        event = job_event(CREATED, made, region.name, str(uuid.uuid4()))
        log.info("job was created", region=region.name, job=made.id, job_event=event)
    request.deployment.ring_jobs(region.name)
    return Answer(output={"JobId": made.id})


async def describe_job(request: Request) -> Answer:
    region = _region(request)
    job = _own(request, region.metadata.reader.jobs.job(request.params["JobId"]))
    _require_on_job(request, "s3:DescribeJob", region, job)
    return Answer(output={"Job": _described(job, region.name, request.now_us)})


async def list_jobs(request: Request) -> Answer:
    """The account's jobs in the region, newest first."""
    region = _region(request)
    require_in_account(request, "s3:ListJobs", "*", {})
    params = request.params
    limit: int = params.get("MaxResults", LISTED_MAX)
    if not 0 <= limit <= LISTED_MAX:
        raise InvalidRequestException(f"MaxResults must be between 0 and {LISTED_MAX}")
    limit = limit or LISTED_MAX
    statuses = [_listed_status(name) for name in params.get("JobStatuses", [])]
    below = _read_token(params["NextToken"]) if "NextToken" in params else _NO_LIMIT
    account = request.principal.account_id
    found = await region.metadata.read(lambda reader: reader.jobs.listed(account, statuses, below, limit + 1))
    output: Params = {"Jobs": [_listed(job, request.now_us) for job in found[:limit]]}
    if len(found) > limit:
        output["NextToken"] = base64.urlsafe_b64encode(str(found[limit - 1].number).encode()).decode()
    return Answer(output=output)


async def update_job_priority(request: Request) -> Answer:
    """Change a job's priority; jobs that run make place or take it by the new order."""
    priority: int = request.params["Priority"]
    check_priority(priority)

    def change(_tx: Transaction, job: Job) -> Job:
        if job.status in ENDED:
            raise JobStatusException(f"The priority of a job with the status {job.status.value} cannot be changed")
        return msgspec.structs.replace(job, priority=priority)

    job = await _change(request, "s3:UpdateJobPriority", change)
    return Answer(output={"JobId": job.id, "Priority": job.priority})


async def update_job_status(request: Request) -> Answer:
    """Confirm a suspended job (Ready), or cancel one (Cancelled)."""
    wanted: str = request.params["RequestedJobStatus"]
    reason: str | None = request.params.get("StatusUpdateReason")
    if wanted not in ("Ready", "Cancelled"):
        raise BadRequestException("RequestedJobStatus must be Ready or Cancelled")
    if reason is not None and not 1 <= len(reason) <= 256:
        raise BadRequestException("StatusUpdateReason must have 1 to 256 characters")
    target = JobStatus.READY if wanted == "Ready" else JobStatus.CANCELLING

    def change(_tx: Transaction, job: Job) -> Job:
        confirms = target is JobStatus.READY and job.status is JobStatus.SUSPENDED
        if not (confirms or (target is JobStatus.CANCELLING and may_move(job, target))):
            raise JobStatusException(f"A job with the status {job.status.value} cannot be made {wanted}")
        job = moved(job, target, request.now_us)
        return msgspec.structs.replace(job, state=msgspec.structs.replace(job.state, reason=reason))

    job = await _change(request, "s3:UpdateJobStatus", change)
    output: Params = {"JobId": job.id, "Status": job.status.value}
    if reason is not None:
        output["StatusUpdateReason"] = reason
    return Answer(output=output)


async def put_job_tagging(request: Request) -> Answer:
    tags = check_job_tags(request.params["Tags"])
    await _replace_tags(request, "s3:PutJobTagging", tags)
    return Answer()


async def get_job_tagging(request: Request) -> Answer:
    region = _region(request)
    job = _own(request, region.metadata.reader.jobs.job(request.params["JobId"]))
    _require_on_job(request, "s3:GetJobTagging", region, job)
    tags = region.metadata.reader.jobs.tags(job.number)
    return Answer(output={"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]})


async def delete_job_tagging(request: Request) -> Answer:
    await _replace_tags(request, "s3:DeleteJobTagging", {})
    return Answer()


async def _replace_tags(request: Request, action: str, tags: dict[str, str]) -> None:
    def change(tx: Transaction, job: Job) -> Job:
        tx.jobs.put_tags(job.number, tags)
        return job

    await _change(request, action, change)


async def _change(request: Request, action: str, change: Callable[[Transaction, Job], Job]) -> Job:
    """Change one job of the caller's in one command, and tell the runner."""
    region = _region(request)
    job_id: str = request.params["JobId"]

    def command(tx: Transaction) -> Job:
        job = _own(request, tx.jobs.job(job_id))
        _require_on_job(request, action, region, job)
        changed = change(tx, job)
        if changed != job:
            tx.jobs.put(changed)
        return changed

    job = await region.metadata.write(command)
    request.deployment.ring_jobs(region.name)
    return job


def _region(request: Request) -> Region:
    """The region of the request. Raises AccessDenied for a caller who asks for another account than its own."""
    if request.principal.anonymous or request.params["AccountId"] != request.principal.account_id:
        raise AccessDenied()
    return request.deployment.regions[request.region]


def _require_on_job(request: Request, action: str, region: Region, job: Job) -> None:
    """Refuse a caller who may not do the action on an existing job of its account."""
    about: Params = {
        "ExistingJobPriority": job.priority,
        "ExistingJobOperation": job.request.operation.value,
        "RequestJobPriority": request.params.get("Priority"),
    }
    if job.status is JobStatus.SUSPENDED:
        about["JobSuspendedCause"] = AWAITING_CONFIRMATION
    require_in_account(request, action, job.arn(region.name), about)


def _own(request: Request, job: Job | None) -> Job:
    if job is None or job.account_id != request.principal.account_id:
        raise NotFoundException()
    return job


def _described(job: Job, region: str, now_us: int) -> Params:
    asked, state = job.request, job.state
    output: Params = {
        "JobId": job.id,
        "ConfirmationRequired": asked.confirmation_required,
        "Description": asked.description,
        "JobArn": job.arn(region),
        "Status": job.status.value,
        "Manifest": asked.manifest,
        "Operation": {asked.operation.value: asked.parameters},
        "Priority": job.priority,
        "ProgressSummary": _progress(job, now_us),
        "StatusUpdateReason": state.reason,
        "FailureReasons": [
            {"FailureCode": failure.code, "FailureReason": failure.reason} for failure in state.failures
        ],
        "Report": asked.report,
        "CreationTime": job.created_us,
        "TerminationDate": job.ended_us,
        "RoleArn": asked.role_arn,
        "ManifestGenerator": asked.generator,
    }
    if state.suspended_us is not None:
        output |= {"SuspendedDate": state.suspended_us, "SuspendedCause": AWAITING_CONFIRMATION}
    if state.saved is not None:
        output["GeneratedManifestDescriptor"] = {
            "Format": "S3InventoryReport_CSV_20211130",
            "Location": state.saved,
        }
    return output


def _listed(job: Job, now_us: int) -> Params:
    return {
        "JobId": job.id,
        "Description": job.request.description,
        "Operation": job.request.operation.value,
        "Priority": job.priority,
        "Status": job.status.value,
        "CreationTime": job.created_us,
        "TerminationDate": job.ended_us,
        "ProgressSummary": _progress(job, now_us),
    }


def _progress(job: Job, now_us: int) -> Params:
    return {
        "TotalNumberOfTasks": job.total,
        "NumberOfTasksSucceeded": job.succeeded,
        "NumberOfTasksFailed": job.failed,
        "Timers": {"ElapsedTimeInActiveSeconds": active_s(job, now_us)},
    }


def _listed_status(name: str) -> JobStatus:
    try:
        return JobStatus(name)
    except ValueError:
        raise InvalidRequestException(f"{name!r} is not a status of jobs") from None


def _read_token(token: str) -> int:
    try:
        number = int(base64.urlsafe_b64decode(token.encode()))
    except (ValueError, binascii.Error):
        raise InvalidNextTokenException() from None
    if not 0 <= number <= _NO_LIMIT:
        raise InvalidNextTokenException()
    return number
