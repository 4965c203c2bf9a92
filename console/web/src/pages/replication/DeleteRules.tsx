import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { type Rule } from "../../model/replication.ts";

interface Properties {
  readonly rules: readonly Rule[];
  readonly onClose: () => void;
  readonly onDelete: () => Promise<void>;
}

export function DeleteRules({ rules, onClose, onDelete }: Properties) {
  const [busy, setBusy] = useState(false);
  return (
    <Modal
      visible
      header={
        rules.length === 1 ? `Delete replication rule "${rules[0]?.id}"?` : `Delete ${rules.length} replication rules?`
      }
      onDismiss={onClose}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={onClose}>
              Cancel
            </Button>
            <Button
              variant="primary"
              loading={busy}
              onClick={() => {
                setBusy(true);
                void onDelete();
              }}
            >
              Delete
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <Alert type="warning">
        New objects are no longer replicated under {rules.length === 1 ? "it" : "them"}. Versions that still wait under{" "}
        {rules.length === 1 ? "this rule" : "these rules"} end as FAILED. Replicas stay where they are.
      </Alert>
    </Modal>
  );
}
