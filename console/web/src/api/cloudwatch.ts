/** CloudWatch's replication metrics, in its JSON protocol. */

import type { Client } from "./client.ts";

export type MetricName =
  "OperationsPendingReplication" | "ReplicationLatency" | "BytesPendingReplication" | "OperationsFailedReplication";

export interface MetricQuery {
  readonly metric: MetricName;
  readonly sourceBucket: string;
  readonly destinationBucket: string;
  readonly ruleId: string;
}

export interface Point {
  readonly at: Date;
  readonly value: number;
}

export interface Range {
  readonly start: Date;
  readonly end: Date;
  /** Seconds that a point stands for. */
  readonly periodS: number;
}

const TARGET = "GraniteServiceVersion20100801";
const QUERIES_MAX = 500;

interface DataAnswer {
  readonly MetricDataResults: readonly {
    readonly Id: string;
    readonly Timestamps: readonly number[];
    readonly Values: readonly number[];
  }[];
  readonly NextToken?: string;
}

/** The points of each metric, oldest first, in the order of the queries. region: where the metrics are published. */
export async function getMetrics(
  client: Client,
  region: string,
  queries: readonly MetricQuery[],
  range: Range,
  signal?: AbortSignal,
): Promise<Point[][]> {
  if (queries.length === 0) return [];
  const points = new Map<string, Point[]>();
  let token: string | undefined;
  do {
    const answer = (await call(
      client,
      region,
      "GetMetricData",
      {
        StartTime: range.start.getTime() / 1000,
        EndTime: range.end.getTime() / 1000,
        ScanBy: "TimestampAscending",
        MetricDataQueries: queries.slice(0, QUERIES_MAX).map((query, index) => stat(query, index, range.periodS)),
        ...(token ? { NextToken: token } : {}),
      },
      signal,
    )) as DataAnswer;
    for (const result of answer.MetricDataResults) {
      const found = points.get(result.Id) ?? [];
      result.Timestamps.forEach((at, index) =>
        found.push({ at: new Date(at * 1000), value: result.Values[index] ?? 0 }),
      );
      points.set(result.Id, found);
    }
    token = answer.NextToken;
  } while (token);
  return queries.map((_query, index) => points.get(`m${index}`) ?? []);
}

/** Failures are summed up, everything else is at its worst, as AWS advises for each. */
function stat(query: MetricQuery, index: number, periodS: number): object {
  return {
    Id: `m${index}`,
    MetricStat: {
      Metric: {
        Namespace: "AWS/S3",
        MetricName: query.metric,
        Dimensions: [
          { Name: "SourceBucket", Value: query.sourceBucket },
          { Name: "DestinationBucket", Value: query.destinationBucket },
          { Name: "RuleId", Value: query.ruleId },
        ],
      },
      Period: periodS,
      Stat: query.metric === "OperationsFailedReplication" ? "Sum" : "Maximum",
    },
  };
}

async function call(
  client: Client,
  region: string,
  action: string,
  body: object,
  signal?: AbortSignal,
): Promise<unknown> {
  return client.json({
    service: "monitoring",
    region,
    method: "POST",
    path: "/",
    headers: { "content-type": "application/x-amz-json-1.0", "x-amz-target": `${TARGET}.${action}` },
    body: JSON.stringify(body),
    signal,
  });
}
