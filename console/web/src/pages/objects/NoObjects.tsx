import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { BucketPlace } from "../../api/buckets.ts";
import { href } from "../../router.ts";

interface Properties {
  readonly bucket: BucketPlace;
  readonly prefix: string;
  readonly filtered: boolean;
  readonly showVersions: boolean;
}

export function NoObjects({ bucket, prefix, filtered, showVersions }: Properties) {
  if (filtered) return <Box textAlign="center">No key begins with this text.</Box>;
  return (
    <Box textAlign="center" padding="m">
      <SpaceBetween size="m">
        <div>
          <b>No objects</b>
          <Box variant="p" color="text-body-secondary">
            You don't have any objects in this {prefix ? "folder" : "bucket"}.
            {!showVersions && " Deleted objects may still have versions: Show versions lists them."}
          </Box>
        </div>
        <Button href={href(`/buckets/${encodeURIComponent(bucket.name)}/upload`, { prefix: prefix || undefined })}>
          Upload
        </Button>
      </SpaceBetween>
    </Box>
  );
}
