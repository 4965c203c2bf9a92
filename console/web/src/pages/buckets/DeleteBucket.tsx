import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Form from "@cloudscape-design/components/form";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { deleteBucket } from "../../api/buckets.ts";
import { isApiError } from "../../api/errors.ts";
import { Failure, Loading, PageFailure } from "../../components/Loading.tsx";
import { TypedConfirmation } from "../../components/TypedConfirmation.tsx";
import { useConsole } from "../../context.tsx";
import { useBucket } from "../../hooks/useBucket.ts";
import { href, navigate } from "../../router.ts";

export default function DeleteBucket({ name }: { name: string }) {
  const { client, tell } = useConsole();
  const bucket = useBucket(name);
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  if (bucket.error !== undefined)
    return <PageFailure title={"Delete bucket"} what={`Bucket "${name}" cannot be opened`} error={bucket.error} />;
  if (!bucket.data) return <Loading />;
  const place = bucket.data;

  const remove = async () => {
    setBusy(true);
    setError(undefined);
    try {
      await deleteBucket(client, place);
    } catch (refused) {
      setError(refused);
      setBusy(false);
      return;
    }
    tell({ type: "success", header: `Successfully deleted bucket "${name}"` });
    navigate(href("/buckets"));
  };

  return (
    <Form
      header={<Header variant="h1">Delete bucket</Header>}
      actions={
        <SpaceBetween direction="horizontal" size="xs">
          <Button variant="link" href={href("/buckets")}>
            Cancel
          </Button>
          <Button variant="primary" disabled={typed !== name} loading={busy} onClick={() => void remove()}>
            Delete bucket
          </Button>
        </SpaceBetween>
      }
    >
      <SpaceBetween size="l">
        <Alert type="warning">
          Deleting a bucket cannot be undone, and anyone may then take its name. Replication to it ends as FAILED.
        </Alert>
        {error !== undefined && <Failure what="The bucket could not be deleted" error={error} />}
        {isApiError(error, "BucketNotEmpty") && (
          <Alert
            type="info"
            action={<Button href={href(`/buckets/${encodeURIComponent(name)}/empty`)}>Empty bucket</Button>}
          >
            A bucket must be empty before it can be deleted: all its versions and delete markers too.
          </Alert>
        )}
        <Container header={<Header variant="h2">Delete bucket "{name}"?</Header>}>
          <TypedConfirmation label="Name of the bucket" wanted={name} value={typed} onChange={setTyped} />
        </Container>
      </SpaceBetween>
    </Form>
  );
}
