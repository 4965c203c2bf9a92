import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import Table, { type TableProps } from "@cloudscape-design/components/table";
import type { FailedVersion } from "../../api/status.ts";
import { formatCount, formatTime } from "../../model/format.ts";
import type { Cause } from "../../model/overview.ts";
import { href } from "../../router.ts";

/** What failed of late, by cause. AWS does not retry by itself: a job for failed objects does, once the cause is gone. */
export function Causes({ causes }: { causes: readonly Cause[] }) {
  return (
    <Table
      items={causes}
      trackBy="id"
      columnDefinitions={COLUMNS}
      ariaLabels={{ tableLabel: "Failures by cause" }}
      header={
        <Header
          variant="h2"
          counter={`(${causes.length})`}
          description="A failure is final until it is replicated again: mend its cause, then run a job for failed objects."
        >
          Failures by cause
        </Header>
      }
      empty={<Box textAlign="center">Nothing has failed.</Box>}
    />
  );
}

const COLUMNS: TableProps.ColumnDefinition<Cause>[] = [
  { id: "code", header: "Failure code", cell: (cause) => cause.code, isRowHeader: true },
  { id: "count", header: "Objects", cell: (cause) => formatCount(cause.count) },
  {
    id: "retry",
    header: "Actions",
    cell: (cause) => (
      <Button
        variant="inline-link"
        ariaLabel={`Replicate again: failed objects of ${cause.bucket}`}
        href={href("/create-job", { bucket: cause.bucket, statuses: "FAILED" })}
      >
        Replicate again
      </Button>
    ),
  },
  { id: "bucket", header: "Source bucket", cell: (cause) => cause.bucket },
  { id: "destination", header: "Destination bucket", cell: (cause) => cause.destination },
  { id: "since", header: "Since", cell: (cause) => formatTime(cause.first.at) },
  { id: "last", header: "Last object", cell: (cause) => <Failed version={cause.last} /> },
];

function Failed({ version }: { version: FailedVersion }) {
  const root = `/buckets/${encodeURIComponent(version.bucket)}/object`;
  return (
    <Link href={href(root, { key: version.key, versionId: version.versionId || undefined })}>
      <span className="key">{version.key}</span>
    </Link>
  );
}
