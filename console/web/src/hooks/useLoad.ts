import { type DependencyList, useCallback, useEffect, useRef, useState } from "react";

export interface Loaded<T> {
  readonly data: T | undefined;
  readonly error: unknown;
  /** True until the first answer for these dependencies. */
  readonly loading: boolean;
  /** Load again, keeping what is shown until the answer comes. */
  readonly reload: () => Promise<void>;
}

/**
 * Load a value when the dependencies change; an answer that comes late, for earlier ones, is dropped.
 *
 * A failed reload keeps the last good value beside the error. One that brings what `looks` the same changes nothing.
 */
export function useLoad<T>(
  load: (signal: AbortSignal) => Promise<T>,
  dependencies: DependencyList,
  looks?: (data: T) => string,
): Loaded<T> {
  const [state, setState] = useState<{ data?: T; error?: unknown; loading: boolean }>({ loading: true });
  const latest = useRef(load);
  latest.current = load;
  const alike = useRef(looks);
  alike.current = looks;
  const running = useRef<AbortController | undefined>(undefined);

  const run = useCallback(async (fresh: boolean) => {
    running.current?.abort();
    const controller = new AbortController();
    running.current = controller;
    if (fresh) setState({ loading: true });
    try {
      const data = await latest.current(controller.signal);
      if (controller.signal.aborted) return;
      setState((before) => (isSame(before, data, alike.current) ? before : { data, loading: false }));
    } catch (error) {
      if (!controller.signal.aborted) setState((before) => ({ ...before, error, loading: false }));
    }
  }, []);

  useEffect(() => {
    void run(true);
    return () => running.current?.abort();
  }, dependencies);

  const reload = useCallback(() => run(false), [run]);
  return { data: state.data, error: state.error, loading: state.loading, reload };
}

function isSame<T>(
  before: { data?: T; error?: unknown; loading: boolean },
  data: T,
  looks: ((data: T) => string) | undefined,
): boolean {
  if (before.loading || before.error !== undefined || before.data === undefined || !looks) return false;
  return looks(before.data) === looks(data);
}
