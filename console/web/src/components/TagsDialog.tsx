import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import type { Tag } from "../api/buckets.ts";
import { Failure } from "./Loading.tsx";
import { filledTags, TagsEditor } from "./TagsEditor.tsx";

interface Properties {
  readonly tags: readonly Tag[];
  readonly max: number;
  readonly onSave: (tags: readonly Tag[]) => Promise<void>;
  readonly onClose: () => void;
}

export function TagsDialog({ tags, max, onSave, onClose }: Properties) {
  const [draft, setDraft] = useState(tags);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const save = async () => {
    setBusy(true);
    setError(undefined);
    try {
      await onSave(filledTags(draft));
      onClose();
    } catch (refused) {
      setError(refused);
      setBusy(false);
    }
  };
  return (
    <Modal
      visible
      size="large"
      header="Edit tags"
      onDismiss={onClose}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={onClose}>
              Cancel
            </Button>
            <Button variant="primary" loading={busy} onClick={() => void save()}>
              Save changes
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">
        {error !== undefined && <Failure what="The tags could not be saved" error={error} />}
        <TagsEditor tags={draft} onChange={setDraft} max={max} />
      </SpaceBetween>
    </Modal>
  );
}
