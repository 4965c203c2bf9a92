import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { type BucketPlace, deleteBucketPolicy, getBucketPolicy, putBucketPolicy } from "../../api/buckets.ts";
import { EditDialog } from "../../components/EditDialog.tsx";
import { JsonText } from "../../components/JsonText.tsx";
import { Failure, Loading } from "../../components/Loading.tsx";
import { PolicyEditor } from "../../components/PolicyEditor.tsx";
import { useConsole } from "../../context.tsx";
import { useLoad } from "../../hooks/useLoad.ts";
import { policyProblems } from "../../model/policyText.ts";

export function BucketPolicy({ bucket }: { bucket: BucketPlace }) {
  const { client, tell } = useConsole();
  const policy = useLoad((signal) => getBucketPolicy(client, bucket, signal), [client, bucket]);
  const [draft, setDraft] = useState<string>();
  const [deleting, setDeleting] = useState(false);
  if (policy.error !== undefined) return <Failure what="The bucket policy could not be read" error={policy.error} />;
  if (policy.loading) return <Loading />;
  const shown = policy.data === undefined ? undefined : indented(policy.data);
  return (
    <Container
      header={
        <Header
          variant="h2"
          description="The bucket policy, written in JSON, gives others access to the objects in the bucket."
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <Button
                ariaLabel="Edit bucket policy"
                onClick={() => setDraft(shown ?? sample(bucket.name, client.accountId))}
              >
                Edit
              </Button>
              <Button ariaLabel="Delete bucket policy" disabled={shown === undefined} onClick={() => setDeleting(true)}>
                Delete
              </Button>
            </SpaceBetween>
          }
        >
          Bucket policy
        </Header>
      }
    >
      {shown === undefined ? <Box>No policy to display.</Box> : <JsonText text={shown} label="Bucket policy" />}
      {draft !== undefined && (
        <EditDialog
          header="Edit bucket policy"
          size="large"
          disabled={policyProblems(draft, "bucket", bucket.name).length > 0}
          onClose={() => setDraft(undefined)}
          onSave={async () => {
            await putBucketPolicy(client, bucket, draft);
            tell({ type: "success", header: "The bucket policy is saved" });
            await policy.reload();
          }}
        >
          <PolicyEditor label="Policy" kind="bucket" bucket={bucket.name} text={draft} onChange={setDraft} />
        </EditDialog>
      )}
      {deleting && (
        <EditDialog
          header="Delete bucket policy?"
          action="Delete"
          onClose={() => setDeleting(false)}
          onSave={async () => {
            await deleteBucketPolicy(client, bucket);
            tell({ type: "success", header: "The bucket policy is deleted" });
            await policy.reload();
          }}
        >
          <Box>Whoever has access through this policy alone loses it, replication roles of other accounts too.</Box>
        </EditDialog>
      )}
    </Container>
  );
}

function indented(policy: string): string {
  try {
    return JSON.stringify(JSON.parse(policy), null, 2);
  } catch {
    return policy;
  }
}

/** To begin with: a statement that gives nobody anything new. */
function sample(bucket: string, accountId: string): string {
  const statement = {
    Sid: "Statement1",
    Effect: "Allow",
    Principal: { AWS: `arn:aws:iam::${accountId}:root` },
    Action: ["s3:GetObject"],
    Resource: `arn:aws:s3:::${bucket}/*`,
  };
  return JSON.stringify({ Version: "2012-10-17", Statement: [statement] }, null, 2);
}
