/** The form of a Batch Replication job. Free of React. */

import type { NewJob, ReplicationFilter, Report } from "../api/jobs.ts";
import type { RoleChoice } from "./ruleDraft.ts";

export interface JobDraft {
  readonly bucket: string;
  readonly statuses: readonly ReplicationFilter[];
  /** YYYY-MM-DD, or empty. */
  readonly createdAfter: string;
  readonly createdBefore: string;
  readonly confirm: boolean;
  readonly saveManifest: boolean;
  readonly manifestBucket: string;
  readonly description: string;
  /** As typed. */
  readonly priority: string;
  readonly report: boolean;
  readonly reportScope: Report["scope"];
  /** s3://bucket/prefix, or bucket/prefix. */
  readonly reportPath: string;
  readonly roleChoice: RoleChoice;
  readonly chosenRole: string;
  readonly enteredRole: string;
  readonly token: string;
}

export type JobProblems = Partial<Record<"bucket" | "manifest" | "priority" | "report" | "role", string>>;

export function newJobDraft(bucket: string, statuses: readonly ReplicationFilter[] = []): JobDraft {
  return {
    bucket,
    statuses,
    createdAfter: "",
    createdBefore: "",
    confirm: false,
    saveManifest: false,
    manifestBucket: "",
    description: bucket ? `Replicate existing objects of ${bucket}` : "",
    priority: "10",
    report: false,
    reportScope: "FailedTasksOnly",
    reportPath: "",
    roleChoice: "create",
    chosenRole: "",
    enteredRole: "",
    token: [...crypto.getRandomValues(new Uint32Array(4))].map((part) => part.toString(16).padStart(8, "0")).join(""),
  };
}

export function jobProblems(draft: JobDraft): JobProblems {
  const problems: JobProblems = {};
  if (draft.bucket === "") problems.bucket = "Choose the source bucket.";
  if (!/^\d+$/.test(draft.priority)) problems.priority = "Enter a whole number, 0 or more.";
  if (draft.report && !reportOf(draft)) problems.report = "Enter a bucket for the report.";
  if (draft.confirm && draft.saveManifest && draft.manifestBucket.trim() === "") {
    problems.manifest = "Enter a bucket for the manifest.";
  }
  if (draft.roleChoice === "choose" && draft.chosenRole === "") problems.role = "Choose an IAM role.";
  if (draft.roleChoice === "enter" && draft.enteredRole.trim() === "") problems.role = "Enter the ARN of an IAM role.";
  return problems;
}

/** Where the report goes; undefined when none is wanted, or no bucket was named. */
export function reportOf(draft: JobDraft): Report | undefined {
  if (!draft.report) return undefined;
  const [bucket = "", ...rest] = draft.reportPath
    .trim()
    .replace(/^s3:\/\//, "")
    .split("/");
  const prefix = rest.join("/").replace(/\/+$/, "");
  return bucket === "" ? undefined : { bucket, prefix, scope: draft.reportScope };
}

export function jobOf(draft: JobDraft, region: string, roleArn: string): NewJob {
  return {
    sourceBucket: draft.bucket,
    region,
    description: draft.description.trim(),
    priority: Number(draft.priority),
    roleArn,
    confirmationRequired: draft.confirm,
    statuses: draft.statuses,
    createdAfter: dateOf(draft.createdAfter),
    createdBefore: dateOf(draft.createdBefore),
    report: reportOf(draft),
    manifestBucket: draft.confirm && draft.saveManifest ? draft.manifestBucket.trim() : undefined,
    token: draft.token,
  };
}

function dateOf(day: string): Date | undefined {
  const moment = new Date(`${day}T00:00:00Z`);
  return day === "" || Number.isNaN(moment.getTime()) ? undefined : moment;
}
