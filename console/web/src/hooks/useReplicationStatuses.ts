import { useCallback, useEffect, useRef, useState } from "react";
import type { BucketPlace } from "../api/buckets.ts";
import type { ObjectVersion } from "../api/objects.ts";
import { type KnownStatus, statusesOf } from "../api/replicationStatuses.ts";
import { useClient } from "../context.tsx";
import { usePolling } from "./usePolling.ts";

const POLL_PENDING_MS = 1000;
const POLL_MS = 1500;

export function idOf(version: ObjectVersion): string {
  return `${version.key}\u0000${version.versionId ?? version.etag + String(version.modified?.getTime())}`;
}

/**
 * Replication statuses of the versions on screen, which listings do not tell: asked for all at once, whenever others
 * are shown and then again and again. What is settled may change as well: by a retry, a job, an edit.
 */
export function useReplicationStatuses(
  bucket: BucketPlace | undefined,
  versions: readonly ObjectVersion[],
  active: boolean,
): ReadonlyMap<string, KnownStatus> {
  const client = useClient();
  const [statuses, setStatuses] = useState<ReadonlyMap<string, KnownStatus>>(new Map());
  const known = useRef(statuses);
  const objects = active ? versions.filter((version) => version.kind === "object") : [];
  const shown = objects.map(idOf).join("\n");

  const ask = useCallback(
    async (asked: readonly ObjectVersion[], signal: AbortSignal): Promise<void> => {
      if (!bucket) return;
      const answers = await statusesOf(client, bucket, asked, signal);
      if (signal.aborted) return;
      const found = new Map(asked.map((version, index) => [idOf(version), answers[index] ?? "unknown"]));
      if ([...found].every(([id, status]) => known.current.get(id) === status)) return;
      known.current = new Map([...known.current, ...found]);
      setStatuses(known.current);
    },
    [client, bucket],
  );

  useEffect(() => {
    const controller = new AbortController();
    const news = objects.filter((version) => !known.current.has(idOf(version)));
    if (news.length > 0) void ask(news, controller.signal).catch(() => undefined);
    return () => controller.abort();
  }, [shown, ask]);

  const pending = objects.some((version) => statuses.get(idOf(version)) === "PENDING");
  usePolling((signal) => ask(objects, signal), {
    active: objects.length > 0,
    intervalMs: pending ? POLL_PENDING_MS : POLL_MS,
  });
  return statuses;
}
