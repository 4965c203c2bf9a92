/** The replication configuration of a bucket, through the S3 API. */

import { type Configuration, readConfiguration, type Rule, writeConfiguration } from "../model/replication.ts";
import { type BucketPlace, configuration } from "./buckets.ts";
import type { Client } from "./client.ts";
import { unlessAbsent } from "./errors.ts";

/** undefined when the bucket has none. */
export async function getReplication(
  client: Client,
  bucket: BucketPlace,
  signal?: AbortSignal,
): Promise<Configuration | undefined> {
  const root = await unlessAbsent(client.xml({ ...configuration(bucket, "GET", "replication"), signal }));
  return root && readConfiguration(root);
}

/** Change the rules as they stand now: what others changed since the page was read stays. Nothing without rules. */
export async function changeRules(
  client: Client,
  bucket: BucketPlace,
  change: (rules: readonly Rule[]) => readonly Rule[],
): Promise<void> {
  const standing = await getReplication(client, bucket);
  if (standing) await putReplication(client, bucket, { ...standing, rules: change(standing.rules) });
}

/** Replace the whole configuration; one without rules is deleted, since S3 has no empty one. */
export async function putReplication(client: Client, bucket: BucketPlace, next: Configuration): Promise<void> {
  if (next.rules.length === 0) {
    await client.send(configuration(bucket, "DELETE", "replication"));
    return;
  }
  await client.send({ ...configuration(bucket, "PUT", "replication"), body: writeConfiguration(next) });
}
