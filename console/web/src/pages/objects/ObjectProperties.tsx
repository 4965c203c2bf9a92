import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { useState } from "react";
import { getVersioning, type Tag } from "../../api/buckets.ts";
import { getObjectTags, type ObjectHead, type ObjectPlace, putObjectTags } from "../../api/objects.ts";
import { Failure, Loading } from "../../components/Loading.tsx";
import { ReplicationStatusText } from "../../components/ReplicationStatusText.tsx";
import { TagsDialog } from "../../components/TagsDialog.tsx";
import { useConsole } from "../../context.tsx";
import { useLoad } from "../../hooks/useLoad.ts";
import { formatBytes, formatTime } from "../../model/format.ts";
import { storageClassText } from "./columns.tsx";

interface Properties {
  readonly place: ObjectPlace;
  readonly head: ObjectHead;
  readonly onChanged: () => Promise<void>;
}

export function ObjectProperties({ place, head, onChanged }: Properties) {
  const { bucket, key } = place;
  const path = key.split("/").map(encodeURIComponent).join("/");
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2">Object overview</Header>}>
        <KeyValuePairs
          columns={2}
          items={[
            { label: "Region", value: bucket.region },
            { label: "S3 URI", value: <Copyable text={`s3://${bucket.name}/${key}`} what="S3 URI" /> },
            { label: "Last modified", value: formatTime(head.modified) },
            {
              label: "Amazon Resource Name (ARN)",
              value: <Copyable text={`arn:aws:s3:::${bucket.name}/${key}`} what="ARN" />,
            },
            { label: "Size", value: formatBytes(head.size) },
            { label: "Entity tag (Etag)", value: <Copyable text={head.etag} what="entity tag" /> },
            { label: "Type", value: head.contentType || "-" },
            {
              label: "Object URL",
              value: <Copyable text={`${window.location.origin}/${bucket.name}/${path}`} what="object URL" />,
            },
            { label: "Key", value: <Copyable text={key} what="key" /> },
            { label: "Version ID", value: head.versionId ? <Copyable text={head.versionId} what="version ID" /> : "-" },
          ]}
        />
      </Container>
      <Management place={place} head={head} />
      <Container header={<Header variant="h2">Storage class</Header>}>
        <KeyValuePairs columns={2} items={[{ label: "Storage class", value: storageClassText(head.storageClass) }]} />
      </Container>
      <Tags place={place} onChanged={onChanged} />
      <Metadata head={head} />
    </SpaceBetween>
  );
}

function Management({ place, head }: { place: ObjectPlace; head: ObjectHead }) {
  const { client } = useConsole();
  const versioning = useLoad((signal) => getVersioning(client, place.bucket, signal), [client, place.bucket]);
  return (
    <Container
      header={
        <Header
          variant="h2"
          description="The bucket's properties and management configurations that affect this object."
        >
          Object management overview
        </Header>
      }
    >
      <KeyValuePairs
        columns={2}
        items={[
          {
            type: "group",
            title: "Bucket properties",
            items: [{ label: "Bucket Versioning", value: versioning.data ?? "…" }],
          },
          {
            type: "group",
            title: "Management configurations",
            items: [
              {
                label: "Replication status",
                value: (
                  <span data-testid="replication-status">
                    <ReplicationStatusText status={head.replicationStatus} />
                  </span>
                ),
              },
            ],
          },
        ]}
      />
    </Container>
  );
}

function Tags({ place, onChanged }: { place: ObjectPlace; onChanged: () => Promise<void> }) {
  const { client } = useConsole();
  const { bucket, key, versionId } = place;
  const tags = useLoad((signal) => getObjectTags(client, place, signal), [client, bucket, key, versionId]);
  const [editing, setEditing] = useState(false);
  if (tags.error !== undefined && !tags.data) return <Failure what="The tags could not be read" error={tags.error} />;
  if (!tags.data) return <Loading />;
  return (
    <>
      <TagTable tags={tags.data} onEdit={() => setEditing(true)} max={10} />
      {editing && (
        <TagsDialog
          tags={tags.data}
          max={10}
          onClose={() => setEditing(false)}
          onSave={async (next) => {
            await putObjectTags(client, place, next);
            await tags.reload();
            await onChanged();
          }}
        />
      )}
    </>
  );
}

export function TagTable({ tags, onEdit, max }: { tags: readonly Tag[]; onEdit: () => void; max: number }) {
  return (
    <Table
      items={tags}
      columnDefinitions={[
        { id: "key", header: "Key", cell: (tag) => tag.key, isRowHeader: true },
        { id: "value", header: "Value", cell: (tag) => tag.value || "-" },
      ]}
      ariaLabels={{ tableLabel: "Tags" }}
      header={
        <Header
          variant="h2"
          counter={`(${tags.length})`}
          description={`Labels of up to ${max} keys and values.`}
          actions={<Button onClick={onEdit}>Edit</Button>}
        >
          Tags
        </Header>
      }
      empty={<Box textAlign="center">No tags.</Box>}
    />
  );
}

function Metadata({ head }: { head: ObjectHead }) {
  const rows = [
    ...Object.entries(head.systemMetadata).map(([key, value]) => ({ type: "System defined", key, value })),
    ...Object.entries(head.userMetadata).map(([key, value]) => ({
      type: "User defined",
      key: `x-amz-meta-${key}`,
      value,
    })),
  ];
  return (
    <Table
      items={rows}
      columnDefinitions={[
        { id: "type", header: "Type", cell: (row) => row.type },
        { id: "key", header: "Key", cell: (row) => row.key, isRowHeader: true },
        { id: "value", header: "Value", cell: (row) => row.value },
      ]}
      ariaLabels={{ tableLabel: "Metadata" }}
      header={
        <Header
          variant="h2"
          counter={`(${rows.length})`}
          description="Metadata is given as name and value when an object is uploaded."
        >
          Metadata
        </Header>
      }
      empty={<Box textAlign="center">No metadata.</Box>}
    />
  );
}

export function Copyable({ text, what }: { text: string; what: string }) {
  return (
    <span className="key">
      <CopyToClipboard
        variant="inline"
        textToCopy={text}
        copyButtonAriaLabel={`Copy ${what}`}
        copySuccessText="Copied"
        copyErrorText="Not copied"
      />
    </span>
  );
}
