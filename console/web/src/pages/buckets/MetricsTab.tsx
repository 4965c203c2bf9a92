import type { BucketPlace } from "../../api/buckets.ts";

export default function MetricsTab({ bucket }: { bucket: BucketPlace }) {
  return <>{bucket.name}</>;
}
