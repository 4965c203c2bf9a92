import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { type ObjectPlace, shareUrl } from "../../api/objects.ts";
import { useConsole } from "../../context.tsx";

const MAX_MINUTES = 60;

/** A link signed with the session's credentials: it ends with them, so they are made fresh, and it lasts an hour at most. */
export function ShareUrl({ place, onClose }: { place: ObjectPlace; onClose: () => void }) {
  const { client, tell, tellError } = useConsole();
  const [amount, setAmount] = useState("15");
  const minutes = Number(amount);
  const fits = Number.isInteger(minutes) && minutes >= 1 && minutes <= MAX_MINUTES;

  const create = async () => {
    try {
      await client.session.renew();
      await navigator.clipboard.writeText(await shareUrl(client, place, minutes * 60));
      tell({
        type: "success",
        header: "Presigned URL copied",
        content: `Anyone who has it can read ${place.key} for the next ${minutes} minutes.`,
      });
      onClose();
    } catch (error) {
      tellError("The URL could not be made", error);
    }
  };

  return (
    <Modal
      visible
      header={`Share "${place.key}" with a presigned URL`}
      onDismiss={onClose}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={onClose}>
              Cancel
            </Button>
            <Button variant="primary" disabled={!fits} onClick={() => void create()}>
              Copy presigned URL
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <FormField
        label="Minutes until the presigned URL expires"
        description="Anyone with the URL can read the object until then, with your permissions."
        errorText={fits ? undefined : "Enter a time from 1 to 60 minutes."}
      >
        <Input type="number" inputMode="numeric" value={amount} onChange={({ detail }) => setAmount(detail.value)} />
      </FormField>
    </Modal>
  );
}
