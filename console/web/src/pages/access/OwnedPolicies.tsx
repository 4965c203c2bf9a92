import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { useState } from "react";
import {
  attachedPolicies,
  attachPolicy,
  deleteInlinePolicy,
  detachPolicy,
  inlinePolicy,
  inlinePolicyNames,
  listManagedPolicies,
  type Owner,
  putInlinePolicy,
} from "../../api/iam.ts";
import { EditDialog } from "../../components/EditDialog.tsx";
import { Failure } from "../../components/Loading.tsx";
import { PolicyEditor } from "../../components/PolicyEditor.tsx";
import { useConsole } from "../../context.tsx";
import { useLoad } from "../../hooks/useLoad.ts";
import { policyProblems } from "../../model/policyText.ts";

interface Row {
  readonly name: string;
  /** Of a managed policy; an inline one has none. */
  readonly arn: string | undefined;
}

interface Draft {
  readonly name: string;
  readonly text: string;
  readonly isNew: boolean;
}

const NEW_POLICY = JSON.stringify(
  { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: ["s3:ListAllMyBuckets"], Resource: "*" }] },
  null,
  2,
);

/** What a user or role may do: its inline policies, and the managed ones attached to it. */
export function OwnedPolicies({ owner }: { owner: Owner }) {
  const { client, tell, tellError } = useConsole();
  const policies = useLoad(
    async (signal): Promise<Row[]> => {
      const [inline, attached] = await Promise.all([
        inlinePolicyNames(client, owner, signal),
        attachedPolicies(client, owner, signal),
      ]);
      return [...inline.map((name) => ({ name, arn: undefined })), ...attached];
    },
    [client, owner.kind, owner.name],
  );
  const [draft, setDraft] = useState<Draft>();
  const [attaching, setAttaching] = useState(false);
  const edit = async (name: string) => {
    try {
      setDraft({ name, text: await inlinePolicy(client, owner, name), isNew: false });
    } catch (error) {
      tellError("The policy could not be read", error);
    }
  };
  const remove = async (row: Row) => {
    try {
      if (row.arn === undefined) await deleteInlinePolicy(client, owner, row.name);
      else await detachPolicy(client, owner, row.arn);
      tell({ type: "success", header: `Policy "${row.name}" is ${row.arn === undefined ? "deleted" : "detached"}` });
    } catch (error) {
      tellError("The policy was not removed", error);
    }
    await policies.reload();
  };
  if (policies.error !== undefined && !policies.data) {
    return <Failure what="Policies could not be listed" error={policies.error} />;
  }
  return (
    <>
      <Table
        wrapLines
        items={policies.data ?? []}
        loading={policies.loading}
        loadingText="Loading policies"
        ariaLabels={{ tableLabel: "Permissions policies" }}
        columnDefinitions={[
          { id: "name", header: "Policy name", cell: (row) => row.name, isRowHeader: true },
          { id: "type", header: "Type", cell: (row) => (row.arn === undefined ? "Inline" : "Managed") },
          {
            id: "actions",
            header: "Actions",
            cell: (row) => (
              <SpaceBetween direction="horizontal" size="xs">
                {row.arn === undefined && (
                  <Button variant="inline-link" ariaLabel={`Edit ${row.name}`} onClick={() => void edit(row.name)}>
                    Edit
                  </Button>
                )}
                <Button
                  variant="inline-link"
                  ariaLabel={`${row.arn === undefined ? "Delete" : "Detach"} ${row.name}`}
                  onClick={() => void remove(row)}
                >
                  {row.arn === undefined ? "Delete" : "Detach"}
                </Button>
              </SpaceBetween>
            ),
          },
        ]}
        header={
          <Header
            variant="h2"
            counter={policies.data && `(${policies.data.length})`}
            actions={
              <SpaceBetween direction="horizontal" size="xs">
                <Button onClick={() => setAttaching(true)}>Attach policy</Button>
                <Button onClick={() => setDraft({ name: "", text: NEW_POLICY, isNew: true })}>
                  Create inline policy
                </Button>
              </SpaceBetween>
            }
          >
            Permissions policies
          </Header>
        }
        empty={<Box textAlign="center">No policies: nothing is allowed.</Box>}
      />
      {draft && (
        <EditDialog
          header={draft.isNew ? "Create inline policy" : `Edit policy "${draft.name}"`}
          size="large"
          disabled={draft.name.trim() === "" || policyProblems(draft.text, "identity").length > 0}
          onClose={() => setDraft(undefined)}
          onSave={async () => {
            await putInlinePolicy(client, owner, draft.name.trim(), draft.text);
            tell({ type: "success", header: `Policy "${draft.name.trim()}" is saved` });
            await policies.reload();
          }}
        >
          {draft.isNew && (
            <FormField label="Policy name">
              <Input value={draft.name} onChange={({ detail }) => setDraft({ ...draft, name: detail.value })} />
            </FormField>
          )}
          <PolicyEditor
            label="Policy"
            kind="identity"
            text={draft.text}
            onChange={(text) => setDraft({ ...draft, text })}
          />
        </EditDialog>
      )}
      {attaching && <AttachPolicy owner={owner} onClose={() => setAttaching(false)} onAttached={policies.reload} />}
    </>
  );
}

function AttachPolicy({
  owner,
  onClose,
  onAttached,
}: {
  owner: Owner;
  onClose: () => void;
  onAttached: () => Promise<void>;
}) {
  const { client, tell } = useConsole();
  const all = useLoad((signal) => listManagedPolicies(client, "All", signal), [client]);
  const [arn, setArn] = useState<string>();
  const chosen = all.data?.find((policy) => policy.arn === arn);
  return (
    <EditDialog
      header="Attach policy"
      action="Attach policy"
      disabled={!chosen}
      onClose={onClose}
      onSave={async () => {
        if (!chosen) return;
        await attachPolicy(client, owner, chosen.arn);
        tell({ type: "success", header: `Policy "${chosen.name}" is attached` });
        await onAttached();
      }}
    >
      {all.error !== undefined && <Failure what="Policies could not be listed" error={all.error} />}
      <FormField label="Managed policy">
        <Select
          ariaLabel="Managed policy"
          selectedOption={chosen ? { value: chosen.arn, label: chosen.name } : null}
          options={(all.data ?? []).map((policy) => ({
            value: policy.arn,
            label: policy.name,
            description: policy.arn,
          }))}
          placeholder="Choose a policy"
          filteringType="auto"
          empty="There is no managed policy."
          statusType={all.loading ? "loading" : "finished"}
          onChange={({ detail }) => setArn(detail.selectedOption.value)}
        />
      </FormField>
    </EditDialog>
  );
}
