/** Objects and their versions, through the S3 API. */

import type { BucketPlace, Tag } from "./buckets.ts";
import { taggingDocument } from "./buckets.ts";
import type { ApiRequest, Client } from "./client.ts";
import { metadataHeaders, metadataRows } from "../model/metadata.ts";
import { encode, encodePath } from "./signer.ts";
import { el, s3Document, type XmlElement } from "./xml.ts";

export type ReplicationStatus = "PENDING" | "COMPLETED" | "FAILED" | "REPLICA";

/** One version of an object, or a delete marker. versionId: undefined in a listing of current objects. */
export interface ObjectVersion {
  readonly kind: "object" | "marker";
  readonly key: string;
  readonly versionId: string | undefined;
  readonly latest: boolean;
  readonly modified: Date | undefined;
  readonly size: number;
  readonly etag: string;
  readonly storageClass: string;
}

export interface Page {
  readonly folders: readonly string[];
  readonly versions: readonly ObjectVersion[];
  readonly next: Marker | undefined;
}

/** Where a listing goes on: a token (current objects), or key and version id (versions). */
export type Marker = { readonly token: string } | { readonly key: string; readonly versionId: string };

export interface Listing {
  readonly prefix: string;
  readonly showVersions: boolean;
  readonly pageSize: number;
  readonly marker?: Marker | undefined;
  /** Off: every key below the prefix, folders dissolved. */
  readonly delimiter?: boolean;
}

export async function listObjects(
  client: Client,
  bucket: BucketPlace,
  listing: Listing,
  signal?: AbortSignal,
): Promise<Page> {
  return listing.showVersions
    ? versionsPage(client, bucket, listing, signal)
    : objectsPage(client, bucket, listing, signal);
}

async function objectsPage(client: Client, bucket: BucketPlace, listing: Listing, signal?: AbortSignal): Promise<Page> {
  const { marker } = listing;
  const root = await client.xml({
    region: bucket.region,
    method: "GET",
    path: `/${encode(bucket.name)}`,
    query: {
      "list-type": 2,
      "encoding-type": "url",
      prefix: listing.prefix || undefined,
      delimiter: listing.delimiter === false ? undefined : "/",
      "max-keys": listing.pageSize,
      "continuation-token": marker && "token" in marker ? marker.token : undefined,
    },
    signal,
  });
  const token = root.text("NextContinuationToken");
  return {
    folders: folders(root),
    versions: root.children("Contents").map((entry) => version(entry, "object")),
    next: root.flag("IsTruncated") && token ? { token } : undefined,
  };
}

async function versionsPage(
  client: Client,
  bucket: BucketPlace,
  listing: Listing,
  signal?: AbortSignal,
): Promise<Page> {
  const { marker } = listing;
  const at = marker && "key" in marker ? marker : undefined;
  const root = await client.xml({
    region: bucket.region,
    method: "GET",
    path: `/${encode(bucket.name)}`,
    query: {
      versions: "",
      "encoding-type": "url",
      prefix: listing.prefix || undefined,
      delimiter: listing.delimiter === false ? undefined : "/",
      "max-keys": listing.pageSize,
      "key-marker": at?.key,
      "version-id-marker": at?.versionId || undefined,
    },
    signal,
  });
  const versions = root
    .children()
    .filter((child) => child.name === "Version" || child.name === "DeleteMarker")
    .map((entry) => version(entry, entry.name === "Version" ? "object" : "marker"));
  const key = root.text("NextKeyMarker");
  return {
    folders: folders(root),
    versions,
    next:
      root.flag("IsTruncated") && key !== undefined
        ? { key: decode(key), versionId: root.text("NextVersionIdMarker") ?? "" }
        : undefined,
  };
}

function folders(root: XmlElement): string[] {
  return root.children("CommonPrefixes").map((entry) => decode(entry.text("Prefix") ?? ""));
}

function version(entry: XmlElement, kind: "object" | "marker"): ObjectVersion {
  return {
    kind,
    key: decode(entry.text("Key") ?? ""),
    versionId: entry.text("VersionId"),
    latest: entry.text("IsLatest") !== "false",
    modified: entry.date("LastModified"),
    size: entry.number("Size") ?? 0,
    etag: (entry.text("ETag") ?? "").replaceAll('"', ""),
    storageClass: entry.text("StorageClass") ?? "",
  };
}

