/** The role that Batch Operations assumes for a job. */

import type { Client } from "../../api/client.ts";
import { createRole, listRoles, putInlinePolicy } from "../../api/iam.ts";
import { type JobDraft, reportOf } from "../../model/jobDraft.ts";
import { batchRoleName, batchRolePolicy, ROLE_PATH, ROLE_POLICY_NAME, trustPolicy } from "../../model/rolePolicy.ts";

/** The chosen or entered role's ARN, or that of a new one. onRole: as in saveRule. */
export async function jobRole(client: Client, draft: JobDraft, onRole: (arn: string) => void): Promise<string> {
  if (draft.roleChoice === "enter") return draft.enteredRole.trim();
  if (draft.roleChoice === "choose") return draft.chosenRole;
  const name = batchRoleName(draft.bucket, new Set((await listRoles(client)).map((role) => role.name)));
  const arn = await createRole(client, {
    name,
    path: ROLE_PATH,
    trustPolicy: trustPolicy(["batchoperations.s3.amazonaws.com"]),
    description: `Batch Replication of bucket ${draft.bucket}`,
  });
  onRole(arn);
  const manifest = draft.confirm && draft.saveManifest ? draft.manifestBucket.trim() : undefined;
  const policy = batchRolePolicy(draft.bucket, reportOf(draft)?.bucket, manifest);
  await putInlinePolicy(client, { kind: "Role", name }, ROLE_POLICY_NAME, policy);
  return arn;
}
