import SpaceBetween from "@cloudscape-design/components/space-between";
import type { BucketPlace } from "../../api/buckets.ts";
import { BlockPublicAccess } from "../../components/BlockPublicAccess.tsx";
import { BucketPolicy } from "./BucketPolicy.tsx";
import { Ownership } from "./Ownership.tsx";

/** Who may use the bucket, in the order of the S3 console. */
export default function PermissionsTab({ bucket }: { bucket: BucketPlace }) {
  return (
    <SpaceBetween size="l">
      <BlockPublicAccess
        scope={bucket}
        title="Block public access (bucket settings)"
        description="Public access is granted by bucket policies and ACLs. These settings take it back, whatever these say."
      />
      <BucketPolicy bucket={bucket} />
      <Ownership bucket={bucket} />
    </SpaceBetween>
  );
}
