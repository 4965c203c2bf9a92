import { describe, expect, it } from "vitest";
import { overlapsOf, reorder } from "./overlaps.ts";
import type { Rule } from "./replication.ts";

function rule(id: string, priority: number, part: Partial<Rule> = {}): Rule {
  return {
    id,
    status: "Enabled",
    priority,
    prefix: "",
    tags: [],
    deleteMarkers: "Disabled",
    destination: { bucket: "west", ownerOverride: false },
    ...part,
  };
}

describe("overlapsOf", () => {
  it("the higher priority wins at the same destination", () => {
    const [overlap] = overlapsOf(rule("mine", 1, { prefix: "a/" }), [rule("other", 2)]);
    expect([overlap?.sameDestination, overlap?.winner?.id]).toEqual([true, "other"]);
  });

  it("different destinations both get the object", () => {
    const east = { bucket: "east", ownerOverride: false };
    const [overlap] = overlapsOf(rule("mine", 1), [rule("other", 2, { destination: east })]);
    expect([overlap?.sameDestination, overlap?.winner]).toEqual([false, undefined]);
  });

  it.each<[string, Partial<Rule>, Partial<Rule>, number]>([
    ["one prefix begins the other", { prefix: "a/" }, { prefix: "a/b" }, 1],
    ["prefixes apart", { prefix: "a/" }, { prefix: "b/" }, 0],
    ["one tag with two values", { tags: [{ key: "k", value: "1" }] }, { tags: [{ key: "k", value: "2" }] }, 0],
    ["two tags", { tags: [{ key: "k", value: "1" }] }, { tags: [{ key: "l", value: "2" }] }, 1],
    ["a disabled rule", {}, { status: "Disabled" }, 0],
  ])("%s", (_name, mine, other, count) => {
    expect(overlapsOf(rule("mine", 1, mine), [rule("other", 2, other)])).toHaveLength(count);
  });

  it("a rule does not overlap itself", () => {
    expect(overlapsOf(rule("mine", 1), [rule("mine", 1)])).toEqual([]);
  });
});

describe("reorder", () => {
  it("deals the same priorities anew, the strongest to the first", () => {
    const rules = [rule("a", 9), rule("b", 4), rule("c", 0)];
    const dealt = reorder(rules, ["c", "a", "b"]);
    expect(Object.fromEntries(dealt.map((each) => [each.id, each.priority]))).toEqual({ c: 9, a: 4, b: 0 });
  });

  it("puts rules that came meanwhile last, and forgets those that are gone", () => {
    const dealt = reorder([rule("a", 9), rule("new", 4), rule("newer", 2), rule("b", 0)], ["b", "gone", "a"]);
    const priorities = Object.fromEntries(dealt.map((each) => [each.id, each.priority]));
    expect(priorities).toEqual({ b: 9, a: 4, new: 2, newer: 0 });
  });
});
