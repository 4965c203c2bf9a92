import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { NewAccessKey } from "../api/iam.ts";
import { Copyable } from "./Copyable.tsx";

/** An access key that was just made: the one time that its secret is shown. */
export function NewKey({ made, onClose }: { made: NewAccessKey; onClose: () => void }) {
  return (
    <Modal
      visible
      header="Retrieve access key"
      onDismiss={onClose}
      footer={
        <Box float="right">
          <Button variant="primary" onClick={onClose}>
            Done
          </Button>
        </Box>
      }
    >
      <SpaceBetween size="m">
        <Alert type="warning">The secret access key is shown now and never again. Keep it before you close this.</Alert>
        <KeyValuePairs
          items={[
            { label: "Access key ID", value: <Copyable text={made.id} what="access key ID" /> },
            { label: "Secret access key", value: <Copyable text={made.secret} what="secret access key" /> },
          ]}
        />
      </SpaceBetween>
    </Modal>
  );
}
