/** Comparing a destination with its source: `POST /-/replication/verify` (docs/verify.md). */

import type { BucketPlace } from "./buckets.ts";
import type { Client } from "./client.ts";
import { type Members, object } from "./json.ts";

export interface Verify {
  readonly destination: string;
  /** Read every body on both sides. */
  readonly deep: boolean;
  /** Let go again what is missing or differs. */
  readonly repair: boolean;
}

/**
 * The lines of the answer as they come: all that one arrival brings at once, so that many of them cost one drawing.
 *
 * Aborting ends the verification.
 */
export async function* verifyReplication(
  client: Client,
  bucket: BucketPlace,
  { destination, deep, repair }: Verify,
  signal: AbortSignal,
): AsyncGenerator<Members[]> {
  const response = await client.fetch({
    region: bucket.region,
    method: "POST",
    path: "/-/replication/verify",
    query: {
      bucket: bucket.name,
      destination,
      deep: deep ? "true" : undefined,
      repair: repair ? "true" : undefined,
    },
    signal,
  });
  if (!response.body) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    const lines = (rest + (value ?? "")).split("\n");
    rest = done ? "" : (lines.pop() ?? "");
    // An empty line tells that there is life.
    const full = lines.filter((line) => line !== "").map((line) => object(JSON.parse(line)));
    if (full.length > 0) yield full;
    if (done) return;
  }
}
