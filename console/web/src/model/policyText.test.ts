import { describe, expect, it } from "vitest";
import { jsonErrorAt } from "./jsonText.ts";
import { type PolicyKind, policyProblems } from "./policyText.ts";

function policy(statement: object): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: [statement] }, null, 2);
}

const GOOD = { Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: "arn:aws:s3:::photos/*" };

describe("policyProblems", () => {
  it.each<[string, PolicyKind, object]>([
    ["a bucket policy", "bucket", GOOD],
    ["an identity policy", "identity", { Effect: "Deny", NotAction: ["iam:*"], Resource: "*" }],
    [
      "a trust policy",
      "trust",
      { Effect: "Allow", Principal: { Service: "s3.amazonaws.com" }, Action: "sts:AssumeRole" },
    ],
  ])("finds nothing wrong with %s", (_name, kind, statement) => {
    expect(policyProblems(policy(statement), kind, "photos")).toEqual([]);
  });

  it.each<[string, PolicyKind, object, string]>([
    ["an unknown effect", "bucket", { ...GOOD, Effect: "allow" }, "Effect must be"],
    ["no principal", "bucket", { ...GOOD, Principal: undefined }, "Principal is missing"],
    ["another bucket", "bucket", { ...GOOD, Resource: "arn:aws:s3:::other/*" }, "Resource must be this bucket"],
    ["a misspelt element", "bucket", { ...GOOD, Actions: [] }, 'no element "Actions"'],
    ["a principal in an identity policy", "identity", GOOD, "names no Principal"],
    ["a resource in a trust policy", "trust", GOOD, "names no Resource"],
  ])("%s", (_name, kind, statement, message) => {
    expect(
      policyProblems(policy(statement), kind, "photos")
        .map((each) => each.message)
        .join(),
    ).toContain(message);
  });

  it("tells the line of what is no JSON", () => {
    const [problem] = policyProblems('{\n  "Version": "2012-10-17",\n  "Statement": [,]\n}', "bucket");
    expect(problem).toMatchObject({ line: 3 });
    expect(policyProblems("", "bucket")[0]?.message).toBe("Enter a policy.");
  });

  it("tells the line of an element", () => {
    expect(policyProblems(policy({ ...GOOD, Effect: "x" }), "bucket")[0]?.line).toBe(5);
  });
});

it.each<[string, number | undefined]>([
  ['{"a": [1, -2.5e3, "x\\u00e9", true, null, {}], "b": []}', undefined],
  ['{"a": 1,}', 8],
  ["[1 2]", 3],
  ['{"a" 1}', 5],
  ["[1] x", 4],
  ['{"a": "unended}', 6],
  ["", 0],
])("%s is wrong at %s", (text, at) => {
  expect(jsonErrorAt(text)).toBe(at);
});
