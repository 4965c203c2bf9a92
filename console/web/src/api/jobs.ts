/** S3 Batch Operations, through S3 Control: the server tells it by the account id header, and a job is in one region. */

import { s3ControlDocument, el, type XmlElement } from "./xml.ts";
import type { ApiRequest, Client } from "./client.ts";
import { encode } from "./signer.ts";

export type JobStatus =
  | "New"
  | "Preparing"
  | "Suspended"
  | "Ready"
  | "Active"
  | "Pausing"
  | "Paused"
  | "Completing"
  | "Complete"
  | "Cancelling"
  | "Cancelled"
  | "Failing"
  | "Failed";

export interface Progress {
  readonly total: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly activeSeconds: number | undefined;
}

export interface JobSummary {
  readonly id: string;
  readonly region: string;
  readonly description: string;
  readonly operation: string;
  readonly priority: number;
  readonly status: JobStatus;
  readonly created: Date | undefined;
  readonly ended: Date | undefined;
  readonly progress: Progress;
}

export interface Job extends JobSummary {
  readonly arn: string;
  readonly roleArn: string;
  readonly sourceBucket: string | undefined;
  readonly statuses: readonly string[];
  readonly createdAfter: Date | undefined;
  readonly createdBefore: Date | undefined;
  readonly report: Report | undefined;
  readonly manifest: string | undefined;
  readonly statusReason: string;
  readonly suspendedCause: string;
  readonly failures: readonly { readonly code: string; readonly reason: string }[];
}

export interface Report {
  readonly bucket: string;
  readonly prefix: string;
  readonly scope: "AllTasks" | "FailedTasksOnly";
}

export type ReplicationFilter = "NONE" | "FAILED" | "COMPLETED" | "REPLICA";

export interface NewJob {
  readonly sourceBucket: string;
  readonly region: string;
  readonly description: string;
  readonly priority: number;
  readonly roleArn: string;
  readonly confirmationRequired: boolean;
  /** Empty for all that is eligible. */
  readonly statuses: readonly ReplicationFilter[];
  readonly createdAfter: Date | undefined;
  readonly createdBefore: Date | undefined;
  readonly report: Report | undefined;
  readonly manifestBucket: string | undefined;
  /** One per form: a request that is sent twice makes one job. */
  readonly token: string;
}

const ENDED: ReadonlySet<JobStatus> = new Set(["Complete", "Cancelled", "Failed"]);
const ARN = "arn:aws:s3:::";

export function isEnded(status: JobStatus): boolean {
  return ENDED.has(status);
}

export async function listJobs(client: Client, region: string, signal?: AbortSignal): Promise<JobSummary[]> {
  const jobs: JobSummary[] = [];
  let token: string | undefined;
  do {
    const root = await client.xml({
      ...request(client, region, "GET", ""),
      query: { maxResults: 100, nextToken: token },
      signal,
    });
    jobs.push(...(root.child("Jobs")?.children("member") ?? []).map((job) => readSummary(job, region)));
    token = root.text("NextToken") || undefined;
  } while (token);
  return jobs;
}

export async function describeJob(client: Client, region: string, id: string, signal?: AbortSignal): Promise<Job> {
  const root = await client.xml({ ...request(client, region, "GET", `/${encode(id)}`), signal });
  const job = root.child("Job");
  if (!job) throw new Error("DescribeJob answered no job");
  return readJob(job, region);
}

