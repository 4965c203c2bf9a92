/** How a bucket's replication stands, and driving failures again: `/-/replication/…` (docs/explain.md). */

import type { BucketPlace } from "./buckets.ts";
import type { Client } from "./client.ts";
import { differencesOf, readCounts } from "../model/verification.ts";
import { date, type Members, number, object, objects, text } from "./json.ts";

export interface LastVerification {
  readonly at: Date | undefined;
  /** Every body was read. */
  readonly deep: boolean;
  readonly equal: boolean;
  readonly differences: number;
}

export interface DestinationStatus {
  readonly destination: string;
  readonly pendingOperations: number;
  readonly pendingBytes: number;
  /** Of those pending: no live changes, but Batch Replication's, or failures that were driven again. */
  readonly againOperations: number;
  readonly oldestAgeS: number;
  readonly operationsPerS: number;
  readonly failed: number;
  /** Everything for the destination met this trouble, and waits. */
  readonly error: string | undefined;
  readonly rules: ReadonlyMap<string, { readonly operations: number; readonly bytes: number }>;
  /** Of the whole bucket; undefined when it was never verified. */
  readonly lastVerification: LastVerification | undefined;
}

export interface FailureCause {
  readonly bucket: BucketPlace;
  readonly destination: string;
  readonly code: string;
  readonly count: number;
  readonly since: Date | undefined;
  readonly firstKey: string;
  readonly lastKey: string;
  readonly lastVersionId: string | undefined;
}

export interface BucketStatus {
  readonly bucket: BucketPlace;
  readonly destinations: readonly DestinationStatus[];
  readonly causes: readonly FailureCause[];
}

/** A rule, as the overview knows it. */
export interface ListedRule {
  readonly id: string;
  readonly enabled: boolean;
  readonly destination: string;
}

/** A bucket with rules, the strongest first, or with failures under rules that are gone. */
export interface SourceBucket {
  readonly bucket: BucketPlace;
  readonly rules: readonly ListedRule[];
  /** undefined where the caller may not see it. */
  readonly status: BucketStatus | undefined;
}

/** Every source bucket of the account that the caller may see: one request for each hundred. */
export async function replicationOverview(client: Client, signal?: AbortSignal): Promise<SourceBucket[]> {
  const found: SourceBucket[] = [];
  let from: string | undefined;
  do {
    const members = await client.json({
      region: client.anyRegion,
      method: "GET",
      path: "/-/replication/overview",
      query: { from },
      signal,
    });
    found.push(...objects(members["buckets"]).map(readSource));
    from = text(members["next"]);
  } while (from);
  return found;
}

function readSource(members: Members): SourceBucket {
  const bucket = { name: text(members["bucket"]) ?? "", region: text(members["region"]) ?? "" };
  const status = members["status"];
  return {
    bucket,
    rules: objects(members["rules"]).map((rule) => ({
      id: text(rule["rule"]) ?? "",
      enabled: rule["enabled"] === true,
      destination: text(rule["destination"]) ?? "",
    })),
    status: status === null ? undefined : readStatus(bucket, status),
  };
}

export function readStatus(bucket: BucketPlace, value: unknown): BucketStatus {
  const members = object(value);
  return {
    bucket,
    destinations: objects(members["destinations"]).map((each) => ({
      destination: text(each["destination"]) ?? "",
      pendingOperations: number(each["pending_operations"]),
      pendingBytes: number(each["pending_bytes"]),
      againOperations: number(each["again_operations"]),
      oldestAgeS: number(each["oldest_age_s"]),
      operationsPerS: number(each["operations_per_s"]),
      failed: number(each["failed"]),
      lastVerification: readVerification(each["last_verification"]),
      error: text(each["error"]),
      rules: new Map(
        objects(each["rules"]).map((rule) => [
          text(rule["rule"]) ?? "",
          { operations: number(rule["operations"]), bytes: number(rule["bytes"]) },
        ]),
      ),
    })),
    causes: objects(members["failures"]).map((each) => ({
      bucket,
      destination: text(each["destination"]) ?? "",
      code: text(each["code"]) ?? "",
      count: number(each["count"]),
      since: date(each["since"]),
      firstKey: text(each["first_key"]) ?? "",
      lastKey: text(each["last_key"]) ?? "",
      lastVersionId: text(each["last_version_id"]),
    })),
  };
}

function readVerification(value: unknown): LastVerification | undefined {
  if (value === null || value === undefined) return undefined;
  const members = object(value);
  return {
    at: date(members["at"]),
    deep: members["deep"] === true,
    equal: members["equal"] === true,
    differences: differencesOf(readCounts(members["counts"])),
  };
}

export interface Retry {
  readonly cause?: string;
  readonly destination?: string;
  /** Of one version only: the current one of the key, where no id is given. */
  readonly key?: string;
  readonly versionId?: string | undefined;
}

export interface Retried {
  readonly retried: number;
  /** No rule would take these any more: they stay as they are. */
  readonly left: number;
}

/** Make the failures that match PENDING again. A request does a part of the work; this goes on to the end. */
export async function retryFailures(client: Client, bucket: BucketPlace, which: Retry): Promise<Retried> {
  const { cause, destination, key, versionId } = which;
  let [retried, left] = [0, 0];
  let from: string | undefined;
  do {
    const members = await client.json({
      region: bucket.region,
      method: "POST",
      path: "/-/replication/retry",
      query: { bucket: bucket.name, cause, destination, key, "version-id": versionId, from },
    });
    retried += number(members["retried"]);
    for (const count of Object.values(object(members["left"]))) left += number(count);
    from = text(members["next"]);
  } while (from);
  return { retried, left };
}
