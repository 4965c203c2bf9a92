/** Signed requests to the server that the page came from: S3, S3 Control, IAM, STS and CloudWatch share its port. */

import { sha256Base64 } from "./checksums.ts";
import { ApiError, errorOf } from "./errors.ts";
import { type Members, object } from "./json.ts";
import type { Session } from "./session.ts";
import {
  type Query,
  type Scope,
  type Signable,
  presign,
  queryString,
  sha256Hex,
  signHeaders,
  UNSIGNED_PAYLOAD,
} from "./signer.ts";
import { parseXml, type XmlElement } from "./xml.ts";

/** The credential scope's service: it is what tells the services on the one port apart. */
export type Service = "s3" | "iam" | "sts" | "monitoring";

export interface ApiRequest {
  readonly service?: Service;
  readonly region: string;
  readonly method: string;
  /** Encoded path, beginning with a slash. */
  readonly path: string;
  readonly query?: Query;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: string | Blob;
  readonly signal?: AbortSignal | undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

const RETRIES = 2;
const FIRST_PAUSE_MS = 200;
const RENEWABLE = new Set(["ExpiredToken", "InvalidToken", "InvalidClientTokenId", "ExpiredTokenException"]);

export class Client {
  constructor(
    readonly session: Session,
    private readonly origin: string = window.location.origin,
  ) {}

  get accountId(): string {
    return this.session.identity.accountId;
  }

  /** For what is of no bucket and of no region: the first that this server serves will do. */
  get anyRegion(): string {
    return this.session.regions[0] ?? "us-east-1";
  }

  /** Send a request and read its answer whole. Throws ApiError for anything that is no success. */
  async send(request: ApiRequest): Promise<Answer> {
    const response = await this.fetch(request);
    return { status: response.status, headers: response.headers, text: await response.text() };
  }

  /** As `send`, for an answer that is an XML document. */
  async xml(request: ApiRequest): Promise<XmlElement> {
    const answer = await this.send(request);
    const root = parseXml(answer.text);
    if (!root) throw new ApiError("InvalidAnswer", "The server's answer is not XML.", answer.status, "");
    return root;
  }

  /** As `send`, for an answer that is a JSON object. */
  async json(request: ApiRequest): Promise<Members> {
    return object(JSON.parse((await this.send(request)).text));
  }

  /** A response with its body still to be read. Reads are retried; so is any request whose session had run out. */
  async fetch(request: ApiRequest): Promise<Response> {
    let renewed = false;
    for (let attempt = 0; ; attempt += 1) {
      const failure = await this.once(request);
      if (failure instanceof Response) return failure;
      if (!renewed && RENEWABLE.has(failure.code) && (await this.session.renew())) {
        renewed = true;
        continue;
      }
      const passing = failure.status === 0 || failure.status === 503 || failure.status === 500;
      const repeatable = request.method === "GET" || request.method === "HEAD";
      if (!passing || !repeatable || attempt >= RETRIES || request.signal?.aborted) throw failure;
      await pause(FIRST_PAUSE_MS * 2 ** attempt);
    }
  }

  /** What an XMLHttpRequest needs to send a body with progress: the URL, and the signed headers. */
  async signed(request: ApiRequest): Promise<{ url: string; headers: Record<string, string> }> {
    const { signable, scope } = this.prepare(request);
    const headers = signHeaders(signable, scope, await this.session.credentials());
    return { url: this.url(signable), headers };
  }

  async presignedUrl(request: ApiRequest, expiresS: number): Promise<string> {
    const { signable, scope } = this.prepare({ ...request, headers: {} });
    const credentials = await this.session.credentials();
    const query = presign({ ...signable, payloadHash: UNSIGNED_PAYLOAD }, scope, credentials, expiresS);
    return `${this.origin}${signable.path}?${query}`;
  }

  private async once(request: ApiRequest): Promise<Response | ApiError> {
    const { url, headers } = await this.signed(request);
    let response: Response;
    try {
      response = await fetch(url, {
        method: request.method,
        headers,
        body: request.body ?? null,
        signal: request.signal ?? null,
        credentials: "omit",
        cache: "no-store",
        redirect: "manual",
      });
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") throw error;
      return new ApiError("NoAnswer", "The server does not answer. Check that it runs, and try again.", 0, "");
    }
    if (response.ok) return response;
    return errorOf(response.status, await response.text(), response.headers);
  }

  private prepare(request: ApiRequest): { signable: Signable; scope: Scope } {
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(request.headers ?? {})) if (value !== undefined) headers[name] = value;
    const { body } = request;
    // S3 wants the digest of a document twice: once signed, once as a checksum. AWS: not with CompleteMultipartUpload,
    // where the checksum is that of the object.
    const document = typeof body === "string" && body !== "" && request.query?.["uploadId"] === undefined;
    if (document && (request.service ?? "s3") === "s3") {
      headers["x-amz-checksum-sha256"] = sha256Base64(body);
    }
    const signable: Signable = {
      method: request.method,
      host: new URL(this.origin).host,
      path: request.path,
      query: request.query ?? {},
      headers,
      payloadHash: body instanceof Blob ? UNSIGNED_PAYLOAD : sha256Hex(body ?? ""),
    };
    const scope = { service: request.service ?? "s3", region: request.region, now: this.session.now() };
    return { signable, scope };
  }

  private url(signable: Signable): string {
    const query = queryString(signable.query);
    return `${this.origin}${signable.path}${query ? `?${query}` : ""}`;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