/** Returns the new job's id. */
export async function createJob(client: Client, job: NewJob): Promise<string> {
  const { report, manifestBucket } = job;
  const body = s3ControlDocument("CreateJobRequest", [
    el("ConfirmationRequired", job.confirmationRequired),
    el("Operation", el("S3ReplicateObject", [])),
    el("Report", [
      report && el("Bucket", ARN + report.bucket),
      report && el("Format", "Report_CSV_20180820"),
      el("Enabled", report !== undefined),
      report && el("Prefix", report.prefix || undefined),
      report && el("ReportScope", report.scope),
    ]),
    el("ClientRequestToken", job.token),
    el("Description", job.description || undefined),
    el("Priority", job.priority),
    el("RoleArn", job.roleArn),
    el(
      "ManifestGenerator",
      el("S3JobManifestGenerator", [
        el("ExpectedBucketOwner", client.accountId),
        el("SourceBucket", ARN + job.sourceBucket),
        manifestBucket === undefined
          ? undefined
          : el("ManifestOutputLocation", [
              el("ExpectedManifestBucketOwner", client.accountId),
              el("Bucket", ARN + manifestBucket),
              el("ManifestPrefix", "manifests"),
              el("ManifestFormat", "S3InventoryReport_CSV_20211130"),
            ]),
        el("Filter", [
          el("EligibleForReplication", true),
          el("CreatedAfter", job.createdAfter?.toISOString()),
          el("CreatedBefore", job.createdBefore?.toISOString()),
          job.statuses.length > 0
            ? el(
                "ObjectReplicationStatuses",
                job.statuses.map((status) => el("member", status)),
              )
            : undefined,
        ]),
        el("EnableManifestOutput", manifestBucket !== undefined),
      ]),
    ),
  ]);
  const root = await client.xml({ ...request(client, job.region, "POST", ""), body });
  return root.text("JobId") ?? "";
}

export async function setJobPriority(client: Client, job: JobSummary, priority: number): Promise<void> {
  await client.send({ ...request(client, job.region, "POST", `/${encode(job.id)}/priority`), query: { priority } });
}

export async function setJobStatus(client: Client, job: JobSummary, status: "Ready" | "Cancelled"): Promise<void> {
  await client.send({
    ...request(client, job.region, "POST", `/${encode(job.id)}/status`),
    query: { requestedJobStatus: status },
  });
}

function request(client: Client, region: string, method: string, path: string): ApiRequest {
  return {
    region,
    method,
    path: `/v20180820/jobs${path}`,
    headers: { "x-amz-account-id": client.accountId },
  };
}

function readSummary(job: XmlElement, region: string): JobSummary {
  const operation = job.child("Operation");
  return {
    id: job.text("JobId") ?? "",
    region,
    description: job.text("Description") ?? "",
    operation: operation?.children()[0]?.name ?? operation?.content ?? "",
    priority: job.number("Priority") ?? 0,
    status: (job.text("Status") ?? "New") as JobStatus,
    created: job.date("CreationTime"),
    ended: job.date("TerminationDate"),
    progress: {
      total: job.number("ProgressSummary/TotalNumberOfTasks") ?? 0,
      succeeded: job.number("ProgressSummary/NumberOfTasksSucceeded") ?? 0,
      failed: job.number("ProgressSummary/NumberOfTasksFailed") ?? 0,
      activeSeconds: job.number("ProgressSummary/Timers/ElapsedTimeInActiveSeconds"),
    },
  };
}

function readJob(job: XmlElement, region: string): Job {
  const generator = job.child("ManifestGenerator")?.child("S3JobManifestGenerator");
  const filter = generator?.child("Filter");
  const report = job.child("Report");
  return {
    ...readSummary(job, region),
    arn: job.text("JobArn") ?? "",
    roleArn: job.text("RoleArn") ?? "",
    sourceBucket: generator?.text("SourceBucket")?.slice(ARN.length),
    statuses:
      filter
        ?.child("ObjectReplicationStatuses")
        ?.children("member")
        .map((each) => each.content) ?? [],
    createdAfter: filter?.date("CreatedAfter"),
    createdBefore: filter?.date("CreatedBefore"),
    report: report?.flag("Enabled")
      ? {
          bucket: (report.text("Bucket") ?? "").slice(ARN.length),
          prefix: report.text("Prefix") ?? "",
          scope: report.text("ReportScope") === "FailedTasksOnly" ? "FailedTasksOnly" : "AllTasks",
        }
      : undefined,
    manifest: job.text("Manifest/Location/ObjectArn") ?? job.text("GeneratedManifestDescriptor/Location/ObjectArn"),
    statusReason: job.text("StatusUpdateReason") ?? "",
    suspendedCause: job.text("SuspendedCause") ?? "",
    failures: (job.child("FailureReasons")?.children("member") ?? []).map((failure) => ({
      code: failure.text("FailureCode") ?? "",
      reason: failure.text("FailureReason") ?? "",
    })),
  };
}
