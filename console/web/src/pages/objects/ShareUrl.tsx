import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Modal from "@cloudscape-design/components/modal";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { type ObjectPlace, shareUrl } from "../../api/objects.ts";
import { useConsole } from "../../context.tsx";

const MAX_MINUTES = 720;

/** A link signed with the session's credentials: it ends with them, so it is offered for hours, not for days. */
export function ShareUrl({ place, onClose }: { place: ObjectPlace; onClose: () => void }) {
  const { client, tell, tellError } = useConsole();
  const [amount, setAmount] = useState("15");
  const [unit, setUnit] = useState<"minutes" | "hours">("minutes");
  const minutes = Number(amount) * (unit === "hours" ? 60 : 1);
  const fits = Number.isInteger(minutes) && minutes >= 1 && minutes <= MAX_MINUTES;

  const create = async () => {
    try {
      await navigator.clipboard.writeText(await shareUrl(client, place, minutes * 60));
      tell({
        type: "success",
        header: "Presigned URL copied",
        content: `Anyone who has it can read ${place.key} for the next ${amount} ${unit}, or until your session ends.`,
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
        label="Time interval until the presigned URL expires"
        description="Anyone with the URL can read the object until then, with your permissions."
        errorText={fits ? undefined : "Enter a time from 1 minute to 12 hours."}
      >
        <SpaceBetween direction="horizontal" size="xs">
          <Input
            type="number"
            inputMode="numeric"
            value={amount}
            ariaLabel="Number of minutes or hours"
            onChange={({ detail }) => setAmount(detail.value)}
          />
          <Select
            ariaLabel="Unit"
            selectedOption={{ value: unit, label: unit }}
            options={[
              { value: "minutes", label: "minutes" },
              { value: "hours", label: "hours" },
            ]}
            onChange={({ detail }) => setUnit(detail.selectedOption.value === "hours" ? "hours" : "minutes")}
          />
        </SpaceBetween>
      </FormField>
    </Modal>
  );
}
