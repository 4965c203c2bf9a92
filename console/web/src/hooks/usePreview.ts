import { useEffect, useRef, useState } from "react";
import type { BucketPlace } from "../api/buckets.ts";
import { type Preview, previewReplication } from "../api/preview.ts";
import { useClient } from "../context.tsx";
import { bucketNameProblem } from "../model/names.ts";
import { type Rule, writeConfiguration } from "../model/replication.ts";

const SETTLED_MS = 700;
/** A bucket that takes longer to look through is looked through when asked only. */
const BY_ITSELF_S_MAX = 1;

/** A role that is not there yet has no ARN; a form without a name needs one to be told from the others. */
const NO_ROLE = "arn:aws:iam::000000000000:role/not-made-yet";
const NO_NAME = "(this rule)";

/**
 * The preview of a bucket's rules with this one among them: by itself once the form has not changed for a moment, as
 * long as that is quick; else when asked. name: what the rule is called in it.
 */
export function usePreview(bucket: BucketPlace, rule: Rule, others: readonly Rule[], role: string | undefined) {
  const client = useClient();
  const name = rule.id || NO_NAME;
  const configuration = {
    role: role || NO_ROLE,
    rules: [...others, { ...rule, id: name, status: "Enabled" as const }],
  };
  const asked = writeConfiguration(configuration);
  const [found, setFound] = useState<{ asked: string; preview: Preview }>();
  const [failed, setFailed] = useState<{ asked: string; error: unknown }>();
  const [busy, setBusy] = useState(false);
  const running = useRef<AbortController | undefined>(undefined);

  const look = async () => {
    running.current?.abort();
    const controller = new AbortController();
    running.current = controller;
    setBusy(true);
    try {
      const preview = await previewReplication(client, bucket, configuration, controller.signal);
      if (!controller.signal.aborted) setFound({ asked, preview });
    } catch (error) {
      if (!controller.signal.aborted) setFailed({ asked, error });
    }
    if (running.current === controller) setBusy(false);
  };
  const latest = useRef(look);
  latest.current = look;

  const quick = (found?.preview.elapsedS ?? 0) < BY_ITSELF_S_MAX;
  const complete = bucketNameProblem(rule.destination.bucket) === undefined;
  useEffect(() => {
    if (!quick || !complete) return undefined;
    const timer = window.setTimeout(() => void latest.current(), SETTLED_MS);
    return () => window.clearTimeout(timer);
  }, [asked, quick, complete]);
  useEffect(() => () => running.current?.abort(), []);

  return {
    name,
    busy,
    look: () => void look(),
    preview: found?.asked === asked ? found.preview : undefined,
    error: failed?.asked === asked ? failed.error : undefined,
  };
}
