import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Checkbox from "@cloudscape-design/components/checkbox";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import type { BucketPlace } from "../../api/buckets.ts";
import { Copyable } from "../../components/Copyable.tsx";
import { EditDialog } from "../../components/EditDialog.tsx";
import { Failure, Loading, PageFailure } from "../../components/Loading.tsx";
import { useBucket } from "../../hooks/useBucket.ts";
import { useVerification } from "../../hooks/useVerification.ts";
import { VerificationResult } from "./VerificationResult.tsx";

interface Properties {
  readonly name: string;
  readonly destination: string;
}

export default function VerifyPage({ name, destination }: Properties) {
  const bucket = useBucket(name);
  if (bucket.error !== undefined) {
    return <PageFailure title="Verify replication" what={`Bucket "${name}" cannot be opened`} error={bucket.error} />;
  }
  if (!bucket.data) return <Loading />;
  return <VerifyOne bucket={bucket.data} destination={destination} />;
}

/** Is the copy really there? By what is stored on both sides, whatever the statuses say. */
function VerifyOne({ bucket, destination }: { bucket: BucketPlace; destination: string }) {
  const [deep, setDeep] = useState(false);
  const [repairing, setRepairing] = useState(false);
  const { found, busy, stopped, error, start, stop } = useVerification(bucket);
  const counts = found?.counts;
  const mendable = !busy && found?.result && counts ? counts.missing + counts.different : 0;
  return (
    <ContentLayout header={<Header variant="h1">Verify replication</Header>}>
      <SpaceBetween size="l">
        <Container
          header={
            <Header
              variant="h2"
              description="Compares what is stored on both sides, version by version, and believes no status. Writes may go on meanwhile."
              actions={
                <SpaceBetween direction="horizontal" size="xs">
                  {busy && <Button onClick={stop}>Stop</Button>}
                  {mendable > 0 && <Button onClick={() => setRepairing(true)}>Repair</Button>}
                  <Button variant="primary" loading={busy} onClick={() => start({ destination, deep, repair: false })}>
                    Verify
                  </Button>
                </SpaceBetween>
              }
            >
              {bucket.name} → {destination}
            </Header>
          }
        >
          <SpaceBetween size="s">
            <Checkbox
              checked={deep}
              disabled={busy}
              onChange={({ detail }) => setDeep(detail.checked)}
              description="Reads all of both buckets, and compares it with the checksums that were stored when it was received."
            >
              Read every body
            </Checkbox>
            <Copyable
              text={`farshore replication verify ${bucket.name} --destination arn:aws:s3:::${destination}${deep ? " --deep" : ""}`}
              what="command"
            />
          </SpaceBetween>
        </Container>
        {error !== undefined && <Failure what="It could not be verified" error={error} />}
        {found && !(error !== undefined && found.total === undefined) && (
          <VerificationResult source={bucket.name} found={found} busy={busy} stopped={stopped} />
        )}
      </SpaceBetween>
      {repairing && (
        <EditDialog
          header="Repair what is missing or differs?"
          action="Repair"
          onClose={() => setRepairing(false)}
          onSave={async () => start({ destination, deep, repair: true })}
        >
          <Box>
            It is verified again. What is missing or differs becomes PENDING, and goes again under the bucket's present
            rules and role; a damaged replica is made anew. What is extra in the destination stays, and what was
            permanently deleted there stays deleted.
          </Box>
        </EditDialog>
      )}
    </ContentLayout>
  );
}
