import { useCollection } from "@cloudscape-design/collection-hooks";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import Pagination from "@cloudscape-design/components/pagination";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table, { type TableProps } from "@cloudscape-design/components/table";
import type { Client } from "../../api/client.ts";
import { type JobSummary, listJobs } from "../../api/jobs.ts";
import { PageFailure } from "../../components/Loading.tsx";
import { useClient } from "../../context.tsx";
import { useLive } from "../../hooks/useLive.ts";
import { formatCount, formatTime } from "../../model/format.ts";
import { href } from "../../router.ts";
import { JobActions } from "./JobActions.tsx";
import { JobStatusText } from "./JobStatusText.tsx";

const PAGE_SIZE = 25;

/** The jobs of all regions, newest first. */
export default function Jobs() {
  const client = useClient();
  const jobs = useLive((signal) => allJobs(client, signal), [client], { looks: JSON.stringify });
  const { items, collectionProps, paginationProps } = useCollection(jobs.data ?? [], {
    pagination: { pageSize: PAGE_SIZE },
    selection: { trackBy: "id" },
    sorting: {},
    filtering: { empty: <NoJobs /> },
  });
  const selected = jobs.data?.find((job) => job.id === collectionProps.selectedItems?.[0]?.id);
  if (jobs.error !== undefined && !jobs.data) {
    return (
      <PageFailure
        title={"Batch Operations"}
        what="The jobs could not be listed"
        error={jobs.error}
        onRetry={() => void jobs.reload()}
      />
    );
  }
  return (
    <Table
      wrapLines
      {...collectionProps}
      variant="full-page"
      items={items}
      loading={jobs.loading}
      loadingText="Loading jobs"
      selectionType="single"
      columnDefinitions={COLUMNS}
      ariaLabels={{
        tableLabel: "Batch Operations jobs",
        selectionGroupLabel: "Jobs",
        itemSelectionLabel: (_, job) => `Select job ${job.id}`,
      }}
      header={
        <Header
          variant="awsui-h1-sticky"
          counter={jobs.data && `(${jobs.data.length})`}
          description="A job replicates objects that a rule does not by itself: those from before it, and those that failed."
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <Button iconName="refresh" ariaLabel="Refresh jobs" onClick={() => void jobs.reload()} />
              <JobActions job={selected} onChanged={jobs.reload} />
              <Button variant="primary" href={href("/create-job")}>
                Create job
              </Button>
            </SpaceBetween>
          }
        >
          Batch Operations
        </Header>
      }
      pagination={<Pagination {...paginationProps} />}
    />
  );
}

async function allJobs(client: Client, signal: AbortSignal): Promise<JobSummary[]> {
  const lists = await Promise.all(client.session.regions.map((region) => listJobs(client, region, signal)));
  return lists.flat().sort((a, b) => (b.created?.getTime() ?? 0) - (a.created?.getTime() ?? 0));
}

const COLUMNS: TableProps.ColumnDefinition<JobSummary>[] = [
  {
    id: "id",
    header: "Job ID",
    isRowHeader: true,
    minWidth: 110,
    cell: (job) => (
      <span className="key">
        <Link href={href(`/jobs/${encodeURIComponent(job.id)}`, { region: job.region })}>{job.id}</Link>
      </span>
    ),
  },
  { id: "status", header: "Status", minWidth: 130, cell: (job) => <JobStatusText status={job.status} /> },
  { id: "description", header: "Description", cell: (job) => job.description || "-" },
  { id: "total", header: "Objects", cell: (job) => formatCount(job.progress.total) },
  { id: "complete", header: "% Complete", cell: (job) => `${percentOf(job)}%` },
  { id: "failed", header: "Failed", cell: (job) => formatCount(job.progress.failed) },
  { id: "priority", header: "Priority", cell: (job) => job.priority },
  { id: "region", header: "Region", cell: (job) => job.region },
  { id: "created", header: "Date created", cell: (job) => formatTime(job.created) },
];

/** Tasks that have run, of all. */
export function percentOf(job: JobSummary): number {
  const { total, succeeded, failed } = job.progress;
  if (total === 0) return job.status === "Complete" ? 100 : 0;
  return Math.floor((100 * (succeeded + failed)) / total);
}

function NoJobs() {
  return (
    <Box textAlign="center" padding="m">
      <SpaceBetween size="m">
        <div>
          <b>No jobs</b>
          <Box variant="p" color="text-body-secondary">
            Create one to replicate objects that were in a bucket before its rules.
          </Box>
        </div>
        <Button href={href("/create-job")}>Create job</Button>
      </SpaceBetween>
    </Box>
  );
}
