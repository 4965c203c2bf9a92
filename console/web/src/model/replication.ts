/** A replication configuration in the page's words, and as the XML that S3 takes and gives. Free of React. */

import type { Tag } from "../api/buckets.ts";
import { el, s3Document, type Xml, type XmlElement } from "../api/xml.ts";

export type Switch = "Enabled" | "Disabled";

export interface Destination {
  readonly bucket: string;
  readonly account?: string | undefined;
  readonly storageClass?: string | undefined;
  readonly ownerOverride: boolean;
  readonly replicaKmsKeyId?: string | undefined;
  readonly replicationTime?: { readonly status: Switch; readonly minutes: number } | undefined;
  readonly metrics?: { readonly status: Switch; readonly minutes?: number | undefined } | undefined;
}

/**
 * A rule. priority: undefined in a V1 document. deleteMarkers: undefined where the document has none (V1, which
 * replicates them always).
 */
export interface Rule {
  readonly id: string;
  readonly status: Switch;
  readonly priority?: number | undefined;
  readonly prefix: string;
  readonly tags: readonly Tag[];
  readonly deleteMarkers?: Switch | undefined;
  readonly replicaModifications?: Switch | undefined;
  readonly sseKms?: Switch | undefined;
  readonly destination: Destination;
}

export interface Configuration {
  readonly role: string;
  readonly rules: readonly Rule[];
}

export const RULES_MAX = 1000;
export const THRESHOLD_MINUTES = 15;
const BUCKET_ARN = "arn:aws:s3:::";

export function bucketArn(name: string): string {
  return `${BUCKET_ARN}${name}`;
}

export function bucketOfArn(arn: string): string {
  return arn.startsWith(BUCKET_ARN) ? arn.slice(BUCKET_ARN.length) : arn;
}

export function readConfiguration(root: XmlElement): Configuration {
  return { role: root.text("Role") ?? "", rules: root.children("Rule").map(readRule) };
}

function readRule(rule: XmlElement): Rule {
  const filter = rule.child("Filter");
  const both = filter?.child("And");
  const criteria = rule.child("SourceSelectionCriteria");
  return {
    id: rule.text("ID") ?? "",
    status: readSwitch(rule.text("Status")) ?? "Disabled",
    priority: rule.number("Priority"),
    prefix: both?.text("Prefix") ?? filter?.text("Prefix") ?? rule.text("Prefix") ?? "",
    tags: [...(both?.children("Tag") ?? []), ...(filter?.children("Tag") ?? [])].map((tag) => ({
      key: tag.text("Key") ?? "",
      value: tag.text("Value") ?? "",
    })),
    deleteMarkers: readSwitch(rule.text("DeleteMarkerReplication/Status")),
    replicaModifications: readSwitch(criteria?.text("ReplicaModifications/Status")),
    sseKms: readSwitch(criteria?.text("SseKmsEncryptedObjects/Status")),
    destination: readDestination(rule.child("Destination")),
  };
}

function readDestination(destination: XmlElement | undefined): Destination {
  const time = readSwitch(destination?.text("ReplicationTime/Status"));
  const metrics = readSwitch(destination?.text("Metrics/Status"));
  return {
    bucket: bucketOfArn(destination?.text("Bucket") ?? ""),
    account: destination?.text("Account"),
    storageClass: destination?.text("StorageClass"),
    ownerOverride: destination?.text("AccessControlTranslation/Owner") === "Destination",
    replicaKmsKeyId: destination?.text("EncryptionConfiguration/ReplicaKmsKeyID"),
    replicationTime: time && {
      status: time,
      minutes: destination?.number("ReplicationTime/Time/Minutes") ?? THRESHOLD_MINUTES,
    },
    metrics: metrics && { status: metrics, minutes: destination?.number("Metrics/EventThreshold/Minutes") },
  };
}

function readSwitch(text: string | undefined): Switch | undefined {
  return text === "Enabled" || text === "Disabled" ? text : undefined;
}

export function writeConfiguration(configuration: Configuration): string {
  return s3Document("ReplicationConfiguration", [
    el("Role", configuration.role),
    ...toV2(configuration.rules).map(writeRule),
  ]);
}

