/** Saving a rule: the role first where one is to be made, then the whole configuration with the rule in it. */

import type { BucketPlace } from "../../api/buckets.ts";
import type { Client } from "../../api/client.ts";
import { createRole, listRoles, putInlinePolicy } from "../../api/iam.ts";
import { getReplication, putReplication } from "../../api/replication.ts";
import { byStrength, type Rule } from "../../model/replication.ts";
import {
  madeHere,
  replicationRolePolicy,
  ROLE_PATH,
  ROLE_POLICY_NAME,
  roleNameFor,
  trustPolicy,
} from "../../model/rolePolicy.ts";
import { type RuleDraft, ruleOf } from "../../model/ruleDraft.ts";

export interface Saved {
  /** The bucket had no rule before, or none to this destination: earlier objects are not there yet. */
  readonly newDestination: boolean;
}

/**
 * Save the form as a new rule, or in place of `edited`.
 *
 * Reads the configuration afresh, so that what others changed meanwhile stays. onRole: told the ARN of a role that was
 * made, before anything else can fail, so that another try does not make a second one.
 */
export async function saveRule(
  client: Client,
  bucket: BucketPlace,
  draft: RuleDraft,
  edited: Rule | undefined,
  onRole: (arn: string) => void,
): Promise<Saved> {
  const standing = await getReplication(client, bucket);
  const before = byStrength(standing?.rules ?? []);
  const rule = ruleOf(draft);
  const rules =
    edited && before.some((each) => each.id === edited.id)
      ? before.map((each) => (each.id === edited.id ? rule : each))
      : [...before, rule];
  const role = await roleOf(client, bucket, draft, rules, onRole);
  await putReplication(client, bucket, { role, rules });
  return { newDestination: !before.some((each) => each.destination.bucket === rule.destination.bucket) };
}

async function roleOf(
  client: Client,
  bucket: BucketPlace,
  draft: RuleDraft,
  rules: readonly Rule[],
  onRole: (arn: string) => void,
): Promise<string> {
  if (draft.roleChoice === "enter") return draft.enteredRole.trim();
  const policy = replicationRolePolicy(bucket.name, rules);
  if (draft.roleChoice === "choose") {
    if (madeHere(draft.chosenRole)) {
      const name = draft.chosenRole.slice(draft.chosenRole.lastIndexOf("/") + 1);
      await putInlinePolicy(client, { kind: "Role", name }, ROLE_POLICY_NAME, policy);
    }
    return draft.chosenRole;
  }
  const taken = new Set((await listRoles(client)).map((role) => role.name));
  const name = roleNameFor(bucket.name, taken);
  const arn = await createRole(client, {
    name,
    path: ROLE_PATH,
    trustPolicy: trustPolicy(),
    description: `Replication of bucket ${bucket.name}`,
  });
  onRole(arn);
  await putInlinePolicy(client, { kind: "Role", name }, ROLE_POLICY_NAME, policy);
  return arn;
}
