import type { BucketPlace } from "../../api/buckets.ts";

export default function PropertiesTab({ bucket }: { bucket: BucketPlace }) {
  return <>{bucket.name}</>;
}
