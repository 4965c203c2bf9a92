/** The form of a replication rule, and its ways to and from the rule itself. Free of React. */

import type { Tag } from "../api/buckets.ts";
import { ApiError } from "../api/errors.ts";
import { type Rule, type Switch, THRESHOLD_MINUTES } from "./replication.ts";

export type RoleChoice = "create" | "choose" | "enter";

export interface RuleDraft {
  readonly name: string;
  readonly status: Switch;
  /** As typed. */
  readonly priority: string;
  readonly scope: "filters" | "all";
  readonly prefix: string;
  readonly tags: readonly Tag[];
  readonly otherAccount: boolean;
  readonly account: string;
  readonly bucket: string;
  readonly ownerOverride: boolean;
  readonly roleChoice: RoleChoice;
  readonly chosenRole: string;
  readonly enteredRole: string;
  readonly kms: boolean;
  readonly replicaKmsKeyId: string;
  readonly changeStorageClass: boolean;
  readonly storageClass: string;
  readonly replicationTime: boolean;
  readonly metrics: boolean;
  readonly deleteMarkers: boolean;
  readonly replicaModifications: boolean;
}

/** The parts of the form that an error can belong to. "form": none of them in particular. */
export type Field =
  | "name"
  | "priority"
  | "scope"
  | "tags"
  | "source"
  | "account"
  | "bucket"
  | "role"
  | "encryption"
  | "storageClass"
  | "replicationTime"
  | "metrics"
  | "deleteMarkers"
  | "replicaModifications"
  | "form";

export function newDraft(others: readonly Rule[], role: string | undefined): RuleDraft {
  return {
    name: "",
    status: "Enabled",
    priority: String(nextPriority(others)),
    scope: "filters",
    prefix: "",
    tags: [],
    otherAccount: false,
    account: "",
    bucket: "",
    ownerOverride: false,
    roleChoice: role ? "choose" : "create",
    chosenRole: role ?? "",
    enteredRole: "",
    kms: false,
    replicaKmsKeyId: "",
    changeStorageClass: false,
    storageClass: "STANDARD",
    replicationTime: false,
    metrics: false,
    deleteMarkers: false,
    replicaModifications: false,
  };
}

/** Stronger than every rule that is there; 0 for the first. */
export function nextPriority(rules: readonly Rule[]): number {
  return rules.length === 0 ? 0 : Math.max(...rules.map((rule) => rule.priority ?? 0)) + 1;
}

export function draftOf(rule: Rule, role: string, accountId: string): RuleDraft {
  const { destination } = rule;
  return {
    name: rule.id,
    status: rule.status,
    priority: String(rule.priority ?? 0),
    scope: rule.prefix === "" && rule.tags.length === 0 ? "all" : "filters",
    prefix: rule.prefix,
    tags: rule.tags,
    otherAccount: destination.account !== undefined && destination.account !== accountId,
    account: destination.account ?? "",
    bucket: destination.bucket,
    ownerOverride: destination.ownerOverride,
    roleChoice: "choose",
    chosenRole: role,
    enteredRole: "",
    kms: rule.sseKms === "Enabled",
    replicaKmsKeyId: destination.replicaKmsKeyId ?? "",
    changeStorageClass: destination.storageClass !== undefined,
    storageClass: destination.storageClass ?? "STANDARD",
    replicationTime: destination.replicationTime?.status === "Enabled",
    metrics: destination.metrics?.status === "Enabled",
    deleteMarkers: rule.deleteMarkers === "Enabled",
    replicaModifications: rule.replicaModifications === "Enabled",
  };
}

/** The rule that the form describes, always in V2 form. */
export function ruleOf(draft: RuleDraft): Rule {
  const limited = draft.scope === "filters";
  return {
    id: draft.name.trim(),
    status: draft.status,
    priority: Number(draft.priority),
    prefix: limited ? draft.prefix : "",
    tags: limited ? enteredTags(draft) : [],
    deleteMarkers: draft.deleteMarkers && deleteMarkersOffered(draft) ? "Enabled" : "Disabled",
    replicaModifications: draft.replicaModifications ? "Enabled" : undefined,
    sseKms: draft.kms ? "Enabled" : undefined,
    destination: {
      bucket: draft.bucket.trim(),
      account: draft.otherAccount ? draft.account.trim() : undefined,
      storageClass: draft.changeStorageClass ? draft.storageClass : undefined,
      ownerOverride: draft.otherAccount && draft.ownerOverride,
      replicaKmsKeyId: draft.kms ? draft.replicaKmsKeyId.trim() : undefined,
      replicationTime: draft.replicationTime ? { status: "Enabled", minutes: THRESHOLD_MINUTES } : undefined,
      metrics: draft.replicationTime
        ? { status: "Enabled", minutes: THRESHOLD_MINUTES }
        : draft.metrics
          ? { status: "Enabled" }
          : undefined,
    },
  };
}

