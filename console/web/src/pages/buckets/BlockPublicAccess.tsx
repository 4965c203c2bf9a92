import Button from "@cloudscape-design/components/button";
import Checkbox from "@cloudscape-design/components/checkbox";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { useState } from "react";
import {
  type BucketPlace,
  getPublicAccessBlock,
  type PublicAccessBlock,
  putPublicAccessBlock,
} from "../../api/buckets.ts";
import { EditDialog } from "../../components/EditDialog.tsx";
import { Failure, Loading } from "../../components/Loading.tsx";
import { useConsole } from "../../context.tsx";
import { useLoad } from "../../hooks/useLoad.ts";

const SWITCHES: readonly { name: keyof PublicAccessBlock; label: string }[] = [
  { name: "blockPublicAcls", label: "Block public access granted through new access control lists (ACLs)" },
  { name: "ignorePublicAcls", label: "Block public access granted through any access control lists (ACLs)" },
  { name: "blockPublicPolicy", label: "Block public access granted through new public bucket policies" },
  { name: "restrictPublicBuckets", label: "Block public and cross-account access through any public bucket policies" },
];

export function BlockPublicAccess({ bucket }: { bucket: BucketPlace }) {
  const { client, tell } = useConsole();
  const block = useLoad((signal) => getPublicAccessBlock(client, bucket, signal), [client, bucket]);
  const [draft, setDraft] = useState<PublicAccessBlock>();
  if (block.error !== undefined && !block.data) {
    return <Failure what="Block public access could not be read" error={block.error} />;
  }
  if (!block.data) return <Loading />;
  const { data } = block;
  return (
    <Container
      header={
        <Header
          variant="h2"
          description="Public access is granted by bucket policies and ACLs. These settings take it back, whatever these say."
          actions={
            <Button ariaLabel="Edit Block public access" onClick={() => setDraft(data)}>
              Edit
            </Button>
          }
        >
          Block public access (bucket settings)
        </Header>
      }
    >
      <KeyValuePairs
        columns={2}
        items={SWITCHES.map(({ name, label }) => ({
          label,
          value: data[name] ? (
            <StatusIndicator type="success">On</StatusIndicator>
          ) : (
            <StatusIndicator type="stopped">Off</StatusIndicator>
          ),
        }))}
      />
      {draft && (
        <EditDialog
          header="Edit Block public access (bucket settings)"
          onClose={() => setDraft(undefined)}
          onSave={async () => {
            await putPublicAccessBlock(client, bucket, draft);
            tell({ type: "success", header: "Block public access is changed" });
            await block.reload();
          }}
        >
          <SpaceBetween size="s">
            {SWITCHES.map(({ name, label }) => (
              <Checkbox
                key={name}
                checked={draft[name]}
                onChange={({ detail }) => setDraft({ ...draft, [name]: detail.checked })}
              >
                {label}
              </Checkbox>
            ))}
          </SpaceBetween>
        </EditDialog>
      )}
    </Container>
  );
}
