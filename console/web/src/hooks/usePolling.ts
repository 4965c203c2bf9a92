import { useEffect, useRef } from "react";

/**
 * Call `poll` again and again while `active` and the page is visible: each time `intervalMs` after the last one ended,
 * so that a server that is slow is asked less often.
 */
export function usePolling(
  poll: (signal: AbortSignal) => Promise<void>,
  { active, intervalMs }: { active: boolean; intervalMs: number },
): void {
  const latest = useRef(poll);
  latest.current = poll;

  useEffect(() => {
    if (!active) return undefined;
    const controller = new AbortController();
    let timer: number | undefined;
    const schedule = () => {
      window.clearTimeout(timer);
      if (!document.hidden && !controller.signal.aborted) timer = window.setTimeout(step, intervalMs);
    };
    const step = async () => {
      try {
        await latest.current(controller.signal);
      } catch {
        // What does not answer now is asked again later; the page's own requests say what is wrong.
      }
      schedule();
    };
    document.addEventListener("visibilitychange", schedule);
    schedule();
    return () => {
      controller.abort();
      window.clearTimeout(timer);
      document.removeEventListener("visibilitychange", schedule);
    };
  }, [active, intervalMs]);
}
