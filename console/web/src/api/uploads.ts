/** Uploads with progress: one PUT for small files, multipart above 16 MiB; each can be cancelled, and tried again. */

import type { Tag } from "./buckets.ts";
import { crc32OfBlob } from "./checksums.ts";
import type { ApiRequest, Client } from "./client.ts";
import { ApiError, errorOf, isApiError } from "./errors.ts";
import { objectRequest, type ObjectPlace, taggingHeader } from "./objects.ts";
import { el, s3Document } from "./xml.ts";

export const MULTIPART_ABOVE_BYTES = 16 * 1024 * 1024;
const PARTS_MAX = 10_000;
const PART_TRIES = 3;
const PARTS_AT_ONCE = 3;

export interface Upload {
  readonly place: ObjectPlace;
  readonly file: Blob;
  readonly contentType: string;
  readonly storageClass?: string | undefined;
  readonly tags?: readonly Tag[] | undefined;
  /** Headers that say the object's metadata; a Content-Type among them comes before the file's. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: (sentBytes: number) => void;
}

/** Store the file as the object. Throws ApiError, or AbortError when cancelled; nothing half-made stays then. */
export async function upload(client: Client, task: Upload): Promise<void> {
  if (task.file.size > MULTIPART_ABOVE_BYTES) await uploadInParts(client, task);
  else await putWhole(client, task);
}

async function putWhole(client: Client, task: Upload): Promise<void> {
  const headers = { ...attributes(task), "x-amz-checksum-crc32": await crc32OfBlob(task.file, task.signal) };
  const request = { ...objectRequest(task.place, "PUT"), headers };
  await again(task.signal, () => sendBlob(client, request, task.file, task.signal, task.onProgress));
}

async function uploadInParts(client: Client, task: Upload): Promise<void> {
  const started = await client.xml({
    ...objectRequest(task.place, "POST", { uploads: "" }),
    headers: { ...attributes(task), "x-amz-checksum-algorithm": "CRC32" },
    signal: task.signal,
  });
  const uploadId = started.text("UploadId") ?? "";
  try {
    const parts = await sendParts(client, task, uploadId);
    const body = s3Document(
      "CompleteMultipartUpload",
      parts.map((part, index) =>
        el("Part", [el("ChecksumCRC32", part.crc32), el("ETag", part.etag), el("PartNumber", index + 1)]),
      ),
    );
    const answer = await client.xml({ ...objectRequest(task.place, "POST", { uploadId }), body, signal: task.signal });
    // AWS: an error that shows late comes in an answer with status 200.
    if (answer.name === "Error") {
      throw new ApiError(answer.text("Code") ?? "", answer.text("Message") ?? "", 200, answer.text("RequestId") ?? "");
    }
  } catch (error) {
    await client.send(objectRequest(task.place, "DELETE", { uploadId })).catch(() => undefined);
    throw error;
  }
}

interface SentPart {
  readonly etag: string;
  readonly crc32: string;
}

async function sendParts(client: Client, task: Upload, uploadId: string): Promise<SentPart[]> {
  const size = partSize(task.file.size);
  const count = Math.ceil(task.file.size / size);
  const sent: SentPart[] = new Array(count);
  const progress: number[] = new Array(count).fill(0);
  let next = 0;
  const lane = async () => {
    while (next < count) {
      const index = next;
      next += 1;
      const blob = task.file.slice(index * size, (index + 1) * size);
      const crc32 = await crc32OfBlob(blob, task.signal);
      const request: ApiRequest = {
        ...objectRequest(task.place, "PUT", { partNumber: String(index + 1), uploadId }),
        headers: { "x-amz-checksum-crc32": crc32 },
      };
      const etag = await again(task.signal, () =>
        sendBlob(client, request, blob, task.signal, (bytes) => {
          progress[index] = bytes;
          task.onProgress(progress.reduce((a, b) => a + b, 0));
        }),
      );
      sent[index] = { etag, crc32 };
    }
  };
  await Promise.all(Array.from({ length: Math.min(PARTS_AT_ONCE, count) }, lane));
  return sent;
}

/** Bytes of a part: 16 MiB, more where 10,000 of them would not do. */
export function partSize(fileBytes: number): number {
  const mebibyte = 1024 * 1024;
  return Math.max(MULTIPART_ABOVE_BYTES, Math.ceil(fileBytes / PARTS_MAX / mebibyte) * mebibyte);
}

function attributes(task: Upload): Record<string, string | undefined> {
  return {
    "content-type": task.contentType || "application/octet-stream",
    "x-amz-storage-class": task.storageClass,
    "x-amz-tagging": task.tags?.length ? taggingHeader(task.tags) : undefined,
    ...task.metadata,
  };
}

/** Try what failed in passing (no answer, 5xx) a few times more. */
async function again<T>(signal: AbortSignal, send: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await send();
    } catch (error) {
      const passing = isApiError(error) && (error.status === 0 || error.status >= 500);
      if (!passing || attempt >= PART_TRIES || signal.aborted) throw error;
      await new Promise((resolve) => setTimeout(resolve, 500 * 2 ** attempt));
    }
  }
}

/** fetch() tells nothing of a body on its way: XMLHttpRequest does. Returns the answer's ETag. */
async function sendBlob(
  client: Client,
  request: ApiRequest,
  blob: Blob,
  signal: AbortSignal,
  onProgress: (bytes: number) => void,
): Promise<string> {
  const { url, headers } = await client.signed({ ...request, body: blob });
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    xhr.open(request.method, url);
    for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
    xhr.upload.onprogress = (event) => onProgress(event.loaded);
    xhr.onload = () => {
      if (xhr.status >= 200 && xhr.status < 300) {
        onProgress(blob.size);
        resolve(xhr.getResponseHeader("etag") ?? "");
      } else {
        reject(errorOf(xhr.status, xhr.responseText, new Headers()));
      }
    };
    xhr.onerror = () => reject(new ApiError("NoAnswer", "The connection to the server broke.", 0, ""));
    const abort = () => xhr.abort();
    xhr.onabort = () => reject(new DOMException("The upload was cancelled.", "AbortError"));
    xhr.onloadend = () => signal.removeEventListener("abort", abort);
    signal.addEventListener("abort", abort);
    xhr.send(blob);
  });
}
