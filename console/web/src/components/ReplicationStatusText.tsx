import StatusIndicator from "@cloudscape-design/components/status-indicator";
import type { ReplicationStatus } from "../api/objects.ts";

/** AWS's own words, with a colour; "-" for a version that no rule covered when it was written. */
export function ReplicationStatusText({ status }: { status: ReplicationStatus | undefined }) {
  switch (status) {
    case "PENDING":
      return <StatusIndicator type="pending">PENDING</StatusIndicator>;
    case "COMPLETED":
      return <StatusIndicator type="success">COMPLETED</StatusIndicator>;
    case "FAILED":
      return <StatusIndicator type="error">FAILED</StatusIndicator>;
    case "REPLICA":
      return <StatusIndicator type="info">REPLICA</StatusIndicator>;
    case undefined:
      return <>-</>;
  }
}
