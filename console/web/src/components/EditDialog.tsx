import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type ReactNode, useState } from "react";
import { Failure } from "./Loading.tsx";

interface Properties {
  readonly header: string;
  readonly action?: string;
  readonly size?: "small" | "medium" | "large" | "max";
  readonly disabled?: boolean;
  /** Asked before it is saved: false leaves the dialog to say what is missing. */
  readonly isComplete?: () => boolean;
  readonly onSave: () => Promise<void>;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** Something to change in a dialog: saved, or refused with the server's own words above what was entered. */
export function EditDialog(properties: Properties) {
  const { header, action = "Save changes", size, disabled, isComplete, onSave, onClose, children } = properties;
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const save = async () => {
    if (isComplete && !isComplete()) return;
    setBusy(true);
    setError(undefined);
    try {
      await onSave();
      onClose();
    } catch (refused) {
      setError(refused);
      setBusy(false);
    }
  };
  return (
    <Modal
      visible
      size={size ?? "medium"}
      header={header}
      onDismiss={onClose}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" formAction="none" onClick={onClose}>
              Cancel
            </Button>
            <Button
              variant="primary"
              formAction="none"
              disabled={disabled ?? false}
              loading={busy}
              onClick={() => void save()}
            >
              {action}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">
        {error !== undefined && <Failure what="It was not saved" error={error} />}
        {children}
      </SpaceBetween>
    </Modal>
  );
}
