import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Form from "@cloudscape-design/components/form";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { useEffect, useRef, useState } from "react";
import { deleteAll } from "../../api/bulkDeletion.ts";
import type { DeletionFailure } from "../../api/objects.ts";
import { Failure, Loading, PageFailure } from "../../components/Loading.tsx";
import { TypedConfirmation } from "../../components/TypedConfirmation.tsx";
import { useConsole } from "../../context.tsx";
import { useBucket } from "../../hooks/useBucket.ts";
import { plural } from "../../model/format.ts";
import { href } from "../../router.ts";

const CONFIRMATION = "permanently delete";

export default function EmptyBucket({ name }: { name: string }) {
  const { client } = useConsole();
  const bucket = useBucket(name);
  const [typed, setTyped] = useState("");
  const [stage, setStage] = useState<"asking" | "emptying" | "stopped" | "done">("asking");
  const [deleted, setDeleted] = useState(0);
  const [failures, setFailures] = useState<readonly DeletionFailure[]>([]);
  const [error, setError] = useState<unknown>();
  const controller = useRef<AbortController | undefined>(undefined);
  useEffect(() => () => controller.current?.abort(), []);
  if (bucket.error !== undefined)
    return <PageFailure title={"Empty bucket"} what={`Bucket "${name}" cannot be opened`} error={bucket.error} />;
  if (!bucket.data) return <Loading />;
  const place = bucket.data;

  const empty = async () => {
    setStage("emptying");
    setError(undefined);
    setDeleted(0);
    controller.current = new AbortController();
    const { signal } = controller.current;
    try {
      setFailures(await deleteAll(client, place, { prefix: "", versions: true, signal, onProgress: setDeleted }));
      setStage("done");
    } catch (stopped) {
      setStage("stopped");
      if (!signal.aborted) setError(stopped);
    }
  };

  return (
    <Form
      header={<Header variant="h1">Empty bucket</Header>}
      actions={
        <SpaceBetween direction="horizontal" size="xs">
          {stage === "emptying" ? (
            <Button onClick={() => controller.current?.abort()}>Stop</Button>
          ) : (
            <Button variant="link" href={href("/buckets")}>
              {stage === "done" ? "Close" : "Cancel"}
            </Button>
          )}
          {stage !== "done" && (
            <Button
              variant="primary"
              disabled={typed !== CONFIRMATION}
              loading={stage === "emptying"}
              onClick={() => void empty()}
            >
              Empty
            </Button>
          )}
          {stage === "done" && failures.length === 0 && (
            <Button variant="primary" href={href(`/buckets/${encodeURIComponent(name)}/delete`)}>
              Delete bucket
            </Button>
          )}
        </SpaceBetween>
      }
    >
      <SpaceBetween size="l">
        <Alert type="warning">
          Emptying deletes every object in the bucket, with all its versions. It cannot be undone. Replicas in other
          buckets stay: permanent deletes are never replicated.
        </Alert>
        {error !== undefined && <Failure what="The bucket could not be emptied" error={error} />}
        <Container header={<Header variant="h2">Permanently delete all objects in bucket "{name}"?</Header>}>
          <SpaceBetween size="m">
            {stage === "stopped" && (
              <StatusIndicator type="stopped">
                Stopped. {plural(deleted, "version")} deleted; the others are still there.
              </StatusIndicator>
            )}
            {(stage === "asking" || stage === "stopped") && (
              <TypedConfirmation label="Confirmation" wanted={CONFIRMATION} value={typed} onChange={setTyped} />
            )}
            {(stage === "emptying" || stage === "done") && (
              <StatusIndicator type={stage === "emptying" ? "in-progress" : failures.length ? "warning" : "success"}>
                {plural(deleted, "version")} deleted
                {failures.length > 0 && `, ${plural(failures.length, "failure")}`}
                {stage === "emptying" && ". Leaving this page stops it."}
              </StatusIndicator>
            )}
            {failures.slice(0, 10).map((failure) => (
              <Alert key={`${failure.key} ${failure.versionId}`} type="error" header={failure.key}>
                {failure.code}: {failure.message}
              </Alert>
            ))}
          </SpaceBetween>
        </Container>
      </SpaceBetween>
    </Form>
  );
}