/** Listings are asked for with encoding-type=url: a key may hold characters that XML cannot. */
function decode(text: string): string {
  return decodeURIComponent(text.replaceAll("+", " "));
}

export interface ObjectHead {
  readonly versionId: string | undefined;
  readonly size: number;
  readonly modified: Date | undefined;
  readonly etag: string;
  readonly contentType: string;
  readonly storageClass: string;
  readonly replicationStatus: ReplicationStatus | undefined;
  readonly encryption: string | undefined;
  readonly partsCount: number | undefined;
  readonly systemMetadata: Readonly<Record<string, string>>;
  readonly userMetadata: Readonly<Record<string, string>>;
  /** `x-farshore-replication-*`: what each destination has, where the server says so. */
  readonly destinations: readonly string[];
}

export interface ObjectPlace {
  readonly bucket: BucketPlace;
  readonly key: string;
  readonly versionId?: string | undefined;
}

const SYSTEM_HEADERS: Readonly<Record<string, string>> = {
  "content-type": "Content-Type",
  "cache-control": "Cache-Control",
  "content-disposition": "Content-Disposition",
  "content-encoding": "Content-Encoding",
  "content-language": "Content-Language",
  expires: "Expires",
  "x-amz-website-redirect-location": "x-amz-website-redirect-location",
};

export async function headObject(client: Client, place: ObjectPlace, signal?: AbortSignal): Promise<ObjectHead> {
  const response = await client.fetch({ ...objectRequest(place, "HEAD"), signal });
  return readHead(response.headers);
}

function readHead(headers: Headers): ObjectHead {
  const systemMetadata: Record<string, string> = {};
  const userMetadata: Record<string, string> = {};
  const destinations: string[] = [];
  headers.forEach((value, name) => {
    const known = SYSTEM_HEADERS[name];
    if (known) systemMetadata[known] = value;
    if (name.startsWith("x-amz-meta-")) userMetadata[name.slice("x-amz-meta-".length)] = value;
    if (name.startsWith("x-farshore-replication-")) destinations.push(value);
  });
  const modified = headers.get("last-modified");
  const status = headers.get("x-amz-replication-status");
  return {
    versionId: headers.get("x-amz-version-id") ?? undefined,
    size: Number(headers.get("content-length") ?? 0),
    modified: modified ? new Date(modified) : undefined,
    etag: (headers.get("etag") ?? "").replaceAll('"', ""),
    contentType: headers.get("content-type") ?? "",
    storageClass: headers.get("x-amz-storage-class") ?? "STANDARD",
    replicationStatus: readStatus(status),
    encryption: headers.get("x-amz-server-side-encryption") ?? undefined,
    partsCount: Number(headers.get("x-amz-mp-parts-count") ?? 0) || undefined,
    systemMetadata,
    userMetadata,
    destinations,
  };
}

export function readStatus(text: string | null | undefined): ReplicationStatus | undefined {
  // AWS: COMPLETE is a legacy spelling of COMPLETED.
  if (text === "COMPLETE") return "COMPLETED";
  return text === "PENDING" || text === "COMPLETED" || text === "FAILED" || text === "REPLICA" ? text : undefined;
}

export async function getObjectTags(client: Client, place: ObjectPlace, signal?: AbortSignal): Promise<Tag[]> {
  const root = await client.xml({ ...objectRequest(place, "GET", { tagging: "" }), signal });
  return (root.child("TagSet")?.children("Tag") ?? []).map((tag) => ({
    key: tag.text("Key") ?? "",
    value: tag.text("Value") ?? "",
  }));
}

/** As a header has it. */
export function taggingHeader(tags: readonly Tag[]): string {
  return tags.map((tag) => `${encodeURIComponent(tag.key)}=${encodeURIComponent(tag.value)}`).join("&");
}

export async function putObjectTags(client: Client, place: ObjectPlace, tags: readonly Tag[]): Promise<void> {
  if (tags.length === 0) await client.send(objectRequest(place, "DELETE", { tagging: "" }));
  else await client.send({ ...objectRequest(place, "PUT", { tagging: "" }), body: taggingDocument(tags) });
}

