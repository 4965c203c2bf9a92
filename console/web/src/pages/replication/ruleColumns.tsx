import Link from "@cloudscape-design/components/link";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import type { TableProps } from "@cloudscape-design/components/table";
import type { BucketPlace } from "../../api/buckets.ts";
import { type Rule, scopeText, type Switch } from "../../model/replication.ts";
import { href } from "../../router.ts";
import { storageClassText } from "../objects/columns.tsx";

/** The columns of AWS's table of rules, in its order. */
export function ruleColumns(
  bucket: BucketPlace,
  regions: ReadonlyMap<string, string>,
): TableProps.ColumnDefinition<Rule>[] {
  const root = `/buckets/${encodeURIComponent(bucket.name)}`;
  return [
    {
      id: "name",
      header: "Replication rule name",
      isRowHeader: true,
      minWidth: 140,
      cell: (rule) => <Link href={href(`${root}/replication-rule`, { rule: rule.id })}>{rule.id}</Link>,
    },
    { id: "status", header: "Status", minWidth: 130, cell: (rule) => <RuleStatus status={rule.status} /> },
    { id: "destination", header: "Destination bucket", cell: ({ destination }) => `s3://${destination.bucket}` },
    { id: "region", header: "Destination Region", cell: ({ destination }) => regions.get(destination.bucket) ?? "-" },
    { id: "priority", header: "Priority", cell: (rule) => rule.priority ?? "-" },
    { id: "scope", header: "Scope", cell: (rule) => scopeText(rule) },
    {
      id: "class",
      header: "Storage class",
      cell: ({ destination }) =>
        destination.storageClass ? storageClassText(destination.storageClass) : "Same as source",
    },
    {
      id: "owner",
      header: "Replica owner",
      cell: ({ destination }) => (destination.ownerOverride ? "Destination bucket owner" : "Same as source"),
    },
    {
      id: "rtc",
      header: "Replication Time Control",
      cell: ({ destination }) => switchText(destination.replicationTime?.status),
    },
    {
      id: "kms",
      header: "KMS-encrypted objects",
      cell: (rule) => (rule.sseKms === "Enabled" ? "Replicate" : "Do not replicate"),
    },
    { id: "rms", header: "Replica modification sync", cell: (rule) => switchText(rule.replicaModifications) },
  ];
}

export function RuleStatus({ status }: { status: Switch }) {
  return status === "Enabled" ? (
    <StatusIndicator type="success">Enabled</StatusIndicator>
  ) : (
    <StatusIndicator type="stopped">Disabled</StatusIndicator>
  );
}

export function switchText(status: Switch | undefined): string {
  return status ?? "Disabled";
}
