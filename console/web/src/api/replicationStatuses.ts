/** The replication statuses of many versions in one answer: `POST /-/replication/statuses` (docs/explain.md). */

import type { BucketPlace } from "./buckets.ts";
import type { Client } from "./client.ts";
import { isApiError } from "./errors.ts";
import { type ObjectVersion, readStatus, type ReplicationStatus } from "./objects.ts";

/** "none": no rule took it. "unknown": not asked yet, or the caller may not see it. */
export type KnownStatus = ReplicationStatus | "none" | "unknown";

const VERSIONS_MAX = 250;

/** In the order of the versions. Who may not ask at all knows none. */
export async function statusesOf(
  client: Client,
  bucket: BucketPlace,
  versions: readonly ObjectVersion[],
  signal: AbortSignal,
): Promise<KnownStatus[]> {
  const found: KnownStatus[] = [];
  for (let start = 0; start < versions.length; start += VERSIONS_MAX) {
    const asked = versions.slice(start, start + VERSIONS_MAX);
    found.push(...(await askFor(client, bucket, asked, signal)));
  }
  return found;
}

async function askFor(
  client: Client,
  bucket: BucketPlace,
  asked: readonly ObjectVersion[],
  signal: AbortSignal,
): Promise<KnownStatus[]> {
  try {
    const answer = await client.json({
      region: bucket.region,
      method: "POST",
      path: "/-/replication/statuses",
      query: { bucket: bucket.name },
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ versions: asked.map(({ key, versionId }) => ({ key, version_id: versionId })) }),
      signal,
    });
    const statuses = answer["statuses"];
    return Array.isArray(statuses) ? statuses.map(known) : asked.map(() => "unknown");
  } catch (error) {
    if (isApiError(error) && error.status !== 0) return asked.map(() => "unknown");
    throw error;
  }
}

function known(text: unknown): KnownStatus {
  if (text === "NONE") return "none";
  return (typeof text === "string" ? readStatus(text) : undefined) ?? "unknown";
}
