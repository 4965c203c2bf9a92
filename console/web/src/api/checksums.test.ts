import { expect, it } from "vitest";
import { Crc32, sha256Base64 } from "./checksums.ts";

it("computes the CRC-32 check value, in pieces", () => {
  const crc = new Crc32();
  crc.update(new TextEncoder().encode("1234"));
  crc.update(new TextEncoder().encode("56789"));
  expect(crc.base64()).toBe(btoa("\xcb\xf4\x39\x26"));
});

it("computes SHA-256 of a document", () => {
  expect(sha256Base64("")).toBe("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
});
