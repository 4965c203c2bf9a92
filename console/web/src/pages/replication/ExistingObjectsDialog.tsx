import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Modal from "@cloudscape-design/components/modal";
import RadioGroup from "@cloudscape-design/components/radio-group";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import type { BucketPlace } from "../../api/buckets.ts";
import { href, navigate } from "../../router.ts";

/** Asked after a bucket's first rule, and after a rule to a new destination. */
export function ExistingObjectsDialog({ bucket, onNo }: { bucket: BucketPlace; onNo: () => void }) {
  const [choice, setChoice] = useState("yes");
  return (
    <Modal
      visible
      header="Replicate existing objects?"
      onDismiss={onNo}
      footer={
        <Box float="right">
          <Button
            variant="primary"
            formAction="none"
            onClick={() => {
              if (choice === "no") onNo();
              else navigate(href("/create-job", { bucket: bucket.name }));
            }}
          >
            Submit
          </Button>
        </Box>
      }
    >
      <SpaceBetween size="m">
        <Box>
          You can enable a one-time Batch Operations job from this replication configuration to replicate objects that
          already exist in the bucket and to synchronize source and destination buckets.
        </Box>
        <RadioGroup
          ariaLabel="Existing objects"
          value={choice}
          onChange={({ detail }) => setChoice(detail.value)}
          items={[
            { value: "yes", label: "Yes, replicate existing objects." },
            { value: "no", label: "No, do not replicate existing objects." },
          ]}
        />
      </SpaceBetween>
    </Modal>
  );
}
