import Button from "@cloudscape-design/components/button";
import { useState } from "react";
import { type BucketPlace, putVersioning } from "../../api/buckets.ts";
import { useConsole } from "../../context.tsx";

/** Turn versioning on for a bucket, here and now. */
export function EnableVersioning({
  bucket,
  onEnabled,
}: {
  bucket: BucketPlace;
  onEnabled: () => Promise<void> | void;
}) {
  const { client, tell, tellError } = useConsole();
  const [busy, setBusy] = useState(false);
  const enable = async () => {
    setBusy(true);
    try {
      await putVersioning(client, bucket, "Enabled");
      tell({ type: "success", header: `Bucket Versioning is enabled on "${bucket.name}"` });
      await onEnabled();
    } catch (error) {
      tellError(`Bucket Versioning could not be enabled on "${bucket.name}"`, error);
    }
    setBusy(false);
  };
  return (
    <Button formAction="none" loading={busy} onClick={() => void enable()}>
      Enable Bucket Versioning
    </Button>
  );
}
