/** The four charts of the Metrics tab, and the time ranges they may show. */

import type { MetricName, Range } from "../api/cloudwatch.ts";
import { formatBytes, formatDuration } from "./format.ts";

export interface Metric {
  readonly name: MetricName;
  readonly title: string;
  readonly description: string;
  readonly unit: string;
  readonly format: (value: number) => string;
}

const count = (value: number) => (Number.isInteger(value) ? value.toLocaleString("en-US") : "");

/** In the order of AWS's Metrics tab. */
export const METRICS: readonly Metric[] = [
  {
    name: "OperationsPendingReplication",
    title: "Operations pending replication",
    description: "Objects, delete markers and tag changes that wait.",
    unit: "Count",
    format: count,
  },
  {
    name: "ReplicationLatency",
    title: "Replication latency",
    description: "How long the oldest of them has waited.",
    unit: "Seconds",
    format: formatDuration,
  },
  {
    name: "BytesPendingReplication",
    title: "Bytes pending replication",
    description: "The size of the objects that wait.",
    unit: "Bytes",
    format: (value) => formatBytes(Math.round(value)),
  },
  {
    name: "OperationsFailedReplication",
    title: "Operations failed replication",
    description: "Refused for good in each period.",
    unit: "Count",
    format: count,
  },
];

export type RangeId = "1h" | "3h" | "12h" | "1d" | "1w";

interface RangeChoice {
  readonly id: RangeId;
  readonly text: string;
  readonly spanS: number;
  readonly periodS: number;
}

export const RANGES: readonly RangeChoice[] = [
  { id: "1h", text: "1h", spanS: 3600, periodS: 60 },
  { id: "3h", text: "3h", spanS: 3 * 3600, periodS: 60 },
  { id: "12h", text: "12h", spanS: 12 * 3600, periodS: 300 },
  { id: "1d", text: "1d", spanS: 24 * 3600, periodS: 300 },
  { id: "1w", text: "1w", spanS: 7 * 24 * 3600, periodS: 3600 },
];

/** The range up to now: it begins and ends on whole periods, the one under way included. */
export function rangeOf(id: RangeId, now: Date): Range {
  const { spanS, periodS } = RANGES.find((range) => range.id === id) ?? (RANGES[0] as RangeChoice);
  const end = Math.ceil(now.getTime() / 1000 / periodS) * periodS;
  return { start: new Date((end - spanS) * 1000), end: new Date(end * 1000), periodS };
}
