import { expect, it } from "vitest";
import { DIFFERENCES_KEPT, differencesOf, NOT_BEGUN, withLines } from "./verification.ts";

const MISSING = { line: "difference", kind: "MISSING", key: "a", version_id: "v", fields: [], why: "NO_TASK" };

it("counts as it goes, and ends with a result", () => {
  const begun = withLines(NOT_BEGUN, [{ line: "begun", versions: 3 }]);
  expect(begun.total).toBe(3);
  const half = withLines(begun, [MISSING, { line: "progress", counts: { versions: 2, equal: 1, missing: 1 } }]);
  expect(half.counts.equal).toBe(1);
  expect(half.result).toBeUndefined();
  expect(half.differences).toEqual([
    { kind: "MISSING", key: "a", versionId: "v", detail: "NO_TASK", repair: undefined },
  ]);
  const counts = { versions: 3, equal: 1, missing: 1, extra: 1, not_expected: 0 };
  const done = withLines(half, [{ line: "result", complete: true, equal: false, counts, took_s: 1.5, digest: "d" }]);
  expect(done.result).toEqual({ equal: false, tookS: 1.5, digest: "d" });
  expect(differencesOf(done.counts)).toBe(2);
});

it("says in what a version differs", () => {
  const line = { ...MISSING, kind: "DIFFERENT", fields: ["TAGS", "ACL"], why: null, repair: "ON_ITS_WAY" };
  expect(withLines(NOT_BEGUN, [line]).differences[0]).toMatchObject({ detail: "TAGS, ACL", repair: "ON_ITS_WAY" });
});

it("keeps the first differences only", () => {
  const lines = Array.from({ length: DIFFERENCES_KEPT + 1 }, () => MISSING);
  expect(withLines(NOT_BEGUN, lines).differences).toHaveLength(DIFFERENCES_KEPT);
});

it("has no result when the server stopped, or could not go on", () => {
  const stopped = withLines(NOT_BEGUN, [{ line: "result", complete: false, counts: {} }]);
  expect(stopped).toMatchObject({ result: undefined, broken: "The server stopped before it was finished." });
  const broken = withLines(NOT_BEGUN, [{ line: "error", code: "SlowDown", message: "Later." }]);
  expect(broken).toMatchObject({ result: undefined, broken: "Later." });
});
