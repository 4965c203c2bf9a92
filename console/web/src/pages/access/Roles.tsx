import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import { useState } from "react";
import {
  attachedPolicies,
  createRole,
  deleteInlinePolicy,
  deleteRole,
  detachPolicy,
  inlinePolicyNames,
  listRoles,
  type Role,
} from "../../api/iam.ts";
import type { Client } from "../../api/client.ts";
import { EditDialog } from "../../components/EditDialog.tsx";
import { NamedTable } from "../../components/NamedTable.tsx";
import { PolicyEditor } from "../../components/PolicyEditor.tsx";
import { useConsole } from "../../context.tsx";
import { useLoad } from "../../hooks/useLoad.ts";
import { formatTime } from "../../model/format.ts";
import { policyProblems } from "../../model/policyText.ts";
import { trustPolicy } from "../../model/rolePolicy.ts";
import { href, navigate } from "../../router.ts";

const SERVICES = ["s3.amazonaws.com", "batchoperations.s3.amazonaws.com"];

export default function Roles() {
  const { client, tell } = useConsole();
  const roles = useLoad((signal) => listRoles(client, signal), [client]);
  const [draft, setDraft] = useState<{ name: string; trust: string }>();
  const page = (role: string) => href(`/access/roles/${encodeURIComponent(role)}`);
  return (
    <>
      <NamedTable<Role>
        title="Roles"
        description="S3 assumes a role to replicate. Its trust policy says who may assume it, its permissions what it may do then."
        one="role"
        loaded={roles}
        nameOf={(role) => role.name}
        hrefOf={(role) => page(role.name)}
        columns={[
          { id: "arn", header: "ARN", cell: (role) => <span className="key">{role.arn}</span> },
          { id: "description", header: "Description", cell: (role) => role.description || "-" },
          { id: "created", header: "Created", cell: (role) => formatTime(role.created) },
        ]}
        onDelete={async (role) => {
          await deleteWhole(client, role.name);
          tell({ type: "success", header: `Role "${role.name}" is deleted` });
        }}
        create={
          <Button variant="primary" onClick={() => setDraft({ name: "", trust: trustPolicy(SERVICES) })}>
            Create role
          </Button>
        }
      />
      {draft && (
        <EditDialog
          header="Create role"
          action="Create role"
          size="large"
          disabled={draft.name.trim() === "" || policyProblems(draft.trust, "trust").length > 0}
          onClose={() => setDraft(undefined)}
          onSave={async () => {
            const name = draft.name.trim();
            await createRole(client, { name, path: "/", trustPolicy: draft.trust, description: "" });
            tell({
              type: "success",
              header: `Role "${name}" is created`,
              content: "It may do nothing until a policy allows it.",
            });
            navigate(page(name));
          }}
        >
          <FormField label="Role name" constraintText="Up to 64 characters: letters, digits and + = , . @ _ -">
            <Input value={draft.name} autoFocus onChange={({ detail }) => setDraft({ ...draft, name: detail.value })} />
          </FormField>
          <PolicyEditor
            label="Trust policy"
            kind="trust"
            text={draft.trust}
            onChange={(trust) => setDraft({ ...draft, trust })}
          />
        </EditDialog>
      )}
    </>
  );
}

/** AWS: a role with policies is not deleted; IAM's console takes them away first, and so does this one. */
async function deleteWhole(client: Client, name: string): Promise<void> {
  const owner = { kind: "Role", name } as const;
  for (const policy of await inlinePolicyNames(client, owner)) await deleteInlinePolicy(client, owner, policy);
  for (const policy of await attachedPolicies(client, owner)) await detachPolicy(client, owner, policy.arn);
  await deleteRole(client, name);
}
