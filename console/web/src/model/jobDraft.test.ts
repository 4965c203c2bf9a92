import { describe, expect, it } from "vitest";
import { jobOf, jobProblems, newJobDraft, reportOf } from "./jobDraft.ts";

const ROLE = "arn:aws:iam::111122223333:role/r";

describe("reportOf", () => {
  it.each([
    ["s3://reports/batch/", "reports", "batch"],
    ["reports", "reports", ""],
    ["s3://reports/a/b", "reports", "a/b"],
  ])("%s", (reportPath, bucket, prefix) => {
    expect(reportOf({ ...newJobDraft("b"), report: true, reportPath })).toMatchObject({ bucket, prefix });
  });

  it("is none when none is wanted", () => {
    expect(reportOf({ ...newJobDraft("b"), reportPath: "reports" })).toBeUndefined();
  });
});

describe("jobProblems", () => {
  it("finds nothing wrong with what is filled in at first", () => {
    expect(jobProblems(newJobDraft("b"))).toEqual({});
  });

  it("names every field that is missing", () => {
    const draft = {
      ...newJobDraft(""),
      report: true,
      confirm: true,
      saveManifest: true,
      priority: "-1",
      roleChoice: "choose" as const,
    };
    expect(Object.keys(jobProblems(draft)).sort()).toEqual(["bucket", "manifest", "priority", "report", "role"]);
  });
});

it("a job that runs by itself saves no manifest", () => {
  const draft = { ...newJobDraft("b"), saveManifest: true, manifestBucket: "m", createdBefore: "2026-01-02" };
  expect(jobOf(draft, "us-east-1", ROLE)).toMatchObject({
    manifestBucket: undefined,
    confirmationRequired: false,
    createdBefore: new Date("2026-01-02T00:00:00Z"),
    createdAfter: undefined,
  });
  expect(jobOf({ ...draft, confirm: true }, "us-east-1", ROLE).manifestBucket).toBe("m");
});

it("each form has a token of its own", () => {
  expect(newJobDraft("b").token).not.toBe(newJobDraft("b").token);
});
