import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { managedPolicyDocument, updateManagedPolicy } from "../../api/iam.ts";
import { EditDialog } from "../../components/EditDialog.tsx";
import { JsonText } from "../../components/JsonText.tsx";
import { Loading, PageFailure } from "../../components/Loading.tsx";
import { PolicyEditor } from "../../components/PolicyEditor.tsx";
import { useConsole } from "../../context.tsx";
import { useLoad } from "../../hooks/useLoad.ts";
import { policyProblems } from "../../model/policyText.ts";

export default function PolicyPage({ arn }: { arn: string }) {
  const { client, tell } = useConsole();
  const document = useLoad((signal) => managedPolicyDocument(client, arn, signal), [client, arn]);
  const [draft, setDraft] = useState<string>();
  if (document.error !== undefined && !document.data)
    return <PageFailure title={arn} what="The policy cannot be opened" error={document.error} />;
  if (document.data === undefined) return <Loading />;
  const text = document.data;
  return (
    <ContentLayout
      header={
        <Header variant="h1" description={arn}>
          {arn.slice(arn.lastIndexOf("/") + 1)}
        </Header>
      }
    >
      <SpaceBetween size="l">
        <Container
          header={
            <Header
              variant="h2"
              description="Saving makes a new version of it, which counts at once. A policy has at most five."
              actions={
                <Button ariaLabel="Edit policy" onClick={() => setDraft(text)}>
                  Edit
                </Button>
              }
            >
              Permissions defined in this policy
            </Header>
          }
        >
          <JsonText text={text} label="Policy" />
        </Container>
      </SpaceBetween>
      {draft !== undefined && (
        <EditDialog
          header="Edit policy"
          size="large"
          disabled={policyProblems(draft, "identity").length > 0}
          onClose={() => setDraft(undefined)}
          onSave={async () => {
            await updateManagedPolicy(client, arn, draft);
            tell({ type: "success", header: "The policy is saved" });
            await document.reload();
          }}
        >
          <PolicyEditor label="Policy" kind="identity" text={draft} onChange={setDraft} />
        </EditDialog>
      )}
    </ContentLayout>
  );
}
