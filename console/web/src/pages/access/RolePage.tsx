import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { getRole, updateTrustPolicy } from "../../api/iam.ts";
import { Copyable } from "../../components/Copyable.tsx";
import { EditDialog } from "../../components/EditDialog.tsx";
import { JsonText } from "../../components/JsonText.tsx";
import { Loading, PageFailure } from "../../components/Loading.tsx";
import { PolicyEditor } from "../../components/PolicyEditor.tsx";
import { useConsole } from "../../context.tsx";
import { useLoad } from "../../hooks/useLoad.ts";
import { formatTime } from "../../model/format.ts";
import { policyProblems } from "../../model/policyText.ts";
import { OwnedPolicies } from "./OwnedPolicies.tsx";

export default function RolePage({ name }: { name: string }) {
  const { client, tell } = useConsole();
  const role = useLoad((signal) => getRole(client, name, signal), [client, name]);
  const [trust, setTrust] = useState<string>();
  if (role.error !== undefined && !role.data)
    return <PageFailure title={name} what={`Role "${name}" cannot be opened`} error={role.error} />;
  if (!role.data) return <Loading />;
  const { data } = role;
  return (
    <ContentLayout
      header={
        <Header variant="h1" description={data.description || undefined}>
          {name}
        </Header>
      }
    >
      <SpaceBetween size="l">
        <Container header={<Header variant="h2">Summary</Header>}>
          <KeyValuePairs
            columns={2}
            items={[
              { label: "ARN", value: <Copyable text={data.arn} what="ARN" /> },
              { label: "Creation date", value: formatTime(data.created) },
            ]}
          />
        </Container>
        <OwnedPolicies owner={{ kind: "Role", name }} />
        <Container
          header={
            <Header
              variant="h2"
              description="Who may assume the role."
              actions={
                <Button ariaLabel="Edit trust policy" onClick={() => setTrust(data.trustPolicy)}>
                  Edit
                </Button>
              }
            >
              Trust relationships
            </Header>
          }
        >
          <JsonText text={data.trustPolicy} label="Trust policy" />
        </Container>
      </SpaceBetween>
      {trust !== undefined && (
        <EditDialog
          header="Edit trust policy"
          size="large"
          disabled={policyProblems(trust, "trust").length > 0}
          onClose={() => setTrust(undefined)}
          onSave={async () => {
            await updateTrustPolicy(client, name, trust);
            tell({ type: "success", header: "The trust policy is saved" });
            await role.reload();
          }}
        >
          <PolicyEditor label="Trust policy" kind="trust" text={trust} onChange={setTrust} />
        </EditDialog>
      )}
    </ContentLayout>
  );
}
