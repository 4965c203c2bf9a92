import { useEffect, useState } from "react";
import { type BucketPlace, bucketRegion, getVersioning, type Versioning } from "../api/buckets.ts";
import { isApiError } from "../api/errors.ts";
import { useClient } from "../context.tsx";
import { bucketNameProblem } from "../model/names.ts";
import { useLoad } from "./useLoad.ts";

const TYPING_MS = 250;

interface Destination {
  readonly place: BucketPlace | undefined;
  /** undefined when it is not known, or not ours to see. */
  readonly versioning: Versioning | undefined;
  /** The region, or why there is none. */
  readonly text: string;
  readonly reload: () => Promise<void>;
}

/** What can be seen of a bucket whose name is being typed. */
export function useDestination(typed: string): Destination {
  const client = useClient();
  const name = useSettled(typed);
  const found = useLoad(
    async (signal) => {
      if (bucketNameProblem(name)) return undefined;
      const region = await bucketRegion(client, name, signal);
      if (region === undefined) return { place: undefined, versioning: undefined };
      const place = { name, region };
      try {
        return { place, versioning: await getVersioning(client, place, signal) };
      } catch (error) {
        if (isApiError(error)) return { place, versioning: undefined };
        throw error;
      }
    },
    [client, name],
  );
  const current = name === typed && !found.loading;
  const place = current ? found.data?.place : undefined;
  return {
    place,
    versioning: place && found.data?.versioning,
    text: !current ? "…" : (place?.region ?? "There is no bucket with this name."),
    reload: found.reload,
  };
}

/** The value once it has not changed for a moment. */
function useSettled(value: string): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = window.setTimeout(() => setSettled(value), TYPING_MS);
    return () => window.clearTimeout(timer);
  }, [value]);
  return settled;
}