/**
 * The rules in today's form: the console always saves V2, as AWS's does.
 *
 * A V1 document has one destination and no priorities; its earlier rules are the stronger ones, and delete markers are
 * always replicated.
 */
export function toV2(rules: readonly Rule[]): Rule[] {
  const taken = new Set(rules.map((rule) => rule.priority));
  let next = rules.length;
  const free = () => {
    while (taken.has(next)) next += 1;
    taken.add(next);
    return next;
  };
  const missing = rules
    .filter((rule) => rule.priority === undefined)
    .map(() => free())
    .sort((a, b) => b - a);
  return rules.map((rule) => ({
    ...rule,
    priority: rule.priority ?? missing.shift(),
    deleteMarkers: rule.deleteMarkers ?? (rule.tags.length > 0 ? "Disabled" : "Enabled"),
  }));
}

function writeRule(rule: Rule): Xml | undefined {
  return el("Rule", [
    el("ID", rule.id || undefined),
    el("Priority", rule.priority),
    el("Filter", writeFilter(rule)),
    el("Status", rule.status),
    writeCriteria(rule),
    writeDestination(rule.destination),
    el("DeleteMarkerReplication", el("Status", rule.deleteMarkers)),
  ]);
}

function writeFilter(rule: Rule): readonly (Xml | undefined)[] {
  const tags = rule.tags.map((tag) => el("Tag", [el("Key", tag.key), el("Value", tag.value)]));
  if (rule.prefix !== "" && tags.length > 0) return [el("And", [el("Prefix", rule.prefix), ...tags])];
  if (tags.length > 1) return [el("And", tags)];
  if (tags.length === 1) return tags;
  return rule.prefix === "" ? [] : [el("Prefix", rule.prefix)];
}

function writeCriteria(rule: Rule): Xml | undefined {
  if (rule.sseKms === undefined && rule.replicaModifications === undefined) return undefined;
  return el("SourceSelectionCriteria", [
    rule.sseKms && el("SseKmsEncryptedObjects", el("Status", rule.sseKms)),
    rule.replicaModifications && el("ReplicaModifications", el("Status", rule.replicaModifications)),
  ]);
}

function writeDestination(destination: Destination): Xml | undefined {
  const { replicationTime, metrics } = destination;
  return el("Destination", [
    el("Bucket", bucketArn(destination.bucket)),
    el("Account", destination.account),
    el("StorageClass", destination.storageClass),
    destination.ownerOverride ? el("AccessControlTranslation", el("Owner", "Destination")) : undefined,
    destination.replicaKmsKeyId
      ? el("EncryptionConfiguration", el("ReplicaKmsKeyID", destination.replicaKmsKeyId))
      : undefined,
    replicationTime &&
      el("ReplicationTime", [el("Status", replicationTime.status), el("Time", el("Minutes", replicationTime.minutes))]),
    metrics &&
      el("Metrics", [
        el("Status", metrics.status),
        metrics.minutes === undefined ? undefined : el("EventThreshold", el("Minutes", metrics.minutes)),
      ]),
  ]);
}

/** Whether a key and its tags are in a rule's scope: AWS's prefix and tag filter, all of it must hold. */
export function covers(rule: Rule, key: string, tags: readonly Tag[] | undefined): boolean {
  if (!key.startsWith(rule.prefix)) return false;
  return rule.tags.every(
    (wanted) => tags?.some((tag) => tag.key === wanted.key && tag.value === wanted.value) ?? false,
  );
}

/** The scope in words, as the table of rules shows it. */
export function scopeText(rule: Pick<Rule, "prefix" | "tags">): string {
  const parts = [
    ...(rule.prefix === "" ? [] : [`Prefix: ${rule.prefix}`]),
    ...rule.tags.map((tag) => `Tag: ${tag.key}=${tag.value}`),
  ];
  return parts.length === 0 ? "Entire bucket" : parts.join(", ");
}

/** Strongest first: higher numbers win, and a V1 document's earlier rule. */
export function byStrength(rules: readonly Rule[]): Rule[] {
  return toV2(rules).sort((a, b) => (b.priority ?? 0) - (a.priority ?? 0));
}
