import { expect, it } from "vitest";
import { readPreview } from "./preview.ts";

it("reads what a preview says", () => {
  const counts = { objects: 2, object_bytes: 10, versions: 3, bytes: 12, delete_markers: 0, by_status: { NONE: 3 } };
  const preview = readPreview({
    bucket: "b",
    region: "us-east-1",
    valid: false,
    errors: [{ code: "InvalidRequest", message: "Destination bucket must exist.", status: 400, details: {} }],
    scanned: { versions: 5, bytes: 20, elapsed_s: 0.5, complete: true },
    rules: [
      {
        rule: "r",
        covers: counts,
        samples_in: ["a"],
        samples_out: [{ key: "z", reason: "PREFIX_DOES_NOT_MATCH" }],
        hint: "",
      },
    ],
    overlaps: [{ destination: "d", winner: "r", loser: "s", counts, samples: [] }],
    destinations: [
      {
        destination: "d",
        role: [{ action: "s3:ReplicateObject", resource: "*", allowed: false, statement: "no", code: "X" }],
      },
    ],
    left_out: [],
  });
  expect(preview.errors[0]?.message).toBe("Destination bucket must exist.");
  expect(preview.rules[0]).toEqual({
    rule: "r",
    covers: { objects: 2, objectBytes: 10, versions: 3 },
    inside: ["a"],
    outside: [{ key: "z", reason: "PREFIX_DOES_NOT_MATCH" }],
    hint: "",
  });
  expect(preview.overlaps).toEqual([{ destination: "d", winner: "r", loser: "s", versions: 3 }]);
  expect(preview.role.get("d")?.[0]?.allowed).toBe(false);
});

it("reads an answer with nothing in it", () => {
  expect(readPreview({})).toMatchObject({ errors: [], rules: [], complete: false });
});
