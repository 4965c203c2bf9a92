/** Block Public Access: of a bucket, through S3, and of the caller's account, through S3 Control. */

import { type BucketPlace, configuration } from "./buckets.ts";
import type { ApiRequest, Client } from "./client.ts";
import { unlessAbsent } from "./errors.ts";
import { el, s3ControlDocument, s3Document } from "./xml.ts";

export interface PublicAccessBlock {
  readonly blockPublicAcls: boolean;
  readonly ignorePublicAcls: boolean;
  readonly blockPublicPolicy: boolean;
  readonly restrictPublicBuckets: boolean;
}

/** What is blocked: in a bucket, or in all of the caller's account. */
export type BlockScope = BucketPlace | "account";

const NOTHING_BLOCKED: PublicAccessBlock = {
  blockPublicAcls: false,
  ignorePublicAcls: false,
  blockPublicPolicy: false,
  restrictPublicBuckets: false,
};

export async function getPublicAccessBlock(
  client: Client,
  scope: BlockScope,
  signal?: AbortSignal,
): Promise<PublicAccessBlock> {
  const root = await unlessAbsent(client.xml({ ...request(client, scope, "GET"), signal }));
  return root === undefined
    ? NOTHING_BLOCKED
    : {
        blockPublicAcls: root.flag("BlockPublicAcls"),
        ignorePublicAcls: root.flag("IgnorePublicAcls"),
        blockPublicPolicy: root.flag("BlockPublicPolicy"),
        restrictPublicBuckets: root.flag("RestrictPublicBuckets"),
      };
}

export async function putPublicAccessBlock(client: Client, scope: BlockScope, block: PublicAccessBlock): Promise<void> {
  const document = scope === "account" ? s3ControlDocument : s3Document;
  const body = document("PublicAccessBlockConfiguration", [
    el("BlockPublicAcls", block.blockPublicAcls),
    el("IgnorePublicAcls", block.ignorePublicAcls),
    el("BlockPublicPolicy", block.blockPublicPolicy),
    el("RestrictPublicBuckets", block.restrictPublicBuckets),
  ]);
  await client.send({ ...request(client, scope, "PUT"), body });
}

function request(client: Client, scope: BlockScope, method: string): ApiRequest {
  if (scope !== "account") return configuration(scope, method, "publicAccessBlock");
  return {
    region: client.anyRegion,
    method,
    path: "/v20180820/configuration/publicAccessBlock",
    headers: { "x-amz-account-id": client.accountId },
  };
}
