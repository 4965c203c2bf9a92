/**
 * Signature Version 4, as the servers of AWS check it.
 *
 * Hashes are computed here and not by the browser's SubtleCrypto, which pages have only over HTTPS and on localhost.
 * Source: IAM User Guide, "Create a signed AWS API request"; S3 API Reference, "Authenticating Requests".
 */

import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export type Query = Readonly<Record<string, string | number | undefined>>;

export interface Signable {
  readonly method: string;
  readonly host: string;
  /** Encoded once, as it is sent. */
  readonly path: string;
  readonly query: Query;
  readonly headers: Readonly<Record<string, string>>;
  readonly payloadHash: string;
}

export interface Scope {
  readonly service: string;
  readonly region: string;
  readonly now: Date;
}

export const UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD";
const ALGORITHM = "AWS4-HMAC-SHA256";

/** Encode as SigV4 wants it: everything but A-Z a-z 0-9 - . _ ~. */
export function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Encode a key for a path: slashes stay. */
export function encodePath(key: string): string {
  return key.split("/").map(encode).join("/");
}

export function queryString(query: Query): string {
  return Object.entries(query)
    .filter((pair): pair is [string, string | number] => pair[1] !== undefined)
    .map(([name, value]): [string, string] => [encode(name), encode(String(value))])
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

export function sha256Hex(data: string | Uint8Array): string {
  return bytesToHex(sha256(typeof data === "string" ? utf8ToBytes(data) : data));
}

/** The headers to send with a request: those given, and date, payload hash, token and Authorization. */
export function signHeaders(request: Signable, scope: Scope, credentials: Credentials): Record<string, string> {
  const amzDate = basicIso(scope.now);
  const sent: Record<string, string> = {
    ...request.headers,
    "x-amz-date": amzDate,
    "x-amz-content-sha256": request.payloadHash,
  };
  if (credentials.sessionToken) sent["x-amz-security-token"] = credentials.sessionToken;
  const signed: Record<string, string> = { host: request.host };
  for (const [name, value] of Object.entries(sent)) {
    const lower = name.toLowerCase();
    if (lower === "content-type" || lower === "content-md5" || lower.startsWith("x-amz-")) signed[lower] = value;
  }
  const names = Object.keys(signed).sort();
  const signature = sign(request, scope, credentials, signed, queryString(request.query), amzDate);
  sent["authorization"] =
    `${ALGORITHM} Credential=${credentials.accessKeyId}/${scopeText(scope, amzDate)}, ` +
    `SignedHeaders=${names.join(";")}, Signature=${signature}`;
  return sent;
}

/** A URL's query with the signature in it, valid for `expiresS` seconds (at most a week). */
export function presign(request: Signable, scope: Scope, credentials: Credentials, expiresS: number): string {
  const amzDate = basicIso(scope.now);
  const query: Query = {
    ...request.query,
    "X-Amz-Algorithm": ALGORITHM,
    "X-Amz-Credential": `${credentials.accessKeyId}/${scopeText(scope, amzDate)}`,
    "X-Amz-Date": amzDate,
    "X-Amz-Expires": expiresS,
    "X-Amz-SignedHeaders": "host",
    "X-Amz-Security-Token": credentials.sessionToken,
  };
  const text = queryString(query);
  return `${text}&X-Amz-Signature=${sign(request, scope, credentials, { host: request.host }, text, amzDate)}`;
}

function sign(
  request: Signable,
  scope: Scope,
  credentials: Credentials,
  signedHeaders: Readonly<Record<string, string>>,
  canonicalQuery: string,
  amzDate: string,
): string {
  const names = Object.keys(signedHeaders).sort();
  const canonical = [
    request.method,
    request.path,
    canonicalQuery,
    ...names.map((name) => `${name}:${(signedHeaders[name] ?? "").trim().replace(/ {2,}/g, " ")}`),
    "",
    names.join(";"),
    request.payloadHash,
  ].join("\n");
  const toSign = [ALGORITHM, amzDate, scopeText(scope, amzDate), sha256Hex(canonical)].join("\n");
  return bytesToHex(
    hmac(sha256, signingKey(credentials.secretAccessKey, amzDate.slice(0, 8), scope), utf8ToBytes(toSign)),
  );
}

function signingKey(secret: string, day: string, scope: Scope): Uint8Array {
  let key: Uint8Array = utf8ToBytes(`AWS4${secret}`);
  for (const part of [day, scope.region, scope.service, "aws4_request"]) key = hmac(sha256, key, utf8ToBytes(part));
  return key;
}

function scopeText(scope: Scope, amzDate: string): string {
  return `${amzDate.slice(0, 8)}/${scope.region}/${scope.service}/aws4_request`;
}

function basicIso(moment: Date): string {
  return `${moment.toISOString().replace(/[-:]/g, "").slice(0, 15)}Z`;
}
