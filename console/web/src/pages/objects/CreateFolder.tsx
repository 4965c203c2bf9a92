import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import type { BucketPlace } from "../../api/buckets.ts";
import { messageOf } from "../../api/errors.ts";
import { createFolder } from "../../api/objects.ts";
import { useClient } from "../../context.tsx";
import { keyProblem } from "../../model/names.ts";

interface Properties {
  readonly bucket: BucketPlace;
  readonly prefix: string;
  readonly onClose: () => void;
  readonly onCreated: () => Promise<void>;
}

export function CreateFolder({ bucket, prefix, onClose, onCreated }: Properties) {
  const client = useClient();
  const [name, setName] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();

  const create = async () => {
    const folder = name.trim().replace(/\/+$/, "");
    const problem = keyProblem(folder);
    setError(problem);
    if (problem) return;
    setBusy(true);
    try {
      await createFolder(client, bucket, `${prefix}${folder}/`);
      await onCreated();
      onClose();
    } catch (refused) {
      setError(messageOf(refused));
      setBusy(false);
    }
  };

  return (
    <Modal
      visible
      header="Create folder"
      onDismiss={onClose}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={onClose}>
              Cancel
            </Button>
            <Button variant="primary" loading={busy} onClick={() => void create()}>
              Create folder
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">
        <Alert type="info">
          A folder is an empty object whose key ends with a slash. Replication copies it like any other.
        </Alert>
        <FormField label="Folder name" errorText={error}>
          <Input
            value={name}
            autoFocus
            onChange={({ detail }) => setName(detail.value)}
            onKeyDown={({ detail }) => {
              if (detail.key === "Enter") void create();
            }}
          />
        </FormField>
      </SpaceBetween>
    </Modal>
  );
}
