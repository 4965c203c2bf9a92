/** What comparing a destination with its source tells, line by line. Free of React. */

import { type Members, number, object, text, texts } from "../api/json.ts";

/** As the server counts (docs/verify.md). */
export interface Counts {
  readonly versions: number;
  readonly notExpected: number;
  readonly equal: number;
  readonly pending: number;
  readonly missing: number;
  readonly different: number;
  readonly sourceDamaged: number;
  readonly extra: number;
  readonly repaired: number;
  readonly left: number;
}

export interface Difference {
  readonly kind: string;
  readonly key: string;
  readonly versionId: string;
  /** In what it differs, or why it is missing. */
  readonly detail: string;
  readonly repair: string | undefined;
}

/** A verification as far as it has come. */
export interface Verification {
  /** Versions to look at; undefined until it has begun. */
  readonly total: number | undefined;
  readonly counts: Counts;
  /** The first of them: what is more is counted only. */
  readonly differences: readonly Difference[];
  /** undefined until its end. */
  readonly result: { readonly equal: boolean; readonly tookS: number; readonly digest: string } | undefined;
  /** Why it could not go on. */
  readonly broken: string | undefined;
}

export const DIFFERENCES_KEPT = 500;

export function readCounts(value: unknown): Counts {
  const members = object(value);
  return {
    versions: number(members["versions"]),
    notExpected: number(members["not_expected"]),
    equal: number(members["equal"]),
    pending: number(members["pending"]),
    missing: number(members["missing"]),
    different: number(members["different"]),
    sourceDamaged: number(members["source_damaged"]),
    extra: number(members["extra"]),
    repaired: number(members["repaired"]),
    left: number(members["left"]),
  };
}

export const NOT_BEGUN: Verification = {
  total: undefined,
  counts: readCounts(undefined),
  differences: [],
  result: undefined,
  broken: undefined,
};

/** How many versions are not as they ought to be. */
export function differencesOf(counts: Counts): number {
  return counts.missing + counts.different + counts.sourceDamaged + counts.extra;
}

/** The verification with more lines of the answer. */
export function withLines(before: Verification, lines: readonly Members[]): Verification {
  const differences = [...before.differences];
  let now = before;
  for (const line of lines) {
    if (line["line"] === "begun") now = { ...now, total: number(line["versions"]) };
    if (line["line"] === "progress") now = { ...now, counts: readCounts(line["counts"]) };
    if (line["line"] === "difference" && differences.length < DIFFERENCES_KEPT) differences.push(readDifference(line));
    if (line["line"] === "result") now = withResult(now, line);
    if (line["line"] === "error") now = { ...now, broken: text(line["message"]) ?? "It could not go on." };
  }
  return { ...now, differences };
}

function withResult(before: Verification, line: Members): Verification {
  const counts = readCounts(line["counts"]);
  if (line["complete"] !== true) return { ...before, counts, broken: "The server stopped before it was finished." };
  const result = {
    equal: line["equal"] === true,
    tookS: number(line["took_s"]),
    digest: text(line["digest"]) ?? "",
  };
  return { ...before, counts, result };
}

function readDifference(line: Members): Difference {
  const parts = [...texts(line["fields"]), text(line["why"]), text(line["code"])];
  return {
    kind: text(line["kind"]) ?? "",
    key: text(line["key"]) ?? "",
    versionId: text(line["version_id"]) ?? "",
    detail: parts.filter(Boolean).join(", "),
    repair: text(line["repair"]),
  };
}
