import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { isEnded, type JobSummary, setJobPriority, setJobStatus } from "../../api/jobs.ts";
import { EditDialog } from "../../components/EditDialog.tsx";
import { useConsole } from "../../context.tsx";

interface Properties {
  readonly job: JobSummary | undefined;
  readonly onChanged: () => Promise<void>;
}

type Dialog = "none" | "run" | "priority" | "cancel";

/** Run, change the priority, cancel: each asked before it is done. */
export function JobActions({ job, onChanged }: Properties) {
  const { client, tell } = useConsole();
  const [dialog, setDialog] = useState<Dialog>("none");
  const [priority, setPriority] = useState("");
  const close = () => setDialog("none");
  const done = async (header: string) => {
    tell({ type: "success", header });
    await onChanged();
  };
  return (
    <SpaceBetween direction="horizontal" size="xs">
      <Button disabled={job?.status !== "Suspended"} onClick={() => setDialog("run")}>
        Run job
      </Button>
      <Button
        disabled={!job || isEnded(job.status)}
        onClick={() => {
          setPriority(String(job?.priority ?? 0));
          setDialog("priority");
        }}
      >
        Update priority
      </Button>
      <Button disabled={!job || isEnded(job.status)} onClick={() => setDialog("cancel")}>
        Cancel job
      </Button>
      {job && dialog === "run" && (
        <EditDialog
          header="Run job?"
          action="Run job"
          onClose={close}
          onSave={async () => {
            await setJobStatus(client, job, "Ready");
            await done("The job is confirmed to run");
          }}
        >
          <Box>
            {job.progress.total > 0
              ? `The job's manifest lists ${job.progress.total.toLocaleString("en-US")} objects. They are replicated under the bucket's present rules.`
              : "The objects of the job's manifest are replicated under the bucket's present rules."}
          </Box>
        </EditDialog>
      )}
      {job && dialog === "priority" && (
        <EditDialog
          header="Update priority"
          disabled={!/^\d+$/.test(priority)}
          onClose={close}
          onSave={async () => {
            await setJobPriority(client, job, Number(priority));
            await done("The priority is changed");
          }}
        >
          <FormField label="Priority" description="A higher number is a higher priority.">
            <Input
              type="number"
              inputMode="numeric"
              value={priority}
              onChange={({ detail }) => setPriority(detail.value)}
            />
          </FormField>
        </EditDialog>
      )}
      {job && dialog === "cancel" && (
        <EditDialog
          header="Cancel job?"
          action="Cancel job"
          onClose={close}
          onSave={async () => {
            await setJobStatus(client, job, "Cancelled");
            await done("The job is cancelled");
          }}
        >
          <Box>What was replicated stays. A cancelled job cannot be run again.</Box>
        </EditDialog>
      )}
    </SpaceBetween>
  );
}
