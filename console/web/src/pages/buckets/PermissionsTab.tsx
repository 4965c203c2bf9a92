import type { BucketPlace } from "../../api/buckets.ts";

export default function PermissionsTab({ bucket }: { bucket: BucketPlace }) {
  return <>{bucket.name}</>;
}
