/** Buckets and what is configured on them, through the S3 API. */

import type { Client } from "./client.ts";
import { ApiError, isApiError, unlessAbsent } from "./errors.ts";
import { encode } from "./signer.ts";
import { el, s3Document } from "./xml.ts";

export interface Bucket {
  readonly name: string;
  readonly region: string;
  readonly created: Date | undefined;
}

/** Where a bucket is: requests for it are signed for its region. */
export interface BucketPlace {
  readonly name: string;
  readonly region: string;
}

export type Versioning = "Enabled" | "Suspended" | "Disabled";

export interface Tag {
  readonly key: string;
  readonly value: string;
}

export type ObjectOwnership = "BucketOwnerEnforced" | "BucketOwnerPreferred" | "ObjectWriter";

const DEFAULT_REGION = "us-east-1";

/** All buckets of the account, by name. */
export async function listBuckets(client: Client, signal?: AbortSignal): Promise<Bucket[]> {
  const buckets: Bucket[] = [];
  let token: string | undefined;
  do {
    const root = await client.xml({
      region: DEFAULT_REGION,
      method: "GET",
      path: "/",
      query: { "max-buckets": 1000, "continuation-token": token },
      signal,
    });
    for (const bucket of root.child("Buckets")?.children("Bucket") ?? []) {
      buckets.push({
        name: bucket.text("Name") ?? "",
        region: bucket.text("BucketRegion") || DEFAULT_REGION,
        created: bucket.date("CreationDate"),
      });
    }
    token = root.text("ContinuationToken") || undefined;
  } while (token);
  return buckets;
}

/** The bucket's region, also of another account's bucket; undefined when there is no such bucket. */
export async function bucketRegion(client: Client, name: string, signal?: AbortSignal): Promise<string | undefined> {
  try {
    const request = { region: DEFAULT_REGION, method: "HEAD", path: `/${encode(name)}`, signal };
    return (await client.fetch(request)).headers.get("x-amz-bucket-region") ?? DEFAULT_REGION;
  } catch (error) {
    if (!isApiError(error) || error.status === 0) throw error;
    if (error.status === 404) return undefined;
    return error.details["Region"] ?? DEFAULT_REGION;
  }
}

export interface NewBucket {
  readonly name: string;
  readonly region: string;
  readonly versioning: boolean;
  readonly ownership: ObjectOwnership;
  readonly tags: readonly Tag[];
}

/**
 * Create the bucket; versioning is switched on by a second request, as S3 has it.
 *
 * AWS: in us-east-1 a bucket of one's own is created again with success. Here it would be changed, so it is refused.
 */
export async function createBucket(client: Client, bucket: NewBucket): Promise<void> {
  if (bucket.region === DEFAULT_REGION && (await bucketRegion(client, bucket.name)) !== undefined) {
    throw new ApiError("BucketAlreadyExists", "A bucket with this name exists already.", 409, "");
  }
  const place = { name: bucket.name, region: bucket.region };
  const tags = bucket.tags.map((tag) => el("Tag", [el("Key", tag.key), el("Value", tag.value)]));
  const members = [
    bucket.region === DEFAULT_REGION ? undefined : el("LocationConstraint", bucket.region),
    tags.length > 0 ? el("Tags", tags) : undefined,
  ].filter((member) => member !== undefined);
  await client.send({
    region: bucket.region,
    method: "PUT",
    path: `/${encode(bucket.name)}`,
    headers: {
      "x-amz-object-ownership": bucket.ownership === "BucketOwnerEnforced" ? undefined : bucket.ownership,
    },
    body: members.length > 0 ? s3Document("CreateBucketConfiguration", members) : "",
  });
  if (bucket.versioning) await putVersioning(client, place, "Enabled");
}

export async function deleteBucket(client: Client, bucket: BucketPlace): Promise<void> {
  await client.send({ region: bucket.region, method: "DELETE", path: `/${encode(bucket.name)}` });
}

export async function getVersioning(client: Client, bucket: BucketPlace, signal?: AbortSignal): Promise<Versioning> {
  const root = await client.xml({ ...configuration(bucket, "GET", "versioning"), signal });
  const status = root.text("Status");
  return status === "Enabled" || status === "Suspended" ? status : "Disabled";
}

export async function putVersioning(
  client: Client,
  bucket: BucketPlace,
  status: "Enabled" | "Suspended",
): Promise<void> {
  const body = s3Document("VersioningConfiguration", el("Status", status));
  await client.send({ ...configuration(bucket, "PUT", "versioning"), body });
}

export async function getBucketTags(client: Client, bucket: BucketPlace, signal?: AbortSignal): Promise<Tag[]> {
  const root = await unlessAbsent(client.xml({ ...configuration(bucket, "GET", "tagging"), signal }));
  return (root?.child("TagSet")?.children("Tag") ?? []).map((tag) => ({
    key: tag.text("Key") ?? "",
    value: tag.text("Value") ?? "",
  }));
}

export async function putBucketTags(client: Client, bucket: BucketPlace, tags: readonly Tag[]): Promise<void> {
  if (tags.length === 0) {
    await client.send(configuration(bucket, "DELETE", "tagging"));
    return;
  }
  await client.send({ ...configuration(bucket, "PUT", "tagging"), body: taggingDocument(tags) });
}

export function taggingDocument(tags: readonly Tag[]): string {
  return s3Document(
    "Tagging",
    el(
      "TagSet",
      tags.map((tag) => el("Tag", [el("Key", tag.key), el("Value", tag.value)])),
    ),
  );
}

/** The policy as stored; undefined when there is none. */
export async function getBucketPolicy(
  client: Client,
  bucket: BucketPlace,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const answer = await unlessAbsent(client.send({ ...configuration(bucket, "GET", "policy"), signal }));
  return answer?.text;
}

export async function putBucketPolicy(client: Client, bucket: BucketPlace, policy: string): Promise<void> {
  await client.send({ ...configuration(bucket, "PUT", "policy"), body: policy });
}

export async function deleteBucketPolicy(client: Client, bucket: BucketPlace): Promise<void> {
  await client.send(configuration(bucket, "DELETE", "policy"));
}

export async function getOwnership(
  client: Client,
  bucket: BucketPlace,
  signal?: AbortSignal,
): Promise<ObjectOwnership | undefined> {
  const request = { ...configuration(bucket, "GET", "ownershipControls"), signal };
  const root = await unlessAbsent(client.xml(request));
  return root?.text("Rule/ObjectOwnership") as ObjectOwnership | undefined;
}

export async function putOwnership(client: Client, bucket: BucketPlace, ownership: ObjectOwnership): Promise<void> {
  const body = s3Document("OwnershipControls", el("Rule", el("ObjectOwnership", ownership)));
  await client.send({ ...configuration(bucket, "PUT", "ownershipControls"), body });
}

/** A request for a sub-resource of a bucket (`?versioning`, …). */
export function configuration(bucket: BucketPlace, method: string, subresource: string) {
  return { region: bucket.region, method, path: `/${encode(bucket.name)}`, query: { [subresource]: "" } };
}
