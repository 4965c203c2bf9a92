/** What a rule's scope holds now: counted from listings, tags read where the rule asks for them. */

import { covers, type Rule } from "../model/replication.ts";
import { inLanes } from "../model/lanes.ts";
import type { BucketPlace, Tag } from "./buckets.ts";
import type { Client } from "./client.ts";
import { getObjectTags, listObjects, type Marker, type ObjectVersion } from "./objects.ts";

export interface Coverage {
  readonly objects: number;
  readonly bytes: number;
  /** False when there is more than was looked at. */
  readonly complete: boolean;
  readonly inside: readonly string[];
  readonly outside: readonly string[];
}

export const KEYS_MAX = 20_000;
const TAGGED_KEYS_MAX = 1_000;
const SAMPLES = 5;
const LANES = 8;
const PAGE = 1000;

export async function coverageOf(client: Client, bucket: BucketPlace, rule: Rule): Promise<Coverage> {
  const limit = rule.tags.length > 0 ? TAGGED_KEYS_MAX : KEYS_MAX;
  const inside: ObjectVersion[] = [];
  const outside: string[] = [];
  let marker: Marker | undefined;
  let seen = 0;
  do {
    const page = await listObjects(client, bucket, {
      prefix: rule.prefix,
      showVersions: false,
      delimiter: false,
      pageSize: PAGE,
      marker,
    });
    const tags = await tagsOf(client, bucket, rule, page.versions);
    for (const version of page.versions) {
      if (covers(rule, version.key, tags.get(version.key))) inside.push(version);
      else if (outside.length < SAMPLES) outside.push(version.key);
    }
    seen += page.versions.length;
    marker = page.next;
  } while (marker && seen < limit);
  if (rule.prefix !== "") outside.push(...(await othersThan(client, bucket, rule.prefix, SAMPLES - outside.length)));
  return {
    objects: inside.length,
    bytes: inside.reduce((sum, version) => sum + version.size, 0),
    complete: marker === undefined,
    inside: inside.slice(0, SAMPLES).map((version) => version.key),
    outside,
  };
}

async function tagsOf(
  client: Client,
  bucket: BucketPlace,
  rule: Rule,
  versions: readonly ObjectVersion[],
): Promise<ReadonlyMap<string, readonly Tag[]>> {
  const tags = new Map<string, readonly Tag[]>();
  if (rule.tags.length === 0) return tags;
  await inLanes(versions, LANES, async ({ key }) => {
    tags.set(key, await getObjectTags(client, { bucket, key }));
  });
  return tags;
}

/** Some keys that do not begin with the prefix. */
async function othersThan(client: Client, bucket: BucketPlace, prefix: string, count: number): Promise<string[]> {
  if (count <= 0) return [];
  const page = await listObjects(client, bucket, { prefix: "", showVersions: false, delimiter: true, pageSize: PAGE });
  const keys = [...page.versions.map((version) => version.key), ...page.folders];
  return keys.filter((key) => !key.startsWith(prefix) && !prefix.startsWith(key)).slice(0, count);
}
