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
import { type BucketStatus, replicationStatus } from "../../api/replicationStatus.ts";
import { Loading, PageFailure } from "../../components/Loading.tsx";
import { useClient } from "../../context.tsx";
import { LIVE_MS, useLive } from "../../hooks/useLive.ts";
import { useLoad } from "../../hooks/useLoad.ts";
import { formatBytes, formatCount, formatDuration } from "../../model/format.ts";
import { inLanes } from "../../model/lanes.ts";
import { ruleLines, type Totals, totalsOf } from "../../model/overview.ts";
import { byStrength, type Rule } from "../../model/replication.ts";
import { Causes } from "./Causes.tsx";
import { RuleLines } from "./RuleLines.tsx";

const LANES = 6;
/** Of the pause, for each bucket that is asked: more than ten are asked less often. */
const PAUSE_MS_PER_BUCKET = 150;

interface BucketRule {
  readonly bucket: Bucket;
  readonly rule: Rule;
}

/** Is anything actually behind? Every rule of every bucket, and what failed, by cause. */
export default function Overview() {
  const client = useClient();
  const rules = useLoad((signal) => allRules(client, signal), [client]);
  const sources = [...new Map((rules.data ?? []).map(({ bucket }) => [bucket.name, bucket])).values()];
  const names = sources.map((bucket) => bucket.name).join("/");
  const statuses = useLive((signal) => allStatuses(client, sources, signal), [client, names], {
    pauseMs: () => (sources.length > 0 ? Math.max(LIVE_MS, sources.length * PAUSE_MS_PER_BUCKET) : undefined),
  });
  const totals = totalsOf(statuses.data?.values() ?? []);
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
  const refresh = () => void rules.reload().then(statuses.reload);
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
        <Now totals={totals} />
        <RuleLines lines={ruleLines(rules.data, statuses.data ?? new Map())} />
        <Causes
          causes={[...(statuses.data?.values() ?? [])].flatMap((status) => status.causes)}
          onRetried={statuses.reload}
        />
      </SpaceBetween>
    </ContentLayout>
  );
}

function Now({ totals }: { totals: Totals }) {
  const large = (text: string) => <Box fontSize="heading-l">{text}</Box>;
  return (
    <Container header={<Header variant="h2">Now</Header>}>
      <KeyValuePairs
        columns={4}
        items={[
          { label: "Operations pending", value: large(formatCount(totals.operations)) },
          { label: "Bytes pending", value: large(formatBytes(totals.bytes)) },
          { label: "Oldest pending", value: large(totals.operations > 0 ? formatDuration(totals.oldestAgeS) : "-") },
          { label: "Failed", value: large(formatCount(totals.failed)) },
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
      const configuration = await orNothing(getReplication(client, bucket, signal));
      found.set(
        bucket.name,
        byStrength(configuration?.rules ?? []).map((rule) => ({ bucket, rule })),
      );
    },
    signal,
  );
  return buckets.flatMap((bucket) => found.get(bucket.name) ?? []);
}

async function allStatuses(
  client: Client,
  buckets: readonly Bucket[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, BucketStatus>> {
  const found = new Map<string, BucketStatus>();
  await inLanes(
    buckets,
    LANES,
    async (bucket) => {
      const status = await orNothing(replicationStatus(client, bucket, signal));
      if (status) found.set(bucket.name, status);
    },
    signal,
  );
  return found;
}

/** A bucket that the caller may not look into, or that was deleted meanwhile, is left out. */
async function orNothing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isApiError(error) && error.status !== 0) return undefined;
    throw error;
  }
}
