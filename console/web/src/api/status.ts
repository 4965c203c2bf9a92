/** How replication stands in all buckets that the caller may see: the answer of `/-/status`. */

import type { Client } from "./client.ts";

export interface Waiting {
  readonly bucket: string;
  readonly destination: string;
  readonly tasks: number;
  readonly bytes: number;
  readonly oldestAgeS: number;
}

export interface FailedVersion {
  readonly region: string;
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string;
  readonly destination: string;
  readonly rule: string;
  readonly code: string;
  readonly detail: string;
  readonly at: Date;
}

export interface DeploymentStatus {
  readonly waiting: readonly Waiting[];
  /** The newest, at most 50. */
  readonly failures: readonly FailedVersion[];
}

interface StatusDocument {
  readonly regions: readonly {
    readonly buckets: readonly {
      readonly bucket: string;
      readonly waiting: readonly {
        readonly destination: string;
        readonly tasks_pending: number;
        readonly bytes_pending: number;
        readonly oldest_pending_age_s: number;
      }[];
    }[];
  }[];
  readonly failures: readonly {
    readonly region: string;
    readonly bucket: string;
    readonly key: string;
    readonly version_id: string;
    readonly destination: string;
    readonly rule: string;
    readonly code: string;
    readonly detail: string;
    readonly at: string;
  }[];
}

export async function deploymentStatus(client: Client, signal?: AbortSignal): Promise<DeploymentStatus> {
  const region = client.session.regions[0] ?? "us-east-1";
  const answer = await client.send({ region, method: "GET", path: "/-/status", signal });
  const document = JSON.parse(answer.text) as StatusDocument;
  return {
    waiting: document.regions.flatMap((each) =>
      each.buckets.flatMap((bucket) =>
        bucket.waiting.map((lane) => ({
          bucket: bucket.bucket,
          destination: lane.destination,
          tasks: lane.tasks_pending,
          bytes: lane.bytes_pending,
          oldestAgeS: lane.oldest_pending_age_s,
        })),
      ),
    ),
    failures: document.failures.map((failure) => ({
      region: failure.region,
      bucket: failure.bucket,
      key: failure.key,
      versionId: failure.version_id,
      destination: failure.destination,
      rule: failure.rule,
      code: failure.code,
      detail: failure.detail,
      at: new Date(failure.at),
    })),
  };
}
