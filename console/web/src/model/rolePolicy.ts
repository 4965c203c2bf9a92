/**
 * Policies that replication needs, no more than it needs.
 *
 * Source: S3 User Guide, "Setting up permissions for live replication".
 */

import { bucketArn, type Rule } from "./replication.ts";

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

export function trustPolicy(services: readonly string[] = ["s3.amazonaws.com"]): string {
  return pretty({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Service: services.length === 1 ? services[0] : services },
        Action: "sts:AssumeRole",
      },
    ],
  });
}

/** What the replication role must be allowed, for all rules of the source bucket. */
export function replicationRolePolicy(source: string, rules: readonly Rule[]): string {
  const destinations = [...new Set(rules.map((rule) => rule.destination.bucket))].sort();
  const overridden = destinations.filter((bucket) =>
    rules.some((rule) => rule.destination.bucket === bucket && rule.destination.ownerOverride),
  );
  const statements: object[] = [
    {
      Sid: "ReadConfiguration",
      Effect: "Allow",
      Action: ["s3:GetReplicationConfiguration", "s3:ListBucket"],
      Resource: [bucketArn(source)],
    },
    {
      Sid: "ReadSourceVersions",
      Effect: "Allow",
      Action: [
        "s3:GetObjectVersionForReplication",
        "s3:GetObjectVersionAcl",
        "s3:GetObjectVersionTagging",
        "s3:GetObjectRetention",
        "s3:GetObjectLegalHold",
      ],
      Resource: [`${bucketArn(source)}/*`],
    },
    {
      Sid: "WriteReplicas",
      Effect: "Allow",
      Action: ["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"],
      Resource: destinations.map((bucket) => `${bucketArn(bucket)}/*`),
    },
  ];
  if (overridden.length > 0) {
    statements.push({
      Sid: "ChangeReplicaOwner",
      Effect: "Allow",
      Action: ["s3:ObjectOwnerOverrideToBucketOwner"],
      Resource: overridden.map((bucket) => `${bucketArn(bucket)}/*`),
    });
  }
  return pretty({ Version: "2012-10-17", Statement: statements });
}

/** Statements by which a destination bucket lets another account's role replicate into it. */
export function receivingStatements(destination: string, roleArn: string, ownerOverride: boolean): object[] {
  return [
    {
      Sid: "ReplicaObjects",
      Effect: "Allow",
      Principal: { AWS: roleArn },
      Action: [
        "s3:ReplicateObject",
        "s3:ReplicateDelete",
        "s3:ReplicateTags",
        ...(ownerOverride ? ["s3:ObjectOwnerOverrideToBucketOwner"] : []),
      ],
      Resource: `${bucketArn(destination)}/*`,
    },
    {
      Sid: "ReplicaBucket",
      Effect: "Allow",
      Principal: { AWS: roleArn },
      Action: ["s3:List*", "s3:GetBucketVersioning", "s3:PutBucketVersioning"],
      Resource: bucketArn(destination),
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
