import Box from "@cloudscape-design/components/box";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import Table from "@cloudscape-design/components/table";
import type { RoleStep } from "../api/explain.ts";

/** Every request that a delivery makes under the replication role, decided as everything is now. */
export function RoleSteps({ steps }: { steps: readonly RoleStep[] }) {
  return (
    <Table
      variant="embedded"
      items={steps}
      ariaLabels={{ tableLabel: "What the role may do" }}
      wrapLines
      columnDefinitions={[
        { id: "action", header: "Action", isRowHeader: true, cell: (step) => step.action },
        { id: "resource", header: "Resource", cell: (step) => <span className="key">{step.resource}</span> },
        {
          id: "allowed",
          header: "Allowed",
          cell: (step) =>
            step.allowed ? (
              <StatusIndicator type="success">Yes</StatusIndicator>
            ) : (
              <StatusIndicator type="error">{step.code ?? "No"}</StatusIndicator>
            ),
        },
        { id: "statement", header: "Decided by", cell: (step) => step.statement || "-" },
      ]}
      empty={<Box textAlign="center">Nothing to show.</Box>}
    />
  );
}
