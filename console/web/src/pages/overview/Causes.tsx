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
        wrapLines
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
          { id: "code", header: "Failure code", cell: (cause) => <Code cause={cause} />, isRowHeader: true },
          { id: "count", header: "Objects", cell: (cause) => formatCount(cause.count) },
          {
            id: "buckets",
            header: "Source and destination",
            minWidth: 150,
            cell: (cause) => <Buckets cause={cause} />,
          },
          { id: "last", header: "Last object", minWidth: 120, cell: (cause) => <LastObject cause={cause} /> },
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

function Code({ cause: { code, since } }: { cause: FailureCause }) {
  return (
    <div className="key">
      {code}
      <Box color="text-body-secondary">since {formatTime(since)}</Box>
    </div>
  );
}

function Buckets({ cause: { bucket, destination } }: { cause: FailureCause }) {
  return (
    <div className="key">
      <Link href={href(`/buckets/${encodeURIComponent(bucket.name)}`)}>{bucket.name}</Link>
      <div>
        to <Link href={href(`/buckets/${encodeURIComponent(destination)}`)}>{destination}</Link>
      </div>
    </div>
  );
}

function LastObject({ cause }: { cause: FailureCause }) {
  const root = `/buckets/${encodeURIComponent(cause.bucket.name)}/object`;
  return (
    <Link href={href(root, { key: cause.lastKey, versionId: cause.lastVersionId })}>
      <span className="key">{cause.lastKey}</span>
    </Link>
  );
}
