import Button from "@cloudscape-design/components/button";
import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import type { BucketPlace } from "../../api/buckets.ts";
import { downloadUrl } from "../../api/objects.ts";
import { useConsole } from "../../context.tsx";
import { href } from "../../router.ts";
import type { Row } from "./columns.tsx";
import { CreateFolder } from "./CreateFolder.tsx";
import { DeleteObjects } from "./DeleteObjects.tsx";
import { ShareUrl } from "./ShareUrl.tsx";

interface Properties {
  readonly bucket: BucketPlace;
  readonly prefix: string;
  readonly selected: readonly Row[];
  readonly versioned: boolean;
  readonly showVersions: boolean;
  readonly onChanged: () => Promise<void>;
}

type Dialog = "none" | "folder" | "delete" | "share";

export function ObjectActions({ bucket, prefix, selected, versioned, showVersions, onChanged }: Properties) {
  const { client, tell, tellError } = useConsole();
  const [dialog, setDialog] = useState<Dialog>("none");
  const only = selected.length === 1 ? selected[0] : undefined;
  const object = only?.version?.kind === "object" ? only : undefined;
  const place = object && { bucket, key: object.key, versionId: showVersions ? object.version?.versionId : undefined };

  const download = async () => {
    if (!place) return;
    try {
      window.location.assign(await downloadUrl(client, place));
    } catch (error) {
      tellError("The object could not be downloaded", error);
    }
  };
  const copyUri = () => {
    if (!only) return;
    const uri = `s3://${bucket.name}/${only.key}`;
    void navigator.clipboard.writeText(uri);
    tell({ type: "success", content: `Copied ${uri}` });
  };
  const close = () => setDialog("none");

  return (
    <SpaceBetween direction="horizontal" size="xs">
      <Button iconName="copy" disabled={!only} onClick={copyUri}>
        Copy S3 URI
      </Button>
      <Button iconName="download" disabled={!object} onClick={() => void download()}>
        Download
      </Button>
      <Button disabled={selected.length === 0} onClick={() => setDialog("delete")}>
        Delete
      </Button>
      <ButtonDropdown
        items={[
          {
            id: "open",
            text: "View details",
            disabled: !object,
            ...(place
              ? {
                  href: href(`/buckets/${encodeURIComponent(bucket.name)}/object`, {
                    key: place.key,
                    versionId: place.versionId,
                  }),
                }
              : {}),
          },
          { id: "share", text: "Share with a presigned URL", disabled: !object },
        ]}
        onItemClick={({ detail }) => {
          if (detail.id === "share") setDialog("share");
        }}
      >
        Actions
      </ButtonDropdown>
      <Button onClick={() => setDialog("folder")}>Create folder</Button>
      <Button
        variant="primary"
        iconName="upload"
        href={href(`/buckets/${encodeURIComponent(bucket.name)}/upload`, { prefix: prefix || undefined })}
      >
        Upload
      </Button>
      {dialog === "folder" && <CreateFolder bucket={bucket} prefix={prefix} onClose={close} onCreated={onChanged} />}
      {dialog === "delete" && (
        <DeleteObjects
          bucket={bucket}
          rows={selected}
          permanent={showVersions || !versioned}
          onClose={close}
          onDeleted={onChanged}
        />
      )}
      {dialog === "share" && place && <ShareUrl place={place} onClose={close} />}
    </SpaceBetween>
  );
}
