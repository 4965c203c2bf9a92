import { useEffect, useRef } from "react";

/**
 * Call `poll` again and again while `active` and the page is visible: each time `intervalMs` after the last one ended.
 *
 * `poll` returns whether it saw a change: without one the pause grows, up to `slowestMs`; with one it starts over.
 */
export function usePolling(
  poll: (signal: AbortSignal) => Promise<boolean>,
  options: { active: boolean; intervalMs: number; slowestMs?: number },
): void {
  const latest = useRef(poll);
  latest.current = poll;
  const { active, intervalMs, slowestMs = intervalMs } = options;

  useEffect(() => {
    if (!active) return undefined;
    const controller = new AbortController();
    let timer: number | undefined;
    let pauseMs = intervalMs;
    const schedule = () => {
      window.clearTimeout(timer);
      if (!document.hidden && !controller.signal.aborted) timer = window.setTimeout(step, pauseMs);
    };
    const step = async () => {
      let changed = false;
      try {
        changed = await latest.current(controller.signal);
      } catch {
        // What does not answer now is asked again later; the page's own requests say what is wrong.
      }
      pauseMs = changed ? intervalMs : Math.min(slowestMs, pauseMs * 1.25);
      schedule();
    };
    const onVisibility = () => {
      pauseMs = intervalMs;
      if (!document.hidden) schedule();
    };
    document.addEventListener("visibilitychange", onVisibility);
    schedule();
    return () => {
      controller.abort();
      window.clearTimeout(timer);
      document.removeEventListener("visibilitychange", onVisibility);
    };
  }, [active, intervalMs, slowestMs]);
}
