import Button from "@cloudscape-design/components/button";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Tabs from "@cloudscape-design/components/tabs";
import { useState } from "react";
import type { BucketPlace } from "../../api/buckets.ts";
import { isApiError } from "../../api/errors.ts";
import { downloadUrl, headObject, type ObjectPlace } from "../../api/objects.ts";
import { Loading, PageFailure } from "../../components/Loading.tsx";
import { useConsole } from "../../context.tsx";
import { useBucket } from "../../hooks/useBucket.ts";
import { useLive } from "../../hooks/useLive.ts";
import { href, navigate, usePlace } from "../../router.ts";
import type { Row } from "./columns.tsx";
import { DeleteObjects } from "./DeleteObjects.tsx";
import { folderOf, Gone } from "./Gone.tsx";
import { ObjectProperties } from "./ObjectProperties.tsx";
import { ObjectVersions } from "./ObjectVersions.tsx";
import { ShareUrl } from "./ShareUrl.tsx";

interface Properties {
  readonly name: string;
  readonly objectKey: string;
  readonly versionId: string | undefined;
}

export default function ObjectPage({ name, objectKey, versionId }: Properties) {
  const bucket = useBucket(name);
  if (bucket.error !== undefined)
    return <PageFailure title={objectKey} what={`Bucket "${name}" cannot be opened`} error={bucket.error} />;
  if (!bucket.data) return <Loading />;
  return <OneObject bucket={bucket.data} objectKey={objectKey} versionId={versionId} />;
}

function OneObject({ bucket, objectKey, versionId }: { bucket: BucketPlace } & Omit<Properties, "name">) {
  const { client, tellError } = useConsole();
  const { query } = usePlace();
  const place: ObjectPlace = { bucket, key: objectKey, versionId };
  const head = useLive((signal) => headObject(client, place, signal), [client, bucket, objectKey, versionId], {
    looks: JSON.stringify,
  });
  const [dialog, setDialog] = useState<"none" | "delete" | "share">("none");
  const shown = head.data;
  const root = `/buckets/${encodeURIComponent(bucket.name)}`;
  const tabs = (active: string) =>
    navigate(href(`${root}/object`, { key: objectKey, versionId, tab: active === "properties" ? undefined : active }));

  if (head.error !== undefined && !shown) {
    // AWS: 405 for a delete marker that is named by its version id.
    if (isApiError(head.error) && [404, 405].includes(head.error.status)) return <Gone place={place} />;
    return (
      <PageFailure
        title={objectKey}
        what="The object cannot be opened"
        error={head.error}
        onRetry={() => void head.reload()}
      />
    );
  }
  if (!shown) return <Loading />;
  const download = async () => {
    try {
      window.location.assign(await downloadUrl(client, place));
    } catch (error) {
      tellError("The object could not be downloaded", error);
    }
  };
  const row: Row = {
    id: objectKey,
    name: objectKey,
    key: objectKey,
    version: {
      kind: "object",
      key: objectKey,
      versionId,
      latest: true,
      modified: shown.modified,
      size: shown.size,
      etag: shown.etag,
      storageClass: shown.storageClass,
    },
  };
  return (
    <ContentLayout
      header={
        <Header
          variant="h1"
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <Button iconName="download" onClick={() => void download()}>
                Download
              </Button>
              <Button onClick={() => setDialog("share")}>Share with a presigned URL</Button>
              <Button onClick={() => setDialog("delete")}>Delete</Button>
            </SpaceBetween>
          }
        >
          <span className="key">{objectKey}</span>
        </Header>
      }
    >
      <Tabs
        ariaLabel="Parts of the object"
        activeTabId={query.get("tab") ?? "properties"}
        onChange={({ detail }) => tabs(detail.activeTabId)}
        tabs={[
          {
            id: "properties",
            label: "Properties",
            content: <ObjectProperties place={place} head={shown} onChanged={head.reload} />,
          },
          { id: "versions", label: "Versions", content: <ObjectVersions bucket={bucket} objectKey={objectKey} /> },
        ]}
      />
      {dialog === "share" && <ShareUrl place={place} onClose={() => setDialog("none")} />}
      {dialog === "delete" && (
        <DeleteObjects
          bucket={bucket}
          rows={[row]}
          permanent={versionId !== undefined || shown.versionId === undefined}
          onClose={() => setDialog("none")}
          onDeleted={async () => navigate(href(root, { prefix: folderOf(objectKey) }))}
        />
      )}
    </ContentLayout>
  );
}
