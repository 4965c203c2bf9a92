import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { explain } from "../../api/explain.ts";
import type { ObjectPlace } from "../../api/objects.ts";
import { useClient } from "../../context.tsx";
import { useLoad } from "../../hooks/useLoad.ts";
import { href } from "../../router.ts";
import { Why } from "./Why.tsx";

/** In place of an object that is not there, or that a delete marker hides: the marker may be replicated, and says why. */
export function Gone({ place }: { place: ObjectPlace }) {
  const client = useClient();
  const { bucket, key, versionId } = place;
  const found = useLoad((signal) => explain(client, place, signal), [client, bucket, key, versionId]);
  const marker = found.data?.deleteMarker ?? false;
  const versions = href(`/buckets/${encodeURIComponent(bucket.name)}`, { prefix: folderOf(key), versions: true });
  return (
    <ContentLayout
      header={
        <Header variant="h1">
          <span className="key">{key}</span>
        </Header>
      }
    >
      <SpaceBetween size="l">
        <Alert
          type="warning"
          header={marker ? "This is a delete marker" : `There is no object "${key}"`}
          action={<Button href={versions}>Show versions</Button>}
        >
          {marker
            ? "It hides the object: its versions still exist. To bring the object back, delete the marker among them."
            : "It was never there, or it is deleted. Versions of it may still exist."}
        </Alert>
        {marker && <Why place={place} status={found.data?.status} onMended={found.reload} />}
      </SpaceBetween>
    </ContentLayout>
  );
}

export function folderOf(key: string): string | undefined {
  return key.slice(0, key.lastIndexOf("/") + 1) || undefined;
}
