/** What a replication configuration would do: the answer of `/-/replication/preview` (docs/explain.md). */

import { type Configuration, writeConfiguration } from "../model/replication.ts";
import type { BucketPlace } from "./buckets.ts";
import type { Client } from "./client.ts";
import { ApiError } from "./errors.ts";
import { readRoleSteps, type RoleStep } from "./explain.ts";
import { number, object, objects, text, texts } from "./json.ts";

export interface Covered {
  readonly objects: number;
  readonly objectBytes: number;
  readonly versions: number;
}

export interface PreviewedRule {
  readonly rule: string;
  readonly covers: Covered;
  readonly inside: readonly string[];
  readonly outside: readonly { readonly key: string; readonly reason: string }[];
  readonly hint: string;
}

export interface PreviewedOverlap {
  readonly destination: string;
  readonly winner: string;
  readonly loser: string;
  readonly versions: number;
}

export interface Preview {
  /** What PutBucketReplication would answer; the first is what it says. */
  readonly errors: readonly ApiError[];
  readonly complete: boolean;
  readonly elapsedS: number;
  readonly versions: number;
  readonly rules: readonly PreviewedRule[];
  readonly overlaps: readonly PreviewedOverlap[];
  /** What the role may do now, by destination. */
  readonly role: ReadonlyMap<string, readonly RoleStep[]>;
}

/** Nothing is changed. The whole bucket is looked through, for at most 25 s. */
export async function previewReplication(
  client: Client,
  bucket: BucketPlace,
  configuration: Configuration,
  signal?: AbortSignal,
): Promise<Preview> {
  const answer = await client.json({
    region: bucket.region,
    method: "POST",
    path: "/-/replication/preview",
    query: { bucket: bucket.name },
    body: writeConfiguration(configuration),
    signal,
  });
  return readPreview(answer);
}

export function readPreview(value: unknown): Preview {
  const members = object(value);
  const scanned = object(members["scanned"]);
  return {
    errors: objects(members["errors"]).map(
      (error) =>
        new ApiError(
          text(error["code"]) ?? "",
          text(error["message"]) ?? "",
          number(error["status"]),
          "",
          details(error["details"]),
        ),
    ),
    complete: scanned["complete"] === true,
    elapsedS: number(scanned["elapsed_s"]),
    versions: number(scanned["versions"]),
    rules: objects(members["rules"]).map((rule) => {
      const covers = object(rule["covers"]);
      return {
        rule: text(rule["rule"]) ?? "",
        covers: {
          objects: number(covers["objects"]),
          objectBytes: number(covers["object_bytes"]),
          versions: number(covers["versions"]),
        },
        inside: texts(rule["samples_in"]),
        outside: objects(rule["samples_out"]).map((sample) => ({
          key: text(sample["key"]) ?? "",
          reason: text(sample["reason"]) ?? "",
        })),
        hint: text(rule["hint"]) ?? "",
      };
    }),
    overlaps: objects(members["overlaps"]).map((overlap) => ({
      destination: text(overlap["destination"]) ?? "",
      winner: text(overlap["winner"]) ?? "",
      loser: text(overlap["loser"]) ?? "",
      versions: number(object(overlap["counts"])["versions"]),
    })),
    role: new Map(
      objects(members["destinations"]).map((destination) => [
        text(destination["destination"]) ?? "",
        readRoleSteps(destination["role"]),
      ]),
    ),
  };
}

function details(value: unknown): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, member] of Object.entries(object(value))) if (typeof member === "string") found[name] = member;
  return found;
}
