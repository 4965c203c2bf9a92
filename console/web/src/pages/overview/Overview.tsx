import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type Bucket, listBuckets } from "../../api/buckets.ts";
import type { Client } from "../../api/client.ts";
import { isApiError } from "../../api/errors.ts";
import { getReplication } from "../../api/replication.ts";
import { type DeploymentStatus, deploymentStatus } from "../../api/status.ts";
import { Failure, Loading, PageFailure } from "../../components/Loading.tsx";
import { useClient } from "../../context.tsx";
import { useLoad } from "../../hooks/useLoad.ts";
import { usePolling } from "../../hooks/usePolling.ts";
import { formatBytes, formatCount, formatDuration } from "../../model/format.ts";
import { inLanes } from "../../model/lanes.ts";
import { causesOf, ruleLines } from "../../model/overview.ts";
import { byStrength, type Rule } from "../../model/replication.ts";
import { Causes } from "./Causes.tsx";
import { RuleLines } from "./RuleLines.tsx";

const LANES = 6;
const POLL_MS = 2000;
const POLL_SLOWEST_MS = 10_000;

interface BucketRule {
  readonly bucket: Bucket;
  readonly rule: Rule;
}

/** Is anything actually behind? Every rule of every bucket, and what failed, by cause. */
export default function Overview() {
  const client = useClient();
  const rules = useLoad((signal) => allRules(client, signal), [client]);
  const status = useLoad((signal) => deploymentStatus(client, signal), [client]);
  usePolling(
    async () => {
      await status.reload();
      return (status.data?.waiting.length ?? 0) > 0; // What waits is worth a look soon.
    },
    { active: status.data !== undefined, intervalMs: POLL_MS, slowestMs: POLL_SLOWEST_MS },
  );
  if (rules.error !== undefined && !rules.data) {
    return (
      <PageFailure
        title="Replication overview"
        what="The replication rules could not be read"
        error={rules.error}
        onRetry={() => void rules.reload()}
      />
    );
  }
  if (!rules.data) return <Loading />;
  const refresh = () => void Promise.all([rules.reload(), status.reload()]);
  return (
    <ContentLayout
      header={
        <Header
          variant="h1"
          description="Every replication rule of every bucket that you may see."
          actions={<Button iconName="refresh" ariaLabel="Refresh overview" onClick={refresh} />}
        >
          Replication overview
        </Header>
      }
    >
      <SpaceBetween size="l">
        {status.error !== undefined && !status.data && (
          <Failure what="The state of replication could not be read" error={status.error} />
        )}
        {status.data && <Totals status={status.data} />}
        <RuleLines lines={ruleLines(rules.data, status.data)} />
        <Causes causes={causesOf(status.data?.failures ?? [])} />
      </SpaceBetween>
    </ContentLayout>
  );
}

function Totals({ status }: { status: DeploymentStatus }) {
  const tasks = status.waiting.reduce((sum, lane) => sum + lane.tasks, 0);
  const bytes = status.waiting.reduce((sum, lane) => sum + lane.bytes, 0);
  const oldest = Math.max(0, ...status.waiting.map((lane) => lane.oldestAgeS));
  return (
    <Container header={<Header variant="h2">Now</Header>}>
      <KeyValuePairs
        columns={4}
        items={[
          { label: "Operations pending", value: <Box fontSize="heading-l">{formatCount(tasks)}</Box> },
          { label: "Bytes pending", value: <Box fontSize="heading-l">{formatBytes(bytes)}</Box> },
          {
            label: "Oldest pending",
            value: <Box fontSize="heading-l">{tasks > 0 ? formatDuration(oldest) : "-"}</Box>,
          },
          { label: "Recent failures", value: <Box fontSize="heading-l">{formatCount(status.failures.length)}</Box> },
        ]}
      />
    </Container>
  );
}

async function allRules(client: Client, signal: AbortSignal): Promise<BucketRule[]> {
  const found = new Map<string, BucketRule[]>();
  const buckets = await listBuckets(client, signal);
  await inLanes(
    buckets,
    LANES,
    async (bucket) => {
      try {
        const configuration = await getReplication(client, bucket, signal);
        found.set(
          bucket.name,
          byStrength(configuration?.rules ?? []).map((rule) => ({ bucket, rule })),
        );
      } catch (error) {
        // A bucket whose configuration the caller may not see, or that was deleted meanwhile.
        if (!isApiError(error)) throw error;
      }
    },
    signal,
  );
  return buckets.flatMap((bucket) => found.get(bucket.name) ?? []);
}