/** The rows of the form that something was entered in. */
function enteredTags({ tags }: RuleDraft): readonly Tag[] {
  return tags.filter((tag) => tag.key !== "" || tag.value !== "");
}

/** AWS does not replicate delete markers under a rule with tag filters, so the form does not offer it. */
export function deleteMarkersOffered(draft: RuleDraft): boolean {
  return draft.scope === "all" || enteredTags(draft).length === 0;
}

/** What is missing before the rule covers anything. */
export function scopeProblemOf(draft: RuleDraft): string | undefined {
  if (draft.scope !== "filters" || draft.prefix !== "" || enteredTags(draft).length > 0) return undefined;
  return "Enter a prefix or add a tag, or apply the rule to all objects in the bucket.";
}

/** What is missing before a server need be asked. Everything else is the server's to say. */
export function problemsOf(draft: RuleDraft): Partial<Record<Field, string>> {
  const problems: Partial<Record<Field, string>> = {};
  if (draft.name.trim() === "") problems.name = "Enter a replication rule name.";
  if (!/^\d+$/.test(draft.priority)) problems.priority = "Enter a whole number, 0 or more.";
  const scope = scopeProblemOf(draft);
  if (scope !== undefined) problems.scope = scope;
  if (draft.scope === "filters" && enteredTags(draft).some((tag) => tag.key === ""))
    problems.tags = "Every tag needs a key.";
  if (draft.bucket.trim() === "") problems.bucket = "Choose a destination bucket.";
  if (draft.otherAccount && !/^\d{12}$/.test(draft.account.trim()))
    problems.account = "Enter the 12 digits of the account ID.";
  if (draft.roleChoice === "choose" && draft.chosenRole === "") problems.role = "Choose an IAM role.";
  if (draft.roleChoice === "enter" && draft.enteredRole.trim() === "") problems.role = "Enter the ARN of an IAM role.";
  if (draft.kms && draft.replicaKmsKeyId.trim() === "")
    problems.encryption = "Enter the ARN of the key for the replicas.";
  return problems;
}

/** Beginnings of AWS's messages (and argument names) -> the field that they speak of, first match wins. */
const FIELDS_BY_MESSAGE: readonly (readonly [RegExp, Field])[] = [
  [/^Versioning must be 'Enabled' on the bucket/i, "source"],
  [/rule id/i, "name"],
  [/priority/i, "priority"],
  [/delete ?marker ?replication/i, "deleteMarkers"],
  [/Kms/i, "encryption"],
  [/tag/i, "tags"],
  [/prefix/i, "scope"],
  [/AWS account specified|valid account ID|^Account must be specified/i, "account"],
  [/destination bucket|bucket ARN|destination bucket ARNs|Destination bucket cannot/i, "bucket"],
  [/ReplicationTime|ReplicationMetrics|EventThreshold|event threshold/i, "replicationTime"],
  [/Metrics/i, "metrics"],
  [/ReplicaModifications|SourceSelectionCriteria/i, "replicaModifications"],
  [/storage class/i, "storageClass"],
  [/\brole\b|PassRole/i, "role"],
];

const FIELDS_BY_ARGUMENT: Readonly<Record<string, Field>> = {
  ID: "name",
  Priority: "priority",
  Role: "role",
  Bucket: "bucket",
  Account: "account",
  StorageClass: "storageClass",
  ReplicaKmsKeyID: "encryption",
};

/** The field beside which an error of PutBucketReplication (or of making its role) is shown. */
export function fieldOfError(error: unknown): Field {
  if (!(error instanceof ApiError)) return "form";
  const argument = FIELDS_BY_ARGUMENT[error.details["ArgumentName"] ?? ""];
  if (argument) return argument;
  return FIELDS_BY_MESSAGE.find(([pattern]) => pattern.test(error.message))?.[1] ?? "form";
}
