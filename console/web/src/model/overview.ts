/** Every rule of every bucket, with how it stands; and failures grouped by what caused them. Free of React. */

import type { Bucket } from "../api/buckets.ts";
import type { DeploymentStatus, FailedVersion, Waiting } from "../api/status.ts";
import type { Rule } from "./replication.ts";

export type RuleState = "up-to-date" | "replicating" | "behind" | "failing" | "disabled";

export interface RuleLine {
  readonly id: string;
  readonly bucket: Bucket;
  readonly rule: Rule;
  readonly state: RuleState;
  readonly waiting: Waiting | undefined;
  readonly failures: number;
}

/** After this, what still waits is behind, not on its way: Replication Time Control's threshold. */
export const BEHIND_AFTER_S = 15 * 60;

export function ruleLines(
  rules: readonly { readonly bucket: Bucket; readonly rule: Rule }[],
  status: DeploymentStatus | undefined,
): RuleLine[] {
  return rules.map(({ bucket, rule }) => {
    const destination = rule.destination.bucket;
    const waiting = status?.waiting.find((each) => each.bucket === bucket.name && each.destination === destination);
    const failures = (status?.failures ?? []).filter(
      (each) => each.bucket === bucket.name && each.rule === rule.id,
    ).length;
    return {
      id: `${bucket.name}/${rule.id}`,
      bucket,
      rule,
      waiting,
      failures,
      state: stateOf(rule, waiting, failures),
    };
  });
}

function stateOf(rule: Rule, waiting: Waiting | undefined, failures: number): RuleState {
  if (rule.status === "Disabled") return "disabled";
  if (waiting && waiting.tasks > 0) return waiting.oldestAgeS > BEHIND_AFTER_S ? "behind" : "replicating";
  return failures > 0 ? "failing" : "up-to-date";
}

export interface Cause {
  readonly id: string;
  readonly code: string;
  readonly bucket: string;
  readonly destination: string;
  readonly count: number;
  readonly first: FailedVersion;
  readonly last: FailedVersion;
}

/** One line per source bucket, destination and failure code, the most frequent first. */
export function causesOf(failures: readonly FailedVersion[]): Cause[] {
  const groups = new Map<string, FailedVersion[]>();
  for (const failure of failures) {
    const id = `${failure.bucket}/${failure.destination}/${failure.code}`;
    groups.set(id, [...(groups.get(id) ?? []), failure]);
  }
  return [...groups]
    .map(([id, group]) => {
      const ordered = [...group].sort((a, b) => a.at.getTime() - b.at.getTime());
      const first = ordered[0] as FailedVersion;
      const last = ordered.at(-1) as FailedVersion;
      return {
        id,
        code: first.code,
        bucket: first.bucket,
        destination: first.destination,
        count: group.length,
        first,
        last,
      };
    })
    .sort((a, b) => b.count - a.count);
}
