// @vitest-environment jsdom
import { describe, expect, it } from "vitest";
import { parseXml } from "../api/xml.ts";
import {
  byStrength,
  covers,
  readConfiguration,
  type Rule,
  scopeText,
  toV2,
  writeConfiguration,
} from "./replication.ts";

const ROLE = "arn:aws:iam::111122223333:role/r";

function read(rules: string) {
  const root = parseXml(
    `<ReplicationConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Role>${ROLE}</Role>${rules}</ReplicationConfiguration>`,
  );
  if (!root) throw new Error("no XML");
  return readConfiguration(root);
}

function rule(part: Partial<Rule> = {}): Rule {
  return {
    id: "a",
    status: "Enabled",
    priority: 1,
    prefix: "",
    tags: [],
    deleteMarkers: "Disabled",
    destination: { bucket: "there", ownerOverride: false },
    ...part,
  };
}

function roundTrip(one: Rule): Rule | undefined {
  const root = parseXml(writeConfiguration({ role: ROLE, rules: [one] }));
  return root && readConfiguration(root).rules[0];
}

describe("round trip", () => {
  it.each<[string, Partial<Rule>]>([
    ["everything", {}],
    ["disabled", { status: "Disabled" }],
    ["a prefix", { prefix: "logs/" }],
    ["a prefix with characters that XML escapes", { prefix: 'a&b<c>"\r\n' }],
    ["one tag", { tags: [{ key: "k", value: "" }] }],
    [
      "two tags",
      {
        tags: [
          { key: "a", value: "1" },
          { key: "b", value: "2" },
        ],
      },
    ],
    ["prefix and tag", { prefix: "p", tags: [{ key: "k", value: "v" }] }],
    ["delete markers", { deleteMarkers: "Enabled" }],
    ["replica modifications", { replicaModifications: "Enabled" }],
    [
      "everything a destination may have",
      {
        sseKms: "Enabled",
        destination: {
          bucket: "there",
          account: "444455556666",
          storageClass: "STANDARD_IA",
          ownerOverride: true,
          replicaKmsKeyId: "arn:aws:kms:us-west-2:444455556666:key/k",
          replicationTime: { status: "Enabled", minutes: 15 },
          metrics: { status: "Enabled", minutes: 15 },
        },
      },
    ],
    ["metrics alone", { destination: { bucket: "there", ownerOverride: false, metrics: { status: "Enabled" } } }],
  ])("%s", (_name, part) => {
    expect(roundTrip(rule(part))).toEqual(rule(part));
  });

  it("writes an empty filter for all objects, and never a rule-level prefix", () => {
    const xml = writeConfiguration({ role: ROLE, rules: [rule()] });
    expect(xml).toContain("<Filter></Filter>");
    expect(xml).not.toContain("<Rule><Prefix>");
  });
});

describe("a V1 document", () => {
  const V1 =
    "<Rule><ID>first</ID><Prefix>a</Prefix><Status>Enabled</Status><Destination><Bucket>arn:aws:s3:::x</Bucket></Destination></Rule>" +
    "<Rule><ID>second</ID><Prefix>b</Prefix><Status>Enabled</Status><Destination><Bucket>arn:aws:s3:::x</Bucket></Destination></Rule>";

  it("is saved as V2: priorities in its order, delete markers as they were, on", () => {
    const rules = toV2(read(V1).rules);
    expect(rules.map((each) => [each.id, each.priority, each.deleteMarkers])).toEqual([
      ["first", 3, "Enabled"],
      ["second", 2, "Enabled"],
    ]);
    expect(byStrength(read(V1).rules).map((each) => each.id)).toEqual(["first", "second"]);
  });

  it("keeps its prefixes", () => {
    expect(read(V1).rules.map((each) => each.prefix)).toEqual(["a", "b"]);
  });
});

describe("covers", () => {
  const tagged = rule({ prefix: "a/", tags: [{ key: "k", value: "v" }] });
  it.each([
    ["a/b", [{ key: "k", value: "v" }], true],
    [
      "a/b",
      [
        { key: "other", value: "x" },
        { key: "k", value: "v" },
      ],
      true,
    ],
    ["a/b", [{ key: "k", value: "V" }], false],
    ["a/b", [], false],
    ["a/b", undefined, false],
    ["A/b", [{ key: "k", value: "v" }], false],
    ["a", [{ key: "k", value: "v" }], false],
  ])("%s with %o: %s", (key, tags, expected) => {
    expect(covers(tagged, key, tags)).toBe(expected);
  });
});

it("says a scope in words", () => {
  expect(scopeText({ prefix: "", tags: [] })).toBe("Entire bucket");
  expect(scopeText({ prefix: "p/", tags: [{ key: "k", value: "v" }] })).toBe("Prefix: p/, Tag: k=v");
});