/** Delete one object (a marker is added where versions are kept) or, with a version id, one version for good. */
export async function deleteObject(client: Client, place: ObjectPlace): Promise<void> {
  await client.send(objectRequest(place, "DELETE"));
}

export interface Deletion {
  readonly key: string;
  readonly versionId?: string | undefined;
}

export interface DeletionFailure extends Deletion {
  readonly code: string;
  readonly message: string;
}

export const DELETIONS_MAX = 1000;

/** Delete up to 1,000 at once; returns those that could not be. */
export async function deleteObjects(
  client: Client,
  bucket: BucketPlace,
  deletions: readonly Deletion[],
): Promise<DeletionFailure[]> {
  const body = s3Document("Delete", [
    el("Quiet", true),
    ...deletions.map((each) => el("Object", [el("Key", each.key), el("VersionId", each.versionId)])),
  ]);
  const root = await client.xml({
    region: bucket.region,
    method: "POST",
    path: `/${encode(bucket.name)}`,
    query: { delete: "" },
    headers: { "content-type": "application/xml" },
    body,
  });
  return root.children("Error").map((error) => ({
    key: error.text("Key") ?? "",
    versionId: error.text("VersionId"),
    code: error.text("Code") ?? "",
    message: error.text("Message") ?? "",
  }));
}

/** A folder is an empty object whose key ends with a slash. */
export async function createFolder(client: Client, bucket: BucketPlace, key: string): Promise<void> {
  await client.send(objectRequest({ bucket, key }, "PUT"));
}

/**
 * A copy of the version onto its own key, with these metadata: the headers that say them.
 *
 * AWS: metadata belong to a version for good. The copy keeps tags and storage class, and has an ACL of its own. `head`
 * is of the version; when the object has changed since, the copy is refused with PreconditionFailed.
 */
export async function replaceMetadata(
  client: Client,
  place: ObjectPlace,
  head: ObjectHead,
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  const { bucket, key, versionId } = place;
  const headers = {
    ...metadata,
    "x-amz-copy-source": `/${encode(bucket.name)}/${encodePath(key)}${versionId ? `?versionId=${encode(versionId)}` : ""}`,
    "x-amz-copy-source-if-match": `"${head.etag}"`,
    "x-amz-metadata-directive": "REPLACE",
    "x-amz-storage-class": head.storageClass === "STANDARD" ? undefined : head.storageClass,
  };
  await client.send({ ...objectRequest({ bucket, key }, "PUT"), headers });
}

/** A new version with the same bytes, metadata and tags (or these), which the rules look at anew. */
export async function copyOntoItself(client: Client, place: ObjectPlace, tags?: readonly Tag[]): Promise<void> {
  const head = await headObject(client, place);
  // AWS refuses a copy onto itself that changes nothing: metadata are sent again, as they are.
  const metadata = metadataHeaders(metadataRows(head));
  const tagged = tags && { "x-amz-tagging-directive": "REPLACE", "x-amz-tagging": taggingHeader(tags) };
  await replaceMetadata(client, place, head, { ...metadata, ...tagged });
}

/** A link that anyone may download the object by, for so many seconds. */
export function shareUrl(client: Client, place: ObjectPlace, expiresS: number): Promise<string> {
  return client.presignedUrl(objectRequest(place, "GET"), expiresS);
}

export function downloadUrl(client: Client, place: ObjectPlace): Promise<string> {
  const name = place.key.split("/").filter(Boolean).at(-1) ?? "object";
  const disposition = `attachment; filename*=UTF-8''${encode(name)}`;
  return client.presignedUrl(objectRequest(place, "GET", { "response-content-disposition": disposition }), 300);
}

export function objectRequest(
  place: ObjectPlace,
  method: string,
  query: Record<string, string | undefined> = {},
): ApiRequest {
  return {
    region: place.bucket.region,
    method,
    path: `/${encode(place.bucket.name)}/${encodePath(place.key)}`,
    query: { ...query, versionId: place.versionId },
  };
}
