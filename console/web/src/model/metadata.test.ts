import { expect, it } from "vitest";
import { metadataHeaders, type MetadataRow, metadataRows, rowProblems } from "./metadata.ts";

const TYPE: MetadataRow = { type: "system", name: "Content-Type", value: "text/plain" };

function user(name: string, value = "x"): MetadataRow {
  return { type: "user", name, value };
}

it("makes headers of rows, and rows of a head", () => {
  const rows = [TYPE, user("Made-By", " a test ")];
  expect(metadataHeaders(rows)).toEqual({ "content-type": "text/plain", "x-amz-meta-made-by": "a test" });
  const head = { systemMetadata: { "Content-Type": "text/plain" }, userMetadata: { "made-by": "a test" } };
  expect(metadataRows(head)).toEqual([TYPE, user("made-by", "a test")]);
});

it.each([
  [user(""), { name: "Enter a key." }],
  [{ ...TYPE, name: "" }, { name: "Choose a key." }],
  [user("a b"), { name: "Use letters, digits and hyphens." }],
  [user("a", " "), { value: "Enter a value." }],
  [user("a", "ü"), { value: "Use printable ASCII characters." }],
  [user("a", "\n"), { value: "Enter a value." }],
])("says what is wrong with %o", (row, problem) => {
  expect(rowProblems([TYPE, row])).toEqual([undefined, problem]);
});

it("finds a key that is there already, whatever its case, beside the later one", () => {
  expect(rowProblems([user("a"), user("A"), { ...TYPE }])).toEqual([
    undefined,
    { name: "This key is there already." },
    undefined,
  ]);
});

it("takes a system key and a user key of the same name for two", () => {
  expect(rowProblems([TYPE, user("content-type")])).toEqual([undefined, undefined]);
});
