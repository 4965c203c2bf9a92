import SpaceBetween from "@cloudscape-design/components/space-between";
import type { BucketPlace } from "../../api/buckets.ts";
import { BlockPublicAccess } from "./BlockPublicAccess.tsx";
import { BucketPolicy } from "./BucketPolicy.tsx";
import { Ownership } from "./Ownership.tsx";

/** Who may use the bucket, in the order of the S3 console. */
export default function PermissionsTab({ bucket }: { bucket: BucketPlace }) {
  return (
    <SpaceBetween size="l">
      <BlockPublicAccess bucket={bucket} />
      <BucketPolicy bucket={bucket} />
      <Ownership bucket={bucket} />
    </SpaceBetween>
  );
}
