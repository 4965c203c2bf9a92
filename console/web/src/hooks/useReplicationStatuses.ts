import { useCallback, useEffect, useRef, useState } from "react";
import type { BucketPlace } from "../api/buckets.ts";
import type { Client } from "../api/client.ts";
import { isApiError } from "../api/errors.ts";
import { headObject, type ObjectVersion, type ReplicationStatus } from "../api/objects.ts";
import { useClient } from "../context.tsx";
import { inLanes } from "../model/lanes.ts";
import { usePolling } from "./usePolling.ts";

/** "unknown": not asked yet, or the caller may not see it. */
export type KnownStatus = ReplicationStatus | "none" | "unknown";

const LANES = 6;
const POLL_MS = 700;
const POLL_SLOWEST_MS = 1500;
const PROBES_WHEN_QUIET = 12;
const QUIET_AFTER_ROUNDS = 40;

export function idOf(version: ObjectVersion): string {
  return `${version.key}\u0000${version.versionId ?? version.etag + String(version.modified?.getTime())}`;
}

/**
 * Replication statuses of the versions on screen. Listings do not tell them, so each is asked for once with HEAD; those
 * that are PENDING are asked again, about once a second, until they are not. When nothing moves for a minute (a
 * destination that is down), a few of them are asked in turn instead of all.
 */
export function useReplicationStatuses(
  bucket: BucketPlace | undefined,
  versions: readonly ObjectVersion[],
  active: boolean,
): ReadonlyMap<string, KnownStatus> {
  const client = useClient();
  const [statuses, setStatuses] = useState<ReadonlyMap<string, KnownStatus>>(new Map());
  const known = useRef(statuses);
  const quietRounds = useRef(0);
  const objects = active ? versions.filter((version) => version.kind === "object") : [];
  const shown = objects.map(idOf).join("\n");

  const ask = useCallback(
    async (asked: readonly ObjectVersion[], signal: AbortSignal): Promise<boolean> => {
      if (!bucket) return false;
      const answers = new Map<string, KnownStatus>();
      await inLanes(
        asked,
        LANES,
        async (version) => {
          answers.set(idOf(version), await statusOf(client, bucket, version, signal));
        },
        signal,
      );
      if (signal.aborted) return false;
      const changed = [...answers].some(([id, status]) => known.current.get(id) !== status);
      if (changed) {
        known.current = new Map([...known.current, ...answers]);
        setStatuses(known.current);
      }
      return changed;
    },
    [client, bucket],
  );

  useEffect(() => {
    const controller = new AbortController();
    const news = objects.filter((version) => !known.current.has(idOf(version)));
    if (news.length > 0) void ask(news, controller.signal).catch(() => undefined);
    return () => controller.abort();
  }, [shown, ask]);

  const pending = objects.filter((version) => statuses.get(idOf(version)) === "PENDING");
  usePolling(
    async (signal) => {
      const quiet = quietRounds.current >= QUIET_AFTER_ROUNDS;
      const changed = await ask(quiet ? turn(pending, quietRounds.current) : pending, signal);
      quietRounds.current = changed ? 0 : quietRounds.current + 1;
      return changed;
    },
    { active: pending.length > 0, intervalMs: POLL_MS, slowestMs: POLL_SLOWEST_MS },
  );
  return statuses;
}

/** A few of the versions, others in each round. */
function turn(versions: readonly ObjectVersion[], round: number): ObjectVersion[] {
  const start = (round * PROBES_WHEN_QUIET) % Math.max(1, versions.length);
  return [...versions.slice(start), ...versions.slice(0, start)].slice(0, PROBES_WHEN_QUIET);
}

async function statusOf(
  client: Client,
  bucket: BucketPlace,
  version: ObjectVersion,
  signal: AbortSignal,
): Promise<KnownStatus> {
  try {
    const head = await headObject(client, { bucket, key: version.key, versionId: version.versionId }, signal);
    return head.replicationStatus ?? "none";
  } catch (error) {
    if (isApiError(error)) return "unknown";
    throw error;
  }
}
