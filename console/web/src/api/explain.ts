/** Why a version is, or is not, at its destinations: the answer of `/-/explain` (docs/explain.md). */

import type { Client } from "./client.ts";
import { date, type Members, number, object, objects, text } from "./json.ts";
import { type ObjectPlace, readStatus, type ReplicationStatus } from "./objects.ts";

/** An action on a resource that the caller is not permitted. own: the resource is of the caller's account. */
export interface Permission {
  readonly action: string;
  readonly resource: string;
  readonly own: boolean;
}

export interface Remedy {
  readonly action: string;
  readonly text: string;
  readonly bucket: string;
  readonly rule: string;
  readonly command: string | undefined;
  readonly then: string | undefined;
  /** The command of another change that does as well. */
  readonly instead: string | undefined;
  /** What the caller would need, and is not permitted. */
  readonly lacks: readonly Permission[];
}

export interface Waiting {
  readonly hold: string;
  readonly since: Date | undefined;
  readonly nextTry: Date | undefined;
  readonly attempts: number;
  readonly error: string;
}

/** A request that a delivery makes under the replication role, and whether it would be allowed now. */
export interface RoleStep {
  readonly action: string;
  readonly resource: string;
  readonly allowed: boolean;
  readonly statement: string;
  readonly code: string | undefined;
}

export interface ExplainedDestination {
  readonly bucket: string;
  readonly region: string | undefined;
  readonly rule: string;
  readonly status: ReplicationStatus | undefined;
  readonly at: Date | undefined;
  readonly code: string | undefined;
  readonly detail: string;
  readonly waiting: Waiting | undefined;
  readonly remedy: Remedy | undefined;
}

export interface ExplainedRule {
  readonly rule: string;
  readonly priority: number;
  readonly destination: string;
  readonly covers: boolean;
  readonly reason: string | undefined;
  readonly detail: string;
  readonly role: readonly RoleStep[];
  readonly remedy: Remedy | undefined;
}

export interface Explanation {
  readonly deleteMarker: boolean;
  readonly status: ReplicationStatus | undefined;
  readonly reason: string;
  readonly code: string | undefined;
  readonly summary: string;
  readonly remedy: Remedy | undefined;
  readonly destinations: readonly ExplainedDestination[];
  readonly rules: readonly ExplainedRule[];
}

export async function explain(client: Client, place: ObjectPlace, signal?: AbortSignal): Promise<Explanation> {
  const answer = await client.json({
    region: place.bucket.region,
    method: "GET",
    path: "/-/explain",
    query: { bucket: place.bucket.name, key: place.key, "version-id": place.versionId },
    signal,
  });
  return readExplanation(answer);
}

export function readExplanation(value: unknown): Explanation {
  const members = object(value);
  return {
    deleteMarker: members["delete_marker"] === true,
    status: readStatus(text(members["status"])),
    reason: text(members["reason"]) ?? "",
    code: text(members["code"]),
    summary: text(members["summary"]) ?? "",
    remedy: remedy(members["remedy"]),
    destinations: objects(members["destinations"]).map(destination),
    rules: objects(members["rules"]).map(rule),
  };
}

function destination(members: Members): ExplainedDestination {
  const waiting = members["waiting"] ? object(members["waiting"]) : undefined;
  return {
    bucket: text(members["destination"]) ?? "",
    region: text(members["region"]),
    rule: text(members["rule"]) ?? "",
    status: readStatus(text(members["status"])),
    at: date(members["at"]),
    code: text(members["code"]),
    detail: text(members["detail"]) ?? "",
    waiting: waiting && {
      hold: text(waiting["hold"]) ?? "",
      since: date(waiting["since"]),
      nextTry: date(waiting["next_try_at"]),
      attempts: number(waiting["attempts"]),
      error: text(waiting["error"]) ?? "",
    },
    remedy: remedy(members["remedy"]),
  };
}

function rule(members: Members): ExplainedRule {
  return {
    rule: text(members["rule"]) ?? "",
    priority: number(members["priority"]),
    destination: text(members["destination"]) ?? "",
    covers: members["covers"] === true,
    reason: text(members["reason"]),
    detail: text(members["detail"]) ?? "",
    role: readRoleSteps(members["role"]),
    remedy: remedy(members["remedy"]),
  };
}

export function readRoleSteps(value: unknown): RoleStep[] {
  return objects(value).map((step) => ({
    action: text(step["action"]) ?? "",
    resource: text(step["resource"]) ?? "",
    allowed: step["allowed"] === true,
    statement: text(step["statement"]) ?? "",
    code: text(step["code"]),
  }));
}

function remedy(value: unknown): Remedy | undefined {
  if (!value) return undefined;
  const members = object(value);
  return {
    action: text(members["action"]) ?? "",
    text: text(members["text"]) ?? "",
    bucket: text(members["bucket"]) ?? "",
    rule: text(members["rule"]) ?? "",
    command: text(members["command"]),
    then: text(members["then"]),
    instead: text(members["instead"]),
    lacks: objects(members["lacks"]).map((each) => ({
      action: text(each["action"]) ?? "",
      resource: text(each["resource"]) ?? "",
      own: each["own"] === true,
    })),
  };
}
