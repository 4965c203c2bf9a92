/** A policy as it is typed: what is wrong with it before it is sent, and where. */

import { jsonErrorAt } from "./jsonText.ts";

export interface PolicyProblem {
  readonly message: string;
  /** From 1; undefined when it is about the document as a whole. */
  readonly line?: number | undefined;
}

export type PolicyKind = "bucket" | "identity" | "trust";

type Members = Readonly<Record<string, unknown>>;

const TOP = new Set(["Version", "Id", "Statement"]);
const MEMBERS = new Set([
  "Sid",
  "Effect",
  "Principal",
  "NotPrincipal",
  "Action",
  "NotAction",
  "Resource",
  "NotResource",
  "Condition",
]);

/** The problems of a policy's text; empty when it can be sent. The server has the last word. */
export function policyProblems(text: string, kind: PolicyKind, bucket?: string): PolicyProblem[] {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    return [jsonProblem(text, error)];
  }
  if (!isObject(document)) return [{ message: "A policy is a JSON object." }];
  const problems: PolicyProblem[] = [];
  for (const name of Object.keys(document)) {
    if (!TOP.has(name))
      problems.push({ message: `A policy has no element "${name}".`, line: lineOf(text, `"${name}"`) });
  }
  if (document["Version"] !== "2012-10-17" && document["Version"] !== "2008-10-17") {
    problems.push({ message: 'Version must be "2012-10-17".', line: lineOf(text, '"Version"') });
  }
  const given = document["Statement"];
  const statements = Array.isArray(given) ? (given as unknown[]) : given === undefined ? [] : [given];
  if (statements.length === 0) problems.push({ message: "Statement is missing: a policy has at least one." });
  statements.forEach((statement, index) => {
    const where = `Statement ${index + 1}`;
    if (!isObject(statement)) problems.push({ message: `${where} is no JSON object.` });
    else problems.push(...statementProblems(text, statement, where, kind, bucket));
  });
  return problems;
}

function statementProblems(
  text: string,
  statement: Members,
  where: string,
  kind: PolicyKind,
  bucket?: string,
): PolicyProblem[] {
  const problems: PolicyProblem[] = [];
  const need = (message: string, near?: string) =>
    problems.push({ message: `${where}: ${message}`, line: near === undefined ? undefined : lineOf(text, near) });
  for (const name of Object.keys(statement)) {
    if (!MEMBERS.has(name)) need(`there is no element "${name}".`, `"${name}"`);
  }
  if (statement["Effect"] !== "Allow" && statement["Effect"] !== "Deny")
    need('Effect must be "Allow" or "Deny".', '"Effect"');
  if (!has(statement, "Action", "NotAction")) need("Action is missing.");
  const principal = has(statement, "Principal", "NotPrincipal");
  if (kind === "identity" && principal) need("a policy of a user, group or role names no Principal.", '"Principal"');
  if (kind !== "identity" && !principal) need("Principal is missing: whom does it speak of?");
  if (kind === "trust") {
    if (has(statement, "Resource", "NotResource")) need("a trust policy names no Resource.", '"Resource"');
  } else if (!has(statement, "Resource", "NotResource")) need("Resource is missing.");
  if (kind === "bucket" && bucket !== undefined) {
    for (const resource of texts(statement["Resource"])) {
      const name = resource.slice("arn:aws:s3:::".length).split("/")[0] ?? "";
      if (!resource.startsWith("arn:aws:s3:::") || (name !== bucket && !/[*?$]/.test(name))) {
        need(
          `Resource must be this bucket or its objects (arn:aws:s3:::${bucket}, arn:aws:s3:::${bucket}/*).`,
          `"${resource}"`,
        );
      }
    }
  }
  return problems;
}

function has(members: Members, ...names: string[]): boolean {
  return names.some((name) => members[name] !== undefined);
}

function texts(value: unknown): string[] {
  const values: unknown[] = Array.isArray(value) ? (value as unknown[]) : [value];
  return values.filter((each) => typeof each === "string");
}

function isObject(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function jsonProblem(text: string, error: unknown): PolicyProblem {
  if (text.trim() === "") return { message: "Enter a policy." };
  const message = error instanceof Error ? error.message : String(error);
  const at = jsonErrorAt(text) ?? text.length;
  return { message: `This is no JSON: ${message}`, line: text.slice(0, at).split("\n").length };
}

function lineOf(text: string, part: string): number | undefined {
  const at = text.indexOf(part);
  return at < 0 ? undefined : text.slice(0, at).split("\n").length;
}
