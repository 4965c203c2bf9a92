import { describe, expect, it } from "vitest";
import { encode, encodePath, presign, queryString, sha256Hex, signHeaders, UNSIGNED_PAYLOAD } from "./signer.ts";

// The worked examples of S3's API Reference, "Signature Calculations for the Authorization Header".
const KEY = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" };
const SCOPE = { service: "s3", region: "us-east-1", now: new Date("2013-05-24T00:00:00Z") };
const HOST = "examplebucket.s3.amazonaws.com";

describe("signHeaders", () => {
  it("signs AWS's example of a listing", () => {
    const request = {
      method: "GET",
      host: HOST,
      path: "/",
      query: { "max-keys": 2, prefix: "J" },
      headers: {},
      payloadHash: sha256Hex(""),
    };
    expect(signHeaders(request, SCOPE, KEY)["authorization"]).toBe(
      "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, " +
        "SignedHeaders=host;x-amz-content-sha256;x-amz-date, " +
        "Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
    );
  });

  it("signs AWS's example of a sub-resource", () => {
    const request = {
      method: "GET",
      host: HOST,
      path: "/",
      query: { lifecycle: "" },
      headers: {},
      payloadHash: sha256Hex(""),
    };
    expect(signHeaders(request, SCOPE, KEY)["authorization"]).toContain(
      "Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
    );
  });

  it("sends and signs a session token", () => {
    const request = { method: "GET", host: HOST, path: "/", query: {}, headers: {}, payloadHash: sha256Hex("") };
    const headers = signHeaders(request, SCOPE, { ...KEY, sessionToken: "token" });
    expect(headers["x-amz-security-token"]).toBe("token");
    expect(headers["authorization"]).toContain("x-amz-date;x-amz-security-token,");
  });
});

describe("presign", () => {
  it("signs AWS's example of a presigned URL", () => {
    const request = {
      method: "GET",
      host: HOST,
      path: "/test.txt",
      query: {},
      headers: {},
      payloadHash: UNSIGNED_PAYLOAD,
    };
    expect(presign(request, SCOPE, KEY, 86400)).toMatch(
      /&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404$/,
    );
  });
});

describe("encoding", () => {
  it("escapes everything but the unreserved characters", () => {
    expect(encode("a b+c!'()*~/é")).toBe("a%20b%2Bc%21%27%28%29%2A~%2F%C3%A9");
    expect(encodePath("a/b c//d")).toBe("a/b%20c//d");
  });

  it("orders a query by its encoded names, and leaves out what is undefined", () => {
    expect(queryString({ b: 1, a: "x y", c: undefined, B: "" })).toBe("B=&a=x%20y&b=1");
  });
});
