import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import RadioGroup from "@cloudscape-design/components/radio-group";
import { useState } from "react";
import { type BucketPlace, getOwnership, type ObjectOwnership, putOwnership } from "../../api/buckets.ts";
import { EditDialog } from "../../components/EditDialog.tsx";
import { Failure, Loading } from "../../components/Loading.tsx";
import { OWNERSHIPS } from "../../components/ownerships.ts";
import { useConsole } from "../../context.tsx";
import { useLoad } from "../../hooks/useLoad.ts";

export function Ownership({ bucket }: { bucket: BucketPlace }) {
  const { client, tell } = useConsole();
  const ownership = useLoad((signal) => getOwnership(client, bucket, signal), [client, bucket]);
  const [draft, setDraft] = useState<ObjectOwnership>();
  if (ownership.error !== undefined)
    return <Failure what="Object Ownership could not be read" error={ownership.error} />;
  if (ownership.loading) return <Loading />;
  // AWS: a bucket without ownership controls is one from before they existed; objects belong to their writers.
  const current = ownership.data ?? "ObjectWriter";
  return (
    <Container
      header={
        <Header
          variant="h2"
          description="Who owns objects that other accounts upload, and whether ACLs count."
          actions={
            <Button ariaLabel="Edit Object Ownership" onClick={() => setDraft(current)}>
              Edit
            </Button>
          }
        >
          Object Ownership
        </Header>
      }
    >
      <KeyValuePairs
        items={[
          { label: "Object Ownership", value: OWNERSHIPS.find((each) => each.value === current)?.label ?? current },
        ]}
      />
      {draft && (
        <EditDialog
          header="Edit Object Ownership"
          onClose={() => setDraft(undefined)}
          onSave={async () => {
            await putOwnership(client, bucket, draft);
            tell({ type: "success", header: "Object Ownership is changed" });
            await ownership.reload();
          }}
        >
          <RadioGroup
            ariaLabel="Object Ownership"
            value={draft}
            onChange={({ detail }) => setDraft(detail.value as ObjectOwnership)}
            items={OWNERSHIPS}
          />
        </EditDialog>
      )}
    </Container>
  );
}
