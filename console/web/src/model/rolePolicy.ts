/**
 * Policies that replication needs, no more than it needs.
 *
 * Source: S3 User Guide, "Setting up permissions for live replication".
 */

import { bucketArn, type Rule } from "./replication.ts";

export const S3_SERVICE = "s3.amazonaws.com";
export const ROLE_PATH = "/service-role/";
export const ROLE_POLICY_NAME = "replication";
const ROLE_PREFIX = "s3crr_role_for_";
const ROLE_NAME_MAX = 64;

/** The name that the S3 console gives a role it makes, with an ending that tells two apart. */
export function roleNameFor(bucket: string, taken: ReadonlySet<string>): string {
  return freeName(`${ROLE_PREFIX}${bucket}`, taken);
}

export function batchRoleName(bucket: string, taken: ReadonlySet<string>): string {
  return freeName(`s3batch_role_for_${bucket}`, taken);
}

function freeName(name: string, taken: ReadonlySet<string>): string {
  const whole = name.slice(0, ROLE_NAME_MAX);
  if (!taken.has(whole)) return whole;
  for (let number = 2; ; number += 1) {
    const ending = `_${number}`;
    const other = name.slice(0, ROLE_NAME_MAX - ending.length) + ending;
    if (!taken.has(other)) return other;
  }
}

/** Whether the role is one that this page made, and may bring up to date. */
export function madeHere(arn: string): boolean {
  return arn.includes(`:role${ROLE_PATH}${ROLE_PREFIX}`);
}

export function trustPolicy(services?: readonly string[]): string {
  return pretty({ Version: "2012-10-17", Statement: [trustStatement(services)] });
}

export function trustStatement(services: readonly string[] = [S3_SERVICE]): object {
  return {
    Effect: "Allow",
    Principal: { Service: services.length === 1 ? services[0] : services },
    Action: "sts:AssumeRole",
  };
}

/** What the replication role must be allowed, for all rules of the source bucket. */
export function replicationRolePolicy(source: string, rules: readonly Rule[]): string {
  const markers = rules.some((rule) => rule.deleteMarkers === "Enabled");
  return pretty({
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "ReadTheRules",
        Effect: "Allow",
        Action: ["s3:GetReplicationConfiguration", ...(markers ? ["s3:ListBucket"] : [])],
        Resource: [bucketArn(source)],
      },
      {
        Sid: "ReadTheVersions",
        Effect: "Allow",
        Action: ["s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging"],
        Resource: [`${bucketArn(source)}/*`],
      },
      ...writingStatements(rules),
    ],
  });
}

/** One statement for the destinations that need the same. */
function writingStatements(rules: readonly Rule[]): object[] {
  const needed = new Map<string, Set<string>>();
  for (const { destination, deleteMarkers } of rules) {
    const actions = needed.get(destination.bucket) ?? new Set<string>();
    for (const action of writingActions(deleteMarkers === "Enabled", destination.ownerOverride)) actions.add(action);
    needed.set(destination.bucket, actions);
  }
  const groups = new Map<string, string[]>();
  for (const [bucket, actions] of [...needed].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const name = [...actions].sort().join();
    groups.set(name, [...(groups.get(name) ?? []), `${bucketArn(bucket)}/*`]);
  }
  return [...groups].map(([actions, resources], index) => ({
    Sid: index === 0 ? "WriteReplicas" : `WriteReplicas${index + 1}`,
    Effect: "Allow",
    Action: actions.split(","),
    Resource: resources,
  }));
}

/** `s3:ReplicateObject` implies tags and ACLs. */
function writingActions(deleteMarkers: boolean, ownerOverride: boolean): string[] {
  return [
    "s3:ReplicateObject",
    ...(deleteMarkers ? ["s3:ReplicateDelete"] : []),
    ...(ownerOverride ? ["s3:ObjectOwnerOverrideToBucketOwner"] : []),
  ];
}

/** The statement by which a destination bucket lets another account's role replicate into it. */
export function receivingStatements(destination: string, roleArn: string, ownerOverride: boolean): object[] {
  return [
    {
      Sid: `ReplicasOf${roleArn.replace(/[^A-Za-z0-9]/g, "")}`,
      Effect: "Allow",
      Principal: { AWS: roleArn },
      Action: writingActions(true, ownerOverride),
      Resource: `${bucketArn(destination)}/*`,
    },
  ];
}

interface PolicyDocument {
  Version?: string;
  Statement?: unknown;
}

/** A bucket policy with the statements added; those with the same Sid are replaced. */
export function withStatements(policy: string | undefined, statements: readonly object[]): string {
  const document: PolicyDocument = policy ? (JSON.parse(policy) as PolicyDocument) : {};
  const present = Array.isArray(document.Statement)
    ? (document.Statement as unknown[])
    : document.Statement
      ? [document.Statement]
      : [];
  const sids = new Set(statements.map(sidOf));
  return pretty({
    ...document,
    Version: document.Version ?? "2012-10-17",
    Statement: [...present.filter((statement) => !sids.has(sidOf(statement))), ...statements],
  });
}

/** What a Batch Operations job that replicates existing objects must be allowed. */
export function batchRolePolicy(source: string, report: string | undefined, manifest: string | undefined): string {
  const statements: object[] = [
    {
      Sid: "InitiateReplication",
      Effect: "Allow",
      Action: ["s3:InitiateReplication"],
      Resource: [`${bucketArn(source)}/*`],
    },
    {
      Sid: "GenerateManifest",
      Effect: "Allow",
      Action: ["s3:GetReplicationConfiguration", "s3:PutInventoryConfiguration"],
      Resource: [bucketArn(source)],
    },
  ];
  const written = [...new Set([report, manifest].filter((bucket) => bucket !== undefined))];
  if (written.length > 0) {
    statements.push({
      Sid: "WriteReportAndManifest",
      Effect: "Allow",
      Action: ["s3:PutObject"],
      Resource: written.map((bucket) => `${bucketArn(bucket)}/*`),
    });
  }
  if (manifest !== undefined) {
    statements.push({
      Sid: "ReadManifest",
      Effect: "Allow",
      Action: ["s3:GetObject", "s3:GetObjectVersion"],
      Resource: [`${bucketArn(manifest)}/*`],
    });
  }
  return pretty({ Version: "2012-10-17", Statement: statements });
}

function sidOf(statement: unknown): string | undefined {
  return typeof statement === "object" && statement !== null && "Sid" in statement ? String(statement.Sid) : undefined;
}

function pretty(value: object): string {
  return JSON.stringify(value, null, 2);
}
