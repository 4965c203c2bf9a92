import { useEffect, useRef, useState } from "react";
import type { BucketPlace } from "../api/buckets.ts";
import { type Verify, verifyReplication } from "../api/verify.ts";
import { useClient } from "../context.tsx";
import { NOT_BEGUN, type Verification, withLines } from "../model/verification.ts";

interface Running {
  /** undefined until one was asked for. */
  readonly found: Verification | undefined;
  readonly busy: boolean;
  readonly stopped: boolean;
  readonly error: unknown;
  readonly start: (asked: Verify) => void;
  readonly stop: () => void;
}

/** A verification, one at a time, that ends with the page. */
export function useVerification(bucket: BucketPlace): Running {
  const client = useClient();
  const [found, setFound] = useState<Verification>();
  const [busy, setBusy] = useState(false);
  const [stopped, setStopped] = useState(false);
  const [error, setError] = useState<unknown>();
  const running = useRef<AbortController | undefined>(undefined);
  useEffect(() => () => running.current?.abort(), []);

  const run = async (asked: Verify) => {
    running.current?.abort();
    const controller = new AbortController();
    running.current = controller;
    setBusy(true);
    setStopped(false);
    setError(undefined);
    let now = NOT_BEGUN;
    setFound(now);
    try {
      for await (const lines of verifyReplication(client, bucket, asked, controller.signal)) {
        now = withLines(now, lines);
        setFound(now);
      }
      if (!now.result && !now.broken) setFound({ ...now, broken: "The connection to the server broke." });
    } catch (failed) {
      if (controller.signal.aborted) setStopped(true);
      else setError(failed);
    }
    setBusy(false);
  };
  return { found, busy, stopped, error, start: (asked) => void run(asked), stop: () => running.current?.abort() };
}
