import { expect, it } from "vitest";
import { type DestinationStatus, type ListedRule, readStatus } from "../api/replicationStatus.ts";
import { ruleLines, totalsOf } from "./overview.ts";

const BUCKET = { name: "src", region: "us-east-1" };

function rule(part: Partial<ListedRule> = {}): ListedRule {
  return { id: "r", enabled: true, destination: "dst", ...part };
}

function lane(part: Partial<DestinationStatus> = {}): DestinationStatus {
  return {
    destination: "dst",
    pendingOperations: 0,
    pendingBytes: 0,
    againOperations: 0,
    oldestAgeS: 0,
    operationsPerS: 0,
    failed: 0,
    error: undefined,
    lastVerification: undefined,
    rules: new Map(),
    ...part,
  };
}

const WAITING = new Map([["r", { operations: 3, bytes: 9 }]]);

function stateOf(one: ListedRule, destination: DestinationStatus | undefined) {
  const status = { bucket: BUCKET, destinations: destination ? [destination] : [], causes: [] };
  return ruleLines([{ bucket: BUCKET, rules: [one], status }])[0]?.state;
}

it("says how a rule stands", () => {
  expect(stateOf(rule(), undefined)).toBe("up-to-date");
  expect(stateOf(rule(), lane({ rules: WAITING, oldestAgeS: 10 }))).toBe("replicating");
  expect(stateOf(rule(), lane({ rules: WAITING, oldestAgeS: 1000 }))).toBe("behind");
  expect(stateOf(rule(), lane({ rules: WAITING, error: "no answer" }))).toBe("held-up");
  expect(stateOf(rule(), lane({ againOperations: 1, oldestAgeS: 1 }))).toBe("replicating");
  expect(stateOf(rule(), lane({ failed: 2 }))).toBe("failing");
  expect(stateOf(rule({ enabled: false }), lane())).toBe("disabled");
  expect(stateOf(rule({ id: "other" }), lane({ rules: WAITING, oldestAgeS: 1000 }))).toBe("up-to-date");
});

it("knows nothing of a bucket whose status the caller may not see", () => {
  expect(ruleLines([{ bucket: BUCKET, rules: [rule()], status: undefined }])[0]?.state).toBe("unknown");
});

it("reads a bucket's status, and sums up", () => {
  const status = readStatus(BUCKET, {
    destinations: [
      {
        destination: "dst",
        pending_operations: 4,
        pending_bytes: 100,
        oldest_age_s: 2.5,
        operations_per_s: 7,
        failed: 1,
        error: "",
        rules: [{ rule: "r", operations: 4, bytes: 100 }],
      },
    ],
    failures: [
      { destination: "dst", code: "DstBucketNotFound", count: 1, since: "2026-01-01T00:00:00Z", last_key: "k" },
    ],
  });
  expect(status.destinations[0]?.rules.get("r")).toEqual({ operations: 4, bytes: 100 });
  expect(status.destinations[0]?.error).toBeUndefined();
  expect(status.causes[0]).toMatchObject({ code: "DstBucketNotFound", count: 1, lastKey: "k" });
  const source = { bucket: BUCKET, rules: [], status };
  expect(totalsOf([source, { ...source, status: undefined }, source])).toEqual({
    operations: 8,
    bytes: 200,
    oldestAgeS: 2.5,
    operationsPerS: 14,
    failed: 2,
  });
});
