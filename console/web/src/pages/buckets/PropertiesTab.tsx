import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import RadioGroup from "@cloudscape-design/components/radio-group";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import {
  type BucketPlace,
  getBucketTags,
  getVersioning,
  listBuckets,
  putBucketTags,
  putVersioning,
  type Versioning,
} from "../../api/buckets.ts";
import { Copyable } from "../../components/Copyable.tsx";
import { EditDialog } from "../../components/EditDialog.tsx";
import { Failure } from "../../components/Loading.tsx";
import { TagTable } from "../../components/TagTable.tsx";
import { useConsole } from "../../context.tsx";
import { useLoad } from "../../hooks/useLoad.ts";
import { formatTime } from "../../model/format.ts";
import { bucketArn } from "../../model/replication.ts";

const TAGS_MAX = 50;

export default function PropertiesTab({ bucket }: { bucket: BucketPlace }) {
  const { client } = useConsole();
  const created = useLoad(
    async (signal) => (await listBuckets(client, signal)).find((each) => each.name === bucket.name)?.created,
    [client, bucket],
  );
  const tags = useLoad((signal) => getBucketTags(client, bucket, signal), [client, bucket]);
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2">Bucket overview</Header>}>
        <KeyValuePairs
          columns={3}
          items={[
            { label: "Region", value: bucket.region },
            { label: "Amazon Resource Name (ARN)", value: <Copyable text={bucketArn(bucket.name)} what="ARN" /> },
            { label: "Creation date", value: formatTime(created.data) },
          ]}
        />
      </Container>
      <VersioningPanel bucket={bucket} />
      <TagTable
        tags={tags}
        max={TAGS_MAX}
        description="Labels of the bucket with a key and a value."
        save={(next) => putBucketTags(client, bucket, next)}
      />
    </SpaceBetween>
  );
}

function VersioningPanel({ bucket }: { bucket: BucketPlace }) {
  const { client, tell } = useConsole();
  const versioning = useLoad((signal) => getVersioning(client, bucket, signal), [client, bucket]);
  const [editing, setEditing] = useState(false);
  const [chosen, setChosen] = useState<Versioning>();
  const next = chosen ?? versioning.data ?? "Disabled";
  if (versioning.error !== undefined && !versioning.data) {
    return <Failure what="Bucket Versioning could not be read" error={versioning.error} />;
  }
  return (
    <Container
      header={
        <Header
          variant="h2"
          description="Versioning keeps every version of every object: what is overwritten or deleted can be restored. Replication needs it."
          actions={
            <Button
              ariaLabel="Edit Bucket Versioning"
              onClick={() => {
                setChosen(undefined);
                setEditing(true);
              }}
            >
              Edit
            </Button>
          }
        >
          Bucket Versioning
        </Header>
      }
    >
      <KeyValuePairs items={[{ label: "Bucket Versioning", value: versioning.data ?? "…" }]} />
      {editing && (
        <EditDialog
          header="Edit Bucket Versioning"
          disabled={next === "Disabled"}
          onClose={() => setEditing(false)}
          onSave={async () => {
            if (next === "Disabled") return;
            await putVersioning(client, bucket, next);
            tell({ type: "success", header: `Bucket Versioning is ${next.toLowerCase()} on "${bucket.name}"` });
            await versioning.reload();
          }}
        >
          <RadioGroup
            ariaLabel="Bucket Versioning"
            value={next === "Disabled" ? "Suspended" : next}
            onChange={({ detail }) => setChosen(detail.value === "Enabled" ? "Enabled" : "Suspended")}
            items={[
              {
                value: "Suspended",
                label: "Suspend",
                description: "New objects replace the null version. Versions that are there stay.",
              },
              { value: "Enabled", label: "Enable" },
            ]}
          />
          {next === "Suspended" && (
            <Alert type="warning">
              <Box>
                Replication to a bucket whose versioning is suspended ends as FAILED. A bucket with replication rules
                cannot be suspended before they are deleted.
              </Box>
            </Alert>
          )}
        </EditDialog>
      )}
    </Container>
  );
}
