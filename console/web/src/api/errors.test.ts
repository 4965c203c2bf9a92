// @vitest-environment jsdom
import { describe, expect, it } from "vitest";
import { errorOf, isAbsent, messageOf } from "./errors.ts";

const NONE = new Headers();

describe("errorOf", () => {
  it("reads S3's error with its details", () => {
    const body =
      "<Error><Code>InvalidArgument</Code><Message>Invalid bucket ARN.</Message><ArgumentName>Bucket</ArgumentName>" +
      "<RequestId>R1</RequestId></Error>";
    const error = errorOf(400, body, NONE);
    expect([error.code, error.message, error.requestId]).toEqual(["InvalidArgument", "Invalid bucket ARN.", "R1"]);
    expect(error.details["ArgumentName"]).toBe("Bucket");
  });

  it("reads the query protocol's error", () => {
    const body =
      '<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type>' +
      "<Code>NoSuchEntity</Code><Message>gone</Message></Error><RequestId>R2</RequestId></ErrorResponse>";
    const error = errorOf(404, body, NONE);
    expect([error.code, error.message, error.requestId]).toEqual(["NoSuchEntity", "gone", "R2"]);
  });

  it("reads a JSON error, its namespace dropped", () => {
    const error = errorOf(400, '{"__type":"com.amazon#ValidationError","message":"bad"}', NONE);
    expect([error.code, error.message]).toEqual(["ValidationError", "bad"]);
  });

  it("makes a code of the status where there is no body", () => {
    const headers = new Headers({ "x-amz-bucket-region": "eu-west-1", "x-amz-request-id": "R3" });
    const error = errorOf(403, "", headers);
    expect([error.code, error.details["Region"], error.requestId]).toEqual(["AccessDenied", "eu-west-1", "R3"]);
    expect(messageOf(error)).toBe("AccessDenied");
  });

  it("does not take an HTML page for an error document", () => {
    expect(errorOf(502, "<html><body>Bad gateway</body></html>", NONE).code).toBe("HTTP 502");
  });
});

describe("isAbsent", () => {
  it.each([
    ["ReplicationConfigurationNotFoundError", 404, true],
    ["NoSuchTagSet", 404, true],
    ["NoSuchBucketPolicy", 404, true],
    ["NoSuchBucket", 404, false],
    ["AccessDenied", 403, false],
    ["NotImplemented", 501, false],
  ])("%s: %s", (code, status, absent) => {
    expect(isAbsent(errorOf(status, `<Error><Code>${code}</Code></Error>`, NONE))).toBe(absent);
  });
});
