import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { useState } from "react";
import type { BucketPlace } from "../../api/buckets.ts";
import { deleteAll } from "../../api/bulkDeletion.ts";
import type { Client } from "../../api/client.ts";
import { deleteObjects, type DeletionFailure, DELETIONS_MAX } from "../../api/objects.ts";
import { Failure } from "../../components/Loading.tsx";
import { TypedConfirmation } from "../../components/TypedConfirmation.tsx";
import { useConsole } from "../../context.tsx";
import { plural } from "../../model/format.ts";
import type { Row } from "./columns.tsx";

interface Properties {
  readonly bucket: BucketPlace;
  readonly rows: readonly Row[];
  /** Versions are deleted for good, or the bucket keeps none. */
  readonly permanent: boolean;
  readonly onClose: () => void;
  readonly onDeleted: () => Promise<void>;
}

const NAMES_SHOWN = 8;

export function DeleteObjects({ bucket, rows: selected, permanent, onClose, onDeleted }: Properties) {
  const { client, tell } = useConsole();
  const [rows] = useState(selected); // What is selected behind the dialog is gone once it is deleted.
  const [typed, setTyped] = useState("");
  const [deleted, setDeleted] = useState<number>();
  const [error, setError] = useState<unknown>();
  const [failures, setFailures] = useState<readonly DeletionFailure[]>([]);
  const wanted = permanent ? "permanently delete" : "delete";
  const busy = deleted !== undefined;

  const remove = async () => {
    setError(undefined);
    setDeleted(0);
    try {
      const failed = await deleteRows(client, bucket, rows, permanent, setDeleted);
      await onDeleted();
      if (failed.length > 0) {
        setFailures(failed);
        setDeleted(undefined);
        return;
      }
      tell({
        type: "success",
        header: permanent ? "Successfully deleted" : "Successfully deleted: a delete marker was added to each object",
        content: rows.length === 1 ? rows[0]?.key : plural(rows.length, "item"),
      });
      onClose();
    } catch (refused) {
      setError(refused);
      setDeleted(undefined);
    }
  };

  return (
    <Modal
      visible
      size="medium"
      header={permanent ? "Permanently delete objects?" : "Delete objects?"}
      onDismiss={onClose}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={onClose}>
              {failures.length > 0 ? "Close" : "Cancel"}
            </Button>
            <Button variant="primary" disabled={typed !== wanted} loading={busy} onClick={() => void remove()}>
              Delete objects
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">
        <Alert type={permanent ? "warning" : "info"}>
          {permanent
            ? "This cannot be undone. It is never replicated: replicas in destination buckets stay."
            : "The bucket keeps versions: a delete marker hides each object, and its versions stay. A replication rule copies delete markers only when it says so."}
        </Alert>
        <ul>
          {rows.slice(0, NAMES_SHOWN).map((row) => (
            <li key={row.id} className="key">
              {row.key}
              {row.version?.versionId && permanent ? ` (version ${row.version.versionId})` : ""}
              {!row.version && " and everything in it"}
            </li>
          ))}
          {rows.length > NAMES_SHOWN && <li>and {plural(rows.length - NAMES_SHOWN, "more item")}</li>}
        </ul>
        {error !== undefined && <Failure what="The objects could not be deleted" error={error} />}
        {failures.length > 0 && (
          <Alert type="error" header={`${plural(failures.length, "object")} could not be deleted`}>
            {failures[0]?.code}: {failures[0]?.message} ({failures[0]?.key})
          </Alert>
        )}
        {busy && <StatusIndicator type="in-progress">{plural(deleted, "object")} deleted</StatusIndicator>}
        <TypedConfirmation label="Confirmation" wanted={wanted} value={typed} onChange={setTyped} />
      </SpaceBetween>
    </Modal>
  );
}

async function deleteRows(
  client: Client,
  bucket: BucketPlace,
  rows: readonly Row[],
  permanent: boolean,
  onProgress: (deleted: number) => void,
): Promise<DeletionFailure[]> {
  const failures: DeletionFailure[] = [];
  let done = 0;
  const single = rows.flatMap((row) =>
    row.version ? [{ key: row.key, versionId: permanent ? row.version.versionId : undefined }] : [],
  );
  for (let start = 0; start < single.length; start += DELETIONS_MAX) {
    const some = single.slice(start, start + DELETIONS_MAX);
    const failed = await deleteObjects(client, bucket, some);
    failures.push(...failed);
    done += some.length - failed.length;
    onProgress(done);
  }
  for (const { key: prefix, version } of rows) {
    if (version) continue;
    const before = done;
    const count = (deleted: number) => {
      done = before + deleted;
      onProgress(done);
    };
    failures.push(...(await deleteAll(client, bucket, { prefix, versions: permanent, onProgress: count })));
  }
  return failures;
}
