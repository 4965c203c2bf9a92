import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { useState } from "react";
import { getVersioning } from "../../api/buckets.ts";
import { getObjectTags, type ObjectHead, type ObjectPlace, putObjectTags } from "../../api/objects.ts";
import { ReplicationStatusText } from "../../components/ReplicationStatusText.tsx";
import { TagTable } from "../../components/TagTable.tsx";
import { Copyable } from "../../components/Copyable.tsx";
import { useConsole } from "../../context.tsx";
import { useLoad } from "../../hooks/useLoad.ts";
import { formatBytes, formatTime } from "../../model/format.ts";
import { metadataRows, USER_PREFIX } from "../../model/metadata.ts";
import { href, navigate } from "../../router.ts";
import { storageClassText } from "./columns.tsx";
import { EditMetadata } from "./EditMetadata.tsx";
import { Why } from "./Why.tsx";

const TAGS_MAX = 10;

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
      <Why place={place} status={head.replicationStatus} onMended={onChanged} />
      <Container header={<Header variant="h2">Storage class</Header>}>
        <KeyValuePairs columns={2} items={[{ label: "Storage class", value: storageClassText(head.storageClass) }]} />
      </Container>
      <Tags place={place} onChanged={onChanged} />
      <Metadata place={place} head={head} onChanged={onChanged} />
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
  return (
    <TagTable
      tags={tags}
      max={TAGS_MAX}
      description="Labels with a key and a value. Changes are replicated to where the version was replicated."
      save={async (next) => {
        await putObjectTags(client, place, next);
        await onChanged();
      }}
    />
  );
}

function Metadata({ place, head, onChanged }: Properties) {
  const [editing, setEditing] = useState(false);
  const rows = metadataRows(head);
  return (
    <>
      <Table
        items={rows}
        columnDefinitions={[
          { id: "type", header: "Type", cell: (row) => (row.type === "system" ? "System defined" : "User defined") },
          {
            id: "key",
            header: "Key",
            cell: (row) => (row.type === "system" ? row.name : `${USER_PREFIX}${row.name}`),
            isRowHeader: true,
          },
          { id: "value", header: "Value", cell: (row) => row.value },
        ]}
        ariaLabels={{ tableLabel: "Metadata" }}
        header={
          <Header
            variant="h2"
            counter={`(${rows.length})`}
            description="Names and values that belong to this version. Other ones make a new version."
            actions={
              <Button ariaLabel="Edit metadata" onClick={() => setEditing(true)}>
                Edit
              </Button>
            }
          >
            Metadata
          </Header>
        }
        empty={<Box textAlign="center">No metadata.</Box>}
      />
      {editing && (
        <EditMetadata
          place={place}
          head={head}
          onClose={() => setEditing(false)}
          onSaved={async () => {
            await onChanged();
            // The page of one version goes on to the object, whose current version is the new one.
            if (place.versionId) {
              navigate(href(`/buckets/${encodeURIComponent(place.bucket.name)}/object`, { key: place.key }));
            }
          }}
        />
      )}
    </>
  );
}
