/** Checksums of request bodies, as S3 wants them: base64 of the big-endian value. */

import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";

export function sha256Base64(text: string): string {
  return base64(sha256(utf8ToBytes(text)));
}

/** CRC-32 of bytes that come in pieces. */
export class Crc32 {
  private value = 0xffffffff;

  update(bytes: Uint8Array): void {
    const table = TABLE;
    let value = this.value;
    for (let i = 0; i < bytes.length; i += 1) {
      value = (table[(value ^ (bytes[i] as number)) & 0xff] as number) ^ (value >>> 8);
    }
    this.value = value;
  }

  base64(): string {
    const value = (this.value ^ 0xffffffff) >>> 0;
    return base64(Uint8Array.of(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff));
  }
}

const TABLE: Uint32Array = (() => {
  const table = new Uint32Array(256);
  for (let n = 0; n < 256; n += 1) {
    let value = n;
    for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    table[n] = value;
  }
  return table;
})();

const READ_BYTES = 1024 * 1024;

/** The CRC-32 of a file's bytes, read a piece at a time so that the page stays responsive. */
export async function crc32OfBlob(blob: Blob, signal?: AbortSignal): Promise<string> {
  const crc = new Crc32();
  for (let offset = 0; offset < blob.size; offset += READ_BYTES) {
    signal?.throwIfAborted();
    crc.update(new Uint8Array(await blob.slice(offset, offset + READ_BYTES).arrayBuffer()));
  }
  return crc.base64();
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
