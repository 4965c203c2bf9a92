import { parseXml } from "./xml.ts";

/**
 * What a service answered instead of a result.
 *
 * code, message: AWS's own. details: the error document's other members (ArgumentName, Region, BucketName, …).
 * status: 0 when no answer came at all.
 */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    readonly code: string,
    message: string,
    readonly status: number,
    readonly requestId: string,
    readonly details: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }
}

/** The error of a failed answer: S3's XML, the query protocol's XML, or JSON; a bare status where there is no body. */
export function errorOf(status: number, body: string, headers: Headers): ApiError {
  const requestId = headers.get("x-amz-request-id") ?? headers.get("x-amzn-requestid") ?? "";
  const trimmed = body.trimStart();
  if (trimmed.startsWith("<")) {
    const read = fromXml(status, trimmed, requestId);
    if (read) return read;
  }
  if (trimmed.startsWith("{")) {
    const read = fromJson(status, trimmed, requestId);
    if (read) return read;
  }
  const code = codeOfStatus(status);
  const region = headers.get("x-amz-bucket-region");
  const details: Record<string, string> = region ? { Region: region } : {};
  return new ApiError(code, body.length > 0 && body.length < 500 ? body.trim() : code, status, requestId, details);
}

/** S3 answers HEAD without a body: the status is all there is. */
function codeOfStatus(status: number): string {
  const known: Record<number, string> = {
    301: "PermanentRedirect",
    304: "NotModified",
    400: "BadRequest",
    403: "AccessDenied",
    404: "NotFound",
    405: "MethodNotAllowed",
    412: "PreconditionFailed",
    501: "NotImplemented",
    503: "ServiceUnavailable",
  };
  return known[status] ?? `HTTP ${status}`;
}

function fromXml(status: number, body: string, requestId: string): ApiError | undefined {
  const root = parseXml(body);
  if (!root) return undefined;
  const error = root.name === "Error" ? root : (root.child("Error") ?? root.child("Errors")?.child("Error"));
  if (!error) return undefined;
  const details: Record<string, string> = {};
  for (const member of error.children()) details[member.name] = member.content;
  const id = details["RequestId"] ?? root.text("RequestId") ?? root.text("RequestID") ?? requestId;
  return new ApiError(details["Code"] ?? codeOfStatus(status), details["Message"] ?? "", status, id, details);
}

function fromJson(status: number, body: string, requestId: string): ApiError | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const members = value as Record<string, unknown>;
  const type = text(members["__type"]) ?? text(members["code"]) ?? codeOfStatus(status);
  const message = text(members["message"]) ?? text(members["Message"]) ?? "";
  const details = Object.fromEntries(
    Object.entries(members).filter((member): member is [string, string] => typeof member[1] === "string"),
  );
  return new ApiError(type.slice(type.lastIndexOf("#") + 1), message, status, requestId, details);
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

export function isApiError(error: unknown, ...codes: string[]): error is ApiError {
  return error instanceof ApiError && (codes.length === 0 || codes.includes(error.code));
}

/** Whether the error says that there is no such configuration, which is an answer and no failure. */
export function isAbsent(error: unknown): boolean {
  return (
    error instanceof ApiError &&
    error.status === 404 &&
    (error.code.startsWith("NoSuch") || error.code.endsWith("NotFoundError")) &&
    error.code !== "NoSuchBucket"
  );
}

/** An answer; undefined where there is no such configuration. */
export async function unlessAbsent<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

export function messageOf(error: unknown): string {
  if (error instanceof ApiError) return error.message && error.message !== error.code ? error.message : error.code;
  return error instanceof Error ? error.message : String(error);
}
