import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import { useState } from "react";
import { createManagedPolicy, deleteManagedPolicy, listManagedPolicies, type ManagedPolicy } from "../../api/iam.ts";
import { EditDialog } from "../../components/EditDialog.tsx";
import { NamedTable } from "../../components/NamedTable.tsx";
import { PolicyEditor } from "../../components/PolicyEditor.tsx";
import { useConsole } from "../../context.tsx";
import { useLoad } from "../../hooks/useLoad.ts";
import { formatTime } from "../../model/format.ts";
import { policyProblems } from "../../model/policyText.ts";
import { href } from "../../router.ts";

const NEW_POLICY = JSON.stringify(
  { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: ["s3:ListAllMyBuckets"], Resource: "*" }] },
  null,
  2,
);

export default function Policies() {
  const { client, tell } = useConsole();
  const policies = useLoad((signal) => listManagedPolicies(client, "Local", signal), [client]);
  const [draft, setDraft] = useState<{ name: string; text: string }>();
  return (
    <>
      <NamedTable<ManagedPolicy>
        title="Policies"
        description="Managed policies of this account: written once, attached to many users and roles."
        one="policy"
        loaded={policies}
        nameOf={(policy) => policy.name}
        hrefOf={(policy) => href("/access/policy", { arn: policy.arn })}
        columns={[
          { id: "attached", header: "Attached to", cell: (policy) => policy.attachments },
          { id: "updated", header: "Edited", cell: (policy) => formatTime(policy.updated) },
        ]}
        onDelete={async (policy) => {
          await deleteManagedPolicy(client, policy.arn);
          tell({ type: "success", header: `Policy "${policy.name}" is deleted` });
        }}
        create={
          <Button variant="primary" onClick={() => setDraft({ name: "", text: NEW_POLICY })}>
            Create policy
          </Button>
        }
      />
      {draft && (
        <EditDialog
          header="Create policy"
          action="Create policy"
          size="large"
          disabled={draft.name.trim() === "" || policyProblems(draft.text, "identity").length > 0}
          onClose={() => setDraft(undefined)}
          onSave={async () => {
            await createManagedPolicy(client, draft.name.trim(), draft.text);
            tell({ type: "success", header: `Policy "${draft.name.trim()}" is created` });
            await policies.reload();
          }}
        >
          <FormField label="Policy name">
            <Input value={draft.name} autoFocus onChange={({ detail }) => setDraft({ ...draft, name: detail.value })} />
          </FormField>
          <PolicyEditor
            label="Policy"
            kind="identity"
            text={draft.text}
            onChange={(text) => setDraft({ ...draft, text })}
          />
        </EditDialog>
      )}
    </>
  );
}
