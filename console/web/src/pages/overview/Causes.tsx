import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import Table from "@cloudscape-design/components/table";
import { useState } from "react";
import { type FailureCause, retryFailures } from "../../api/replicationStatus.ts";
import { EditDialog } from "../../components/EditDialog.tsx";
import { useConsole } from "../../context.tsx";
import { formatCount, formatTime, plural } from "../../model/format.ts";
import { href } from "../../router.ts";

interface Properties {
  readonly causes: readonly FailureCause[];
  readonly onRetried: () => Promise<void>;
}

/** What failed, by cause. A failure is final, as on AWS, until it is driven again. */
export function Causes({ causes, onRetried }: Properties) {
  const { client, tell } = useConsole();
  const [retrying, setRetrying] = useState<FailureCause>();
  return (
    <>
      <Table
        items={causes}
        trackBy={idOf}
        ariaLabels={{ tableLabel: "Failures by cause" }}
        header={
          <Header
            variant="h2"
            counter={`(${causes.length})`}
            description="A failure is final until it is driven again: mend its cause, then retry."
          >
            Failures by cause
          </Header>
        }
        empty={<Box textAlign="center">Nothing has failed.</Box>}
        columnDefinitions={[
          { id: "code", header: "Failure code", cell: (cause) => cause.code, isRowHeader: true },
          { id: "count", header: "Objects", cell: (cause) => formatCount(cause.count) },
          {
            id: "retry",
            header: "Actions",
            minWidth: 120,
            cell: (cause) => (
              <Button
                wrapText={false}
                ariaLabel={`Retry ${cause.code} of ${cause.bucket.name}`}
                onClick={() => setRetrying(cause)}
              >
                Retry
              </Button>
            ),
          },
          { id: "bucket", header: "Source bucket", cell: (cause) => cause.bucket.name },
          { id: "destination", header: "Destination bucket", cell: (cause) => cause.destination },
          { id: "since", header: "Since", cell: (cause) => formatTime(cause.since) },
          { id: "last", header: "Last object", cell: (cause) => <LastObject cause={cause} /> },
        ]}
      />
      {retrying && (
        <EditDialog
          header={`Retry ${plural(retrying.count, "failure")}?`}
          action="Retry"
          onClose={() => setRetrying(undefined)}
          onSave={async () => {
            const { code, destination, bucket } = retrying;
            const { retried, left } = await retryFailures(client, bucket, { cause: code, destination });
            tell({
              type: left > 0 ? "warning" : "success",
              header: `${plural(retried, "failure")} of "${bucket.name}" driven again`,
              content:
                left > 0
                  ? `No rule would take ${formatCount(left)} of them any more: they stay as they are.`
                  : undefined,
            });
            await onRetried();
          }}
        >
          <Box>
            They become PENDING, and are tried again under the bucket's present rules and role. What caused{" "}
            <b>{retrying.code}</b> should be mended first.
          </Box>
        </EditDialog>
      )}
    </>
  );
}

function idOf(cause: FailureCause): string {
  return `${cause.bucket.name}/${cause.destination}/${cause.code}`;
}

function LastObject({ cause }: { cause: FailureCause }) {
  const root = `/buckets/${encodeURIComponent(cause.bucket.name)}/object`;
  return (
    <Link href={href(root, { key: cause.lastKey, versionId: cause.lastVersionId })}>
      <span className="key">{cause.lastKey}</span>
    </Link>
  );
}
