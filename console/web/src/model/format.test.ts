import { expect, it } from "vitest";
import { formatBytes, formatDuration, plural } from "./format.ts";
import { bucketNameProblem, keyProblem } from "./names.ts";
import { partSize } from "../api/uploads.ts";

it.each([
  [0, "0 B"],
  [1023, "1023 B"],
  [1024, "1.0 KB"],
  [5 * 1024 ** 3, "5.0 GB"],
])("%d bytes are %s", (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

it.each([
  [0, "0 s"],
  [0.25, "250 ms"],
  [3.14, "3.1 s"],
  [59, "59 s"],
  [200, "3 min 20 s"],
  [3600, "1 h"],
  [90_000, "1 d 1 h"],
])("%d seconds are %s", (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});

it("counts in words", () => {
  expect([plural(1, "file"), plural(1234, "file"), plural(2, "entry", "entries")]).toEqual([
    "1 file",
    "1,234 files",
    "2 entries",
  ]);
});

it.each(["", "ab", "Upper", "a_b", "-ab", "ab-", "a..b", "192.168.0.1", "x".repeat(64)])(
  "refuses bucket name %o",
  (name) => {
    expect(bucketNameProblem(name)).toBeDefined();
  },
);

it.each(["abc", "a.b-c1", "x".repeat(63)])("takes bucket name %o", (name) => {
  expect(bucketNameProblem(name)).toBeUndefined();
});

it("refuses keys that a browser cannot send", () => {
  expect(keyProblem("a/../b")).toBeDefined();
  expect(keyProblem("é".repeat(513))).toBeDefined();
  expect(keyProblem("a//b c/...")).toBeUndefined();
});

it("parts grow so that 10,000 of them hold the file", () => {
  const mebibyte = 1024 * 1024;
  expect(partSize(17 * mebibyte)).toBe(16 * mebibyte);
  expect(Math.ceil((5 * 1024 ** 4) / partSize(5 * 1024 ** 4))).toBeLessThanOrEqual(10_000);
});
