import StatusIndicator, { type StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import type { JobStatus } from "../../api/jobs.ts";

const LOOKS: Readonly<Record<JobStatus, { type: StatusIndicatorProps.Type; text: string }>> = {
  New: { type: "pending", text: "New" },
  Preparing: { type: "in-progress", text: "Preparing" },
  Suspended: { type: "warning", text: "Awaiting your confirmation to run" },
  Ready: { type: "pending", text: "Ready" },
  Active: { type: "in-progress", text: "Active" },
  Pausing: { type: "in-progress", text: "Pausing" },
  Paused: { type: "stopped", text: "Paused" },
  Completing: { type: "in-progress", text: "Completing" },
  Complete: { type: "success", text: "Complete" },
  Cancelling: { type: "in-progress", text: "Cancelling" },
  Cancelled: { type: "stopped", text: "Cancelled" },
  Failing: { type: "in-progress", text: "Failing" },
  Failed: { type: "error", text: "Failed" },
};

/** AWS's states; Suspended is worded as its console does. */
export function JobStatusText({ status }: { status: JobStatus }) {
  const { type, text } = LOOKS[status];
  return <StatusIndicator type={type}>{text}</StatusIndicator>;
}
