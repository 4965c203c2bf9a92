/** From explain's remedy to something to press. Whether the caller may, explain says. */

import { type BucketPlace, bucketRegion, putVersioning } from "../../api/buckets.ts";
import type { Client } from "../../api/client.ts";
import type { Remedy } from "../../api/explain.ts";
import { copyOntoItself, deleteObject, getObjectTags, type ObjectPlace, putObjectTags } from "../../api/objects.ts";
import { retryFailures } from "../../api/replicationStatus.ts";
import { changeRules, getReplication } from "../../api/replication.ts";
import type { Rule } from "../../model/replication.ts";
import { href } from "../../router.ts";

export interface PossibleMend {
  readonly label: string;
  /** Does it; where there is none, `href` leads to where it is done. */
  readonly run?: (client: Client) => Promise<void>;
  readonly href?: string;
  /** It is shown before it is done. */
  readonly dialog?: "role";
}

/** destination: whose trouble it would mend, where it is one destination's. */
export function mendOf(remedy: Remedy, place: ObjectPlace, destination: string | undefined): PossibleMend | undefined {
  const source = bucketPath(place.bucket.name);
  const folder = place.key.slice(0, place.key.lastIndexOf("/") + 1);
  switch (remedy.action) {
    case "EnableVersioning":
      return { label: "Enable Bucket Versioning", run: (client) => enableVersioning(client, remedy.bucket) };
    case "EnableRule":
      return { label: "Enable rule", run: changeRule(place.bucket, remedy.rule, { status: "Enabled" }) };
    case "EnableDeleteMarkerReplication":
      return {
        label: "Replicate delete markers",
        run: changeRule(place.bucket, remedy.rule, { deleteMarkers: "Enabled" }),
      };
    case "EnableReplicaModifications":
      return {
        label: "Enable replica modification sync",
        run: changeRule(place.bucket, remedy.rule, { replicaModifications: "Enabled" }),
      };
    case "BatchReplication":
      return { label: "Create Batch Replication job", href: href("/create-job", { bucket: place.bucket.name }) };
    case "CopyToStandard":
      return { label: "Upload again", href: href(`${source}/upload`, { prefix: folder || undefined }) };
    case "CopyOntoItself":
      return remedy.rule
        ? { label: "Copy the object onto itself with the rule's tags", run: copyWithTagsOf(remedy.rule, place) }
        : { label: "Copy the object onto itself", run: (client) => copyOntoItself(client, place) };
    case "PutObjectTagging":
      return { label: "Put the tags again", run: (client) => putTagsAgain(client, place) };
    case "DeleteAtDestination":
      return remedy.bucket === place.bucket.name
        ? { label: "Delete once more", run: (client) => deleteObject(client, { ...place, versionId: undefined }) }
        : { label: "Open the destination", href: href(bucketPath(remedy.bucket), { find: place.key, versions: true }) };
    case "Verify":
      return destination === undefined
        ? undefined
        : { label: "Verify replication", href: href(`${source}/verify-replication`, { destination }) };
    case "CreateBucket":
      return { label: "Create bucket", href: href("/create-bucket") };
    case "PutBucketReplication":
    case "AddRule":
      return { label: "Create replication rule", href: href(`${source}/create-replication-rule`) };
    case "RaisePriority":
      return { label: "Edit rule", href: href(`${source}/edit-replication-rule`, { rule: remedy.rule }) };
    case "MendRole":
      // No command: a statement denies it, which no permission outweighs.
      return remedy.command === undefined
        ? { label: "Roles", href: href("/access/roles") }
        : { label: "Give the role what it lacks", dialog: "role" };
    case "UpdateAssumeRolePolicy":
      return { label: "Let Amazon S3 assume the role", dialog: "role" };
    case "CreateRole":
      return { label: "Roles", href: href("/access/roles") };
    case "DeleteReplica":
      return {
        label: "Open the destination",
        href: href(bucketPath(remedy.bucket), { find: place.key, versions: true }),
      };
    case "UploadAgain":
      return { label: "Upload", href: href(`${source}/upload`, { prefix: folder || undefined }) };
    case "Retry":
      return { label: "Retry", run: (client) => retry(client, place) };
    default:
      return undefined;
  }
}

async function retry(client: Client, { bucket, key, versionId }: ObjectPlace): Promise<void> {
  const { retried } = await retryFailures(client, bucket, { key, versionId });
  if (retried === 0) throw new Error("No rule would take it now, or you may not start its replication.");
}

function bucketPath(name: string): string {
  return `/buckets/${encodeURIComponent(name)}`;
}

/** Tags count when a version is written: the copy has the object's own, and those that the rule asks for. */
function copyWithTagsOf(ruleId: string, place: ObjectPlace) {
  return async (client: Client) => {
    const configuration = await getReplication(client, place.bucket);
    const wanted = configuration?.rules.find((rule) => rule.id === ruleId)?.tags ?? [];
    const tags = await getObjectTags(client, place);
    const merged = new Map([...tags, ...wanted].map((tag) => [tag.key, tag]));
    await copyOntoItself(client, place, [...merged.values()]);
  };
}

async function putTagsAgain(client: Client, place: ObjectPlace): Promise<void> {
  await putObjectTags(client, place, await getObjectTags(client, place));
}

async function enableVersioning(client: Client, name: string): Promise<void> {
  const region = await bucketRegion(client, name);
  if (region !== undefined) await putVersioning(client, { name, region }, "Enabled");
}

function changeRule(bucket: BucketPlace, id: string, part: Partial<Rule>) {
  return (client: Client) =>
    changeRules(client, bucket, (rules) => rules.map((rule) => (rule.id === id ? { ...rule, ...part } : rule)));
}
