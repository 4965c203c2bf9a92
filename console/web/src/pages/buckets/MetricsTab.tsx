import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Grid from "@cloudscape-design/components/grid";
import Header from "@cloudscape-design/components/header";
import Multiselect from "@cloudscape-design/components/multiselect";
import SegmentedControl from "@cloudscape-design/components/segmented-control";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { type BucketPlace, bucketRegion } from "../../api/buckets.ts";
import type { Client } from "../../api/client.ts";
import { getMetrics, type MetricName, type Point } from "../../api/cloudwatch.ts";
import { getReplication } from "../../api/replication.ts";
import { Failure, Loading } from "../../components/Loading.tsx";
import { useClient } from "../../context.tsx";
import { useLive } from "../../hooks/useLive.ts";
import { useLoad } from "../../hooks/useLoad.ts";
import { METRICS, RANGES, type RangeId, rangeOf } from "../../model/metrics.ts";
import { byStrength, type Rule } from "../../model/replication.ts";
import { href } from "../../router.ts";
import { MetricChart } from "./MetricChart.tsx";

const REFRESH_MS = 15_000;

/** Replication metrics of the bucket's rules: those of rules that have metrics (or RTC) switched on. */
export default function MetricsTab({ bucket }: { bucket: BucketPlace }) {
  const client = useClient();
  const configuration = useLoad((signal) => getReplication(client, bucket, signal), [client, bucket]);
  const measured = byStrength(configuration.data?.rules ?? []).filter(isMeasured);
  const [chosen, setChosen] = useState<readonly string[]>();
  const [rangeId, setRangeId] = useState<RangeId>("1h");
  const [shown, setShown] = useState<readonly string[]>();
  if (configuration.error !== undefined && !configuration.data) {
    return <Failure what="The replication rules could not be read" error={configuration.error} />;
  }
  if (configuration.loading) return <Loading />;
  if (measured.length === 0) return <NoMetrics bucket={bucket} rules={configuration.data?.rules.length ?? 0} />;
  const selected = chosen ?? measured.map((rule) => rule.id);
  return (
    <SpaceBetween size="l">
      <Container
        header={
          <Header
            variant="h2"
            description="Minute by minute, for rules with Replication metrics or Replication Time Control."
          >
            Replication metrics
          </Header>
        }
      >
        <SpaceBetween size="m">
          <FormField label="Replication rules" stretch>
            <Multiselect
              ariaLabel="Replication rules"
              selectedOptions={measured.filter((rule) => selected.includes(rule.id)).map(optionOf)}
              options={measured.map(optionOf)}
              placeholder="Choose rules"
              onChange={({ detail }) => setChosen(detail.selectedOptions.map((option) => option.value ?? ""))}
            />
          </FormField>
          <SpaceBetween direction="horizontal" size="m" alignItems="end">
            <FormField label="Time range">
              <SegmentedControl
                label="Time range"
                selectedId={rangeId}
                options={RANGES.map(({ id, text }) => ({ id, text }))}
                onChange={({ detail }) => setRangeId(detail.selectedId as RangeId)}
              />
            </FormField>
            <Button variant="primary" disabled={selected.length === 0} onClick={() => setShown(selected)}>
              Display charts
            </Button>
          </SpaceBetween>
        </SpaceBetween>
      </Container>
      {shown && <Charts bucket={bucket} rules={measured.filter((rule) => shown.includes(rule.id))} rangeId={rangeId} />}
    </SpaceBetween>
  );
}

function Charts({ bucket, rules, rangeId }: { bucket: BucketPlace; rules: readonly Rule[]; rangeId: RangeId }) {
  const client = useClient();
  const charts = useLive(
    async (signal) => {
      const range = rangeOf(rangeId, client.session.now());
      const points = await Promise.all(METRICS.map(({ name }) => pointsOf(client, bucket, rules, name, range, signal)));
      return { range, points };
    },
    [client, bucket, rules.map((rule) => rule.id).join("\n"), rangeId],
    { pauseMs: () => REFRESH_MS },
  );
  if (charts.error !== undefined && !charts.data) {
    return <Failure what="The metrics could not be read" error={charts.error} onRetry={() => void charts.reload()} />;
  }
  if (!charts.data) return <Loading text="Loading metrics" />;
  const { range, points } = charts.data;
  return (
    <Grid gridDefinition={METRICS.map(() => ({ colspan: { default: 12, m: 6 } }))}>
      {METRICS.map((metric, index) => (
        <MetricChart
          key={metric.name}
          metric={metric}
          range={range}
          series={rules.map((rule, at) => ({
            title: `${rule.id} → ${rule.destination.bucket}`,
            points: points[index]?.[at] ?? [],
          }))}
        />
      ))}
    </Grid>
  );
}

/** AWS: what is pending is published in the destination's Region, what failed in the source's. */
async function pointsOf(
  client: Client,
  bucket: BucketPlace,
  rules: readonly Rule[],
  metric: MetricName,
  range: ReturnType<typeof rangeOf>,
  signal: AbortSignal,
): Promise<Point[][]> {
  return Promise.all(
    rules.map(async (rule) => {
      const destination = rule.destination.bucket;
      const region =
        metric === "OperationsFailedReplication"
          ? bucket.region
          : ((await bucketRegion(client, destination, signal)) ?? bucket.region);
      const query = { metric, sourceBucket: bucket.name, destinationBucket: destination, ruleId: rule.id };
      return (await getMetrics(client, region, [query], range, signal))[0] ?? [];
    }),
  );
}

function isMeasured(rule: Rule): boolean {
  return rule.destination.metrics?.status === "Enabled" || rule.destination.replicationTime?.status === "Enabled";
}

function optionOf(rule: Rule) {
  return { value: rule.id, label: rule.id, description: `→ ${rule.destination.bucket}` };
}

function NoMetrics({ bucket, rules }: { bucket: BucketPlace; rules: number }) {
  const root = `/buckets/${encodeURIComponent(bucket.name)}`;
  return (
    <Alert
      type="info"
      header={rules === 0 ? "This bucket has no replication rules" : "No rule has replication metrics"}
      action={
        rules === 0 ? (
          <Button href={href(`${root}/create-replication-rule`)}>Create replication rule</Button>
        ) : (
          <Button href={href(root, { tab: "management" })}>Replication rules</Button>
        )
      }
    >
      <Box>
        {rules === 0
          ? "Metrics are kept for rules that switch them on."
          : "Edit a rule and switch Replication metrics and events on. Metrics are kept from then on."}
      </Box>
    </Alert>
  );
}
