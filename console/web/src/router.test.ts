import { expect, it } from "vitest";
import { href, match, placeOf } from "./router.ts";

it("makes addresses that are read back", () => {
  const address = href("/buckets/a/object", { key: "a b/ü?&#", versions: true, no: false, none: undefined });
  const place = placeOf(`http://127.0.0.1:9000${address}`);
  expect(place.path).toBe("/buckets/a/object");
  expect(Object.fromEntries(place.query)).toEqual({ key: "a b/ü?&#", versions: "1" });
});

it.each([
  ["/buckets", "/buckets/", {}],
  ["/buckets/:bucket", "/buckets/my.bucket", { bucket: "my.bucket" }],
  ["/buckets/:bucket/object", "/buckets/a", undefined],
  ["/buckets/:bucket", "/other/a", undefined],
])("%s on %s", (pattern, path, found) => {
  expect(match(pattern, path)).toEqual(found);
});
