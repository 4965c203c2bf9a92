/** Every rule of every bucket, with how it stands. Free of React. */

import type { BucketPlace } from "../api/buckets.ts";
import type { LastVerification, ListedRule, SourceBucket } from "../api/replicationStatus.ts";

export type RuleState = "unknown" | "up-to-date" | "replicating" | "behind" | "held-up" | "failing" | "disabled";

export interface RuleLine {
  readonly id: string;
  readonly bucket: BucketPlace;
  readonly rule: ListedRule;
  readonly state: RuleState;
  readonly operations: number;
  readonly bytes: number;
  /** Of the destination: the oldest of all that waits for it, its rate, its failures, its trouble. */
  readonly oldestAgeS: number;
  readonly operationsPerS: number;
  readonly failed: number;
  readonly error: string | undefined;
  /** Of the destination: undefined when it was never verified, or the caller may not see it. */
  readonly lastVerification: LastVerification | undefined;
}

/** After this, what still waits is behind, not on its way: Replication Time Control's threshold. */
export const BEHIND_AFTER_S = 15 * 60;

export function ruleLines(sources: readonly SourceBucket[]): RuleLine[] {
  return sources.flatMap((source) => source.rules.map((rule) => ruleLine(source, rule)));
}

function ruleLine({ bucket, status }: SourceBucket, rule: ListedRule): RuleLine {
  const lane = status?.destinations.find((each) => each.destination === rule.destination);
  const waiting = lane?.rules.get(rule.id);
  const line = {
    id: `${bucket.name}/${rule.id}`,
    bucket,
    rule,
    operations: waiting?.operations ?? 0,
    bytes: waiting?.bytes ?? 0,
    oldestAgeS: lane?.oldestAgeS ?? 0,
    operationsPerS: lane?.operationsPerS ?? 0,
    failed: lane?.failed ?? 0,
    error: lane?.error,
    lastVerification: lane?.lastVerification,
  };
  const again = (lane?.againOperations ?? 0) > 0;
  return { ...line, state: status === undefined ? "unknown" : stateOf(rule, line, again) };
}

/** again: something that is no live change waits for the destination; it is counted for no rule. */
function stateOf(rule: ListedRule, line: Omit<RuleLine, "state">, again: boolean): RuleState {
  const waits = line.operations > 0 || again;
  if (waits && line.error !== undefined) return "held-up";
  if (waits) return line.oldestAgeS > BEHIND_AFTER_S ? "behind" : "replicating";
  if (!rule.enabled) return "disabled";
  return line.failed > 0 ? "failing" : "up-to-date";
}

export interface Totals {
  readonly operations: number;
  readonly bytes: number;
  readonly oldestAgeS: number;
  readonly operationsPerS: number;
  readonly failed: number;
}

export function totalsOf(sources: readonly SourceBucket[]): Totals {
  const totals = { operations: 0, bytes: 0, oldestAgeS: 0, operationsPerS: 0, failed: 0 };
  for (const { status } of sources) {
    for (const lane of status?.destinations ?? []) {
      totals.operations += lane.pendingOperations;
      totals.bytes += lane.pendingBytes;
      totals.oldestAgeS = Math.max(totals.oldestAgeS, lane.pendingOperations > 0 ? lane.oldestAgeS : 0);
      totals.operationsPerS += lane.operationsPerS;
      totals.failed += lane.failed;
    }
  }
  return totals;
}
