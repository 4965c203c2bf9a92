import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import Link from "@cloudscape-design/components/link";
import ProgressBar from "@cloudscape-design/components/progress-bar";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { describeJob, isEnded, type Job } from "../../api/jobs.ts";
import { Copyable } from "../../components/Copyable.tsx";
import { Loading, PageFailure } from "../../components/Loading.tsx";
import { useClient } from "../../context.tsx";
import { useLive } from "../../hooks/useLive.ts";
import { formatCount, formatDuration, formatTime } from "../../model/format.ts";
import { href } from "../../router.ts";
import { JobActions } from "./JobActions.tsx";
import { percentOf } from "./Jobs.tsx";
import { JobStatusText } from "./JobStatusText.tsx";

const PROGRESS_MS = 1000;

export default function JobPage({ id, region }: { id: string; region: string }) {
  const client = useClient();
  const job = useLive((signal) => describeJob(client, region, id, signal), [client, region, id], {
    pauseMs: ({ status }) => (isEnded(status) ? undefined : PROGRESS_MS),
    looks: JSON.stringify,
  });
  if (job.error !== undefined && !job.data) {
    return (
      <PageFailure
        title={`Job ${id}`}
        what="The job cannot be opened"
        error={job.error}
        onRetry={() => void job.reload()}
      />
    );
  }
  if (!job.data) return <Loading />;
  return <JobView job={job.data} onChanged={job.reload} />;
}

function JobView({ job, onChanged }: { job: Job; onChanged: () => Promise<void> }) {
  const { progress, report } = job;
  return (
    <ContentLayout
      header={
        <Header
          variant="h1"
          description={job.description || undefined}
          actions={<JobActions job={job} onChanged={onChanged} />}
        >
          Job {job.id}
        </Header>
      }
    >
      <SpaceBetween size="l">
        {job.status === "Suspended" && (
          <Alert type="warning" header="The job awaits your confirmation to run">
            Its manifest is ready. Choose Run job to replicate the objects in it.
          </Alert>
        )}
        {job.failures.length > 0 && (
          <Alert type="error" header="The job failed">
            {job.failures.map((failure) => (
              <div key={failure.code + failure.reason}>
                {failure.code}: {failure.reason}
              </div>
            ))}
          </Alert>
        )}
        <Container header={<Header variant="h2">Status</Header>}>
          <SpaceBetween size="l">
            <ProgressBar
              value={percentOf(job)}
              label="Tasks that have run"
              description={`${formatCount(progress.succeeded + progress.failed)} of ${formatCount(progress.total)}`}
              additionalInfo={
                progress.activeSeconds === undefined
                  ? undefined
                  : `Active for ${formatDuration(progress.activeSeconds)}`
              }
            />
            <KeyValuePairs
              columns={4}
              items={[
                {
                  label: "Status",
                  value: (
                    <span data-testid="job-status">
                      <JobStatusText status={job.status} />
                    </span>
                  ),
                },
                { label: "Total objects", value: formatCount(progress.total) },
                {
                  label: "Succeeded",
                  value: <span data-testid="job-succeeded">{formatCount(progress.succeeded)}</span>,
                },
                { label: "Failed", value: formatCount(progress.failed) },
              ]}
            />
          </SpaceBetween>
        </Container>
        <Container header={<Header variant="h2">Job overview</Header>}>
          <KeyValuePairs
            columns={3}
            items={[
              { label: "Operation", value: job.operation === "S3ReplicateObject" ? "Replicate" : job.operation },
              { label: "Priority", value: job.priority },
              { label: "Region", value: job.region },
              {
                label: "Source bucket",
                value: job.sourceBucket ? (
                  <Link href={href(`/buckets/${encodeURIComponent(job.sourceBucket)}`)}>{job.sourceBucket}</Link>
                ) : (
                  "From the manifest"
                ),
              },
              {
                label: "Replication statuses",
                value: job.statuses.length > 0 ? job.statuses.join(", ") : "All eligible",
              },
              {
                label: "Created between",
                value: `${timeOr(job.createdAfter, "any time")} and ${timeOr(job.createdBefore, "now")}`,
              },
              { label: "Date created", value: formatTime(job.created) },
              { label: "Date ended", value: formatTime(job.ended) },
              { label: "IAM role", value: <span className="key">{job.roleArn}</span> },
              { label: "ARN", value: <Copyable text={job.arn} what="ARN" /> },
            ]}
          />
        </Container>
        <Container header={<Header variant="h2">Completion report</Header>}>
          {report ? (
            <KeyValuePairs
              columns={2}
              items={[
                {
                  label: "Path to completion report",
                  value: (
                    <Link
                      href={href(`/buckets/${encodeURIComponent(report.bucket)}`, {
                        prefix: reportPrefix(job.id, report.prefix),
                      })}
                    >
                      s3://{report.bucket}/{reportPrefix(job.id, report.prefix)}
                    </Link>
                  ),
                },
                { label: "Report scope", value: report.scope === "AllTasks" ? "All tasks" : "Failed tasks only" },
              ]}
            />
          ) : (
            <Box>No completion report was asked for.</Box>
          )}
        </Container>
      </SpaceBetween>
    </ContentLayout>
  );
}

function reportPrefix(id: string, prefix: string): string {
  return `${prefix ? `${prefix}/` : ""}job-${id}/`;
}

function timeOr(moment: Date | undefined, otherwise: string): string {
  return moment ? formatTime(moment) : otherwise;
}
