import type { DependencyList } from "react";
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

/** As `useLoad`, and loaded again and again while the page is visible, so that changes show by themselves. */
export function useLive<T>(
  load: (signal: AbortSignal) => Promise<T>,
  dependencies: DependencyList,
  { pauseMs = () => LIVE_MS, looks }: Options<T> = {},
): Loaded<T> {
  const loaded = useLoad(load, dependencies, looks);
  const pause = loaded.data === undefined ? undefined : pauseMs(loaded.data);
  usePolling(loaded.reload, { active: pause !== undefined, intervalMs: pause ?? LIVE_MS });
  return loaded;
}
