import { describe, expect, it } from "vitest";
import { ApiError } from "../api/errors.ts";
import type { Rule } from "./replication.ts";
import {
  deleteMarkersOffered,
  draftOf,
  fieldOfError,
  newDraft,
  nextPriority,
  problemsOf,
  ruleOf,
} from "./ruleDraft.ts";

const ROLE = "arn:aws:iam::111122223333:role/r";
const RULE: Rule = {
  id: "logs",
  status: "Enabled",
  priority: 7,
  prefix: "logs/",
  tags: [{ key: "keep", value: "yes" }],
  deleteMarkers: "Disabled",
  replicaModifications: "Enabled",
  sseKms: "Enabled",
  destination: {
    bucket: "there",
    account: "444455556666",
    storageClass: "GLACIER_IR",
    ownerOverride: true,
    replicaKmsKeyId: "arn:aws:kms:us-west-2:444455556666:key/k",
    replicationTime: { status: "Enabled", minutes: 15 },
    metrics: { status: "Enabled", minutes: 15 },
  },
};

describe("form and rule", () => {
  it("a rule that goes through the form comes out as it was", () => {
    expect(ruleOf(draftOf(RULE, ROLE, "111122223333"))).toEqual(RULE);
  });

  it("a rule for all objects has neither prefix nor tags, whatever was typed before", () => {
    const draft = { ...draftOf(RULE, ROLE, "111122223333"), scope: "all" as const };
    expect(ruleOf(draft)).toMatchObject({ prefix: "", tags: [] });
  });

  it("leaves out what belongs to another account once the destination is in this one", () => {
    const draft = { ...draftOf(RULE, ROLE, "111122223333"), otherAccount: false };
    expect(ruleOf(draft).destination).toMatchObject({ account: undefined, ownerOverride: false });
  });

  it("metrics without Replication Time Control have no threshold", () => {
    const draft = { ...newDraft([], ROLE), metrics: true };
    expect(ruleOf(draft).destination.metrics).toEqual({ status: "Enabled" });
  });

  it("does not offer delete markers with tag filters, and sends them off", () => {
    const draft = { ...newDraft([], ROLE), deleteMarkers: true, tags: [{ key: "k", value: "v" }] };
    expect(deleteMarkersOffered(draft)).toBe(false);
    expect(ruleOf(draft).deleteMarkers).toBe("Disabled");
    expect(ruleOf({ ...draft, scope: "all" }).deleteMarkers).toBe("Enabled");
  });

  it("a new rule is the strongest", () => {
    expect(nextPriority([])).toBe(0);
    expect(nextPriority([RULE, { ...RULE, priority: 3 }])).toBe(8);
  });
});

describe("problemsOf", () => {
  it("names every field that is missing", () => {
    const draft = { ...newDraft([], undefined), roleChoice: "enter" as const, kms: true, otherAccount: true };
    expect(Object.keys(problemsOf(draft)).sort()).toEqual(["account", "bucket", "encryption", "name", "role", "scope"]);
  });

  it("finds nothing wrong with a complete form", () => {
    expect(problemsOf(draftOf(RULE, ROLE, "111122223333"))).toEqual({});
  });
});

describe("fieldOfError", () => {
  it.each([
    ["Destination bucket must have versioning enabled.", "bucket"],
    ["Destination bucket must exist.", "bucket"],
    ["Destination bucket cannot be the same as the source bucket.", "bucket"],
    ["Number of distinct destination bucket ARNs cannot exceed 1", "bucket"],
    ["Versioning must be 'Enabled' on the bucket to apply a replication configuration", "source"],
    ["Found duplicate priority 1.", "priority"],
    ["Priority must be between 0 and 2147483647.", "priority"],
    ["Rule Id must be unique.", "name"],
    ["Rule ID must not contain non-ASCII characters", "name"],
    [
      "Delete marker replication is not supported if any Tag filter is specified. Please refer to S3 Developer Guide for more information.",
      "deleteMarkers",
    ],
    ["Duplicate Tag Keys are not allowed.", "tags"],
    ["Account must be specified if the Owner in AccessControlTranslation has a value", "account"],
    ["The AWS account specified in the <Account> element must match the destination bucket owner", "account"],
    ["ReplicaKmsKeyID must be specified if SseKmsEncryptedObjects tag is present.", "encryption"],
    ["Replication destination must contain both ReplicationTime and Metrics or neither.", "replicationTime"],
    [
      "User: arn:aws:iam::1:user/u is not authorized to perform: iam:PassRole on resource: arn:aws:iam::1:role/r",
      "role",
    ],
    ["We encountered an internal error. Please try again.", "form"],
  ])("%s -> %s", (message, field) => {
    expect(fieldOfError(new ApiError("InvalidRequest", message, 400, ""))).toBe(field);
  });

  it("goes by the argument that the error names", () => {
    const error = new ApiError("InvalidArgument", "no", 400, "", { ArgumentName: "Role" });
    expect(fieldOfError(error)).toBe("role");
    expect(fieldOfError(new Error("broken"))).toBe("form");
  });
});
