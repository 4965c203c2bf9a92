import { expect, it } from "vitest";
import type { FailedVersion } from "../api/status.ts";
import { causesOf, ruleLines } from "./overview.ts";
import type { Rule } from "./replication.ts";

const BUCKET = { name: "src", region: "us-east-1", created: undefined };

function rule(part: Partial<Rule> = {}): Rule {
  return {
    id: "r",
    status: "Enabled",
    priority: 1,
    prefix: "",
    tags: [],
    destination: { bucket: "dst", ownerOverride: false },
    ...part,
  };
}

function failure(code: string, minute: number, part: Partial<FailedVersion> = {}): FailedVersion {
  const at = new Date(Date.UTC(2026, 0, 1, 0, minute));
  return {
    region: "us-east-1",
    bucket: "src",
    key: `k${minute}`,
    versionId: "v",
    destination: "dst",
    rule: "r",
    code,
    detail: "",
    at,
    ...part,
  };
}

function stateOf(one: Rule, tasks: number, oldestAgeS: number, failures: FailedVersion[] = []) {
  const waiting = tasks === 0 ? [] : [{ bucket: "src", destination: "dst", tasks, bytes: 1, oldestAgeS }];
  return ruleLines([{ bucket: BUCKET, rule: one }], { waiting, failures })[0]?.state;
}

it("says how a rule stands", () => {
  expect(stateOf(rule(), 0, 0)).toBe("up-to-date");
  expect(stateOf(rule(), 3, 10)).toBe("replicating");
  expect(stateOf(rule(), 3, 1000)).toBe("behind");
  expect(stateOf(rule(), 0, 0, [failure("DstBucketNotFound", 1)])).toBe("failing");
  expect(stateOf(rule({ status: "Disabled" }), 3, 1000)).toBe("disabled");
});

it("counts only the rule's own failures", () => {
  expect(stateOf(rule(), 0, 0, [failure("X", 1, { rule: "other" }), failure("X", 1, { bucket: "other" })])).toBe(
    "up-to-date",
  );
});

it("groups failures by cause, with the first and the last of each", () => {
  const causes = causesOf([failure("A", 5), failure("B", 1), failure("A", 2), failure("A", 9)]);
  expect(causes.map((cause) => [cause.code, cause.count, cause.first.key, cause.last.key])).toEqual([
    ["A", 3, "k2", "k9"],
    ["B", 1, "k1", "k1"],
  ]);
});
