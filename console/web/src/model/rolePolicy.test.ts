import { describe, expect, it } from "vitest";
import { madeHere, receivingStatements, replicationRolePolicy, roleNameFor, withStatements } from "./rolePolicy.ts";
import type { Rule } from "./replication.ts";

function rule(bucket: string, ownerOverride = false, part: Partial<Rule> = {}): Rule {
  const destination = { bucket, ownerOverride };
  return { id: bucket, status: "Enabled", priority: 1, prefix: "", tags: [], destination, ...part };
}

interface Statement {
  Sid: string;
  Action: string[];
  Resource: string[];
}

function statements(policy: string): Statement[] {
  return (JSON.parse(policy) as { Statement: Statement[] }).Statement;
}

describe("replicationRolePolicy", () => {
  it("names the source and each destination once, and nothing else", () => {
    const found = statements(replicationRolePolicy("src", [rule("b"), rule("a"), rule("b")]));
    expect(new Set(found.flatMap((each) => each.Resource))).toEqual(
      new Set(["arn:aws:s3:::src", "arn:aws:s3:::src/*", "arn:aws:s3:::a/*", "arn:aws:s3:::b/*"]),
    );
    expect(found.flatMap((each) => each.Action).every((action) => !action.includes("*"))).toBe(true);
  });

  it("allows on each destination what its rules ask for, and no more", () => {
    const found = statements(
      replicationRolePolicy("src", [rule("a"), rule("b", true), rule("c", false, { deleteMarkers: "Enabled" })]),
    ).filter((each) => each.Sid.startsWith("WriteReplicas"));
    expect(
      Object.fromEntries(found.flatMap((each) => each.Resource.map((resource) => [resource, each.Action]))),
    ).toEqual({
      "arn:aws:s3:::a/*": ["s3:ReplicateObject"],
      "arn:aws:s3:::b/*": ["s3:ObjectOwnerOverrideToBucketOwner", "s3:ReplicateObject"],
      "arn:aws:s3:::c/*": ["s3:ReplicateDelete", "s3:ReplicateObject"],
    });
  });

  it("lists the source only where delete markers are replicated", () => {
    expect(replicationRolePolicy("src", [rule("a")])).not.toContain("s3:ListBucket");
    expect(replicationRolePolicy("src", [rule("a", false, { deleteMarkers: "Enabled" })])).toContain("s3:ListBucket");
  });
});

describe("roleNameFor", () => {
  it("is AWS's name, made unique and at most 64 characters long", () => {
    expect(roleNameFor("photos", new Set())).toBe("s3crr_role_for_photos");
    expect(roleNameFor("photos", new Set(["s3crr_role_for_photos"]))).toBe("s3crr_role_for_photos_2");
    const long = "b".repeat(63);
    const first = roleNameFor(long, new Set());
    expect(first).toHaveLength(64);
    expect(roleNameFor(long, new Set([first]))).toHaveLength(64);
  });

  it("tells a role of this page from others", () => {
    expect(madeHere("arn:aws:iam::111122223333:role/service-role/s3crr_role_for_photos")).toBe(true);
    expect(madeHere("arn:aws:iam::111122223333:role/s3crr_role_for_photos")).toBe(false);
  });
});

describe("withStatements", () => {
  const more = receivingStatements("dst", "arn:aws:iam::111122223333:role/r", true);

  it("keeps what is there, and replaces its own", () => {
    const other = { Sid: "Other", Effect: "Allow" };
    const once = withStatements(JSON.stringify({ Version: "2012-10-17", Statement: other }), more);
    const twice = withStatements(once, more);
    expect(statements(twice).map((each) => each.Sid)).toEqual(["Other", "ReplicasOfarnawsiam111122223333roler"]);
  });

  it("begins a policy where there is none", () => {
    expect(statements(withStatements(undefined, more))).toHaveLength(1);
  });
});
