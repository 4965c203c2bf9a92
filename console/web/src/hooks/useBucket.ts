import { type BucketPlace, bucketRegion } from "../api/buckets.ts";
import { ApiError } from "../api/errors.ts";
import { useClient } from "../context.tsx";
import { type Loaded, useLoad } from "./useLoad.ts";

/** The bucket with its region, which every request to it is signed for. */
export function useBucket(name: string): Loaded<BucketPlace> {
  const client = useClient();
  return useLoad(
    async (signal) => {
      const region = await bucketRegion(client, name, signal);
      if (region === undefined) throw new ApiError("NoSuchBucket", "The specified bucket does not exist", 404, "");
      return { name, region };
    },
    [client, name],
  );
}
