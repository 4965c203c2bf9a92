import { type DependencyList, useEffect, useId } from "react";
import { messageOf } from "../api/errors.ts";
import { useConsole } from "../context.tsx";
import { type Loaded, useLoad } from "./useLoad.ts";
import { usePolling } from "./usePolling.ts";

/** Changes show within two seconds: this pause, an answer, and a drawing. */
export const LIVE_MS = 1500;

interface Options<T> {
  /** How long to pause for what is loaded; undefined when it cannot change any more. */
  readonly pauseMs?: (data: T) => number | undefined;
  /** Equal texts for values that look alike: nothing is drawn again for them. */
  readonly looks?: (data: T) => string;
}

/**
 * As `useLoad`, and loaded again and again while the page is visible, so that changes show by themselves. That they do
 * not, since nothing answers any more, is said on top of the page.
 */
export function useLive<T>(
  load: (signal: AbortSignal) => Promise<T>,
  dependencies: DependencyList,
  { pauseMs = () => LIVE_MS, looks }: Options<T> = {},
): Loaded<T> {
  const loaded = useLoad(load, dependencies, looks);
  const pause = loaded.data === undefined ? undefined : pauseMs(loaded.data);
  usePolling(loaded.reload, { active: pause !== undefined, intervalMs: pause ?? LIVE_MS });

  const { tellStale } = useConsole();
  const id = useId();
  const stale = loaded.data === undefined || loaded.error === undefined ? undefined : messageOf(loaded.error);
  useEffect(() => {
    tellStale(id, stale);
    return () => tellStale(id, undefined);
  }, [id, stale, tellStale]);
  return loaded;
}
