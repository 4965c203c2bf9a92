import Button from "@cloudscape-design/components/button";
import Checkbox from "@cloudscape-design/components/checkbox";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { useState } from "react";
import {
  type BlockScope,
  getPublicAccessBlock,
  type PublicAccessBlock,
  putPublicAccessBlock,
} from "../api/publicAccess.ts";
import { EditDialog } from "./EditDialog.tsx";
import { Failure, Loading } from "./Loading.tsx";
import { TypedConfirmation } from "./TypedConfirmation.tsx";
import { useConsole } from "../context.tsx";
import { useLoad } from "../hooks/useLoad.ts";

const CONFIRMATION = "confirm";

const SWITCHES: readonly { name: keyof PublicAccessBlock; label: string }[] = [
  { name: "blockPublicAcls", label: "Block public access granted through new access control lists (ACLs)" },
  { name: "ignorePublicAcls", label: "Block public access granted through any access control lists (ACLs)" },
  { name: "blockPublicPolicy", label: "Block public access granted through new public bucket policies" },
  { name: "restrictPublicBuckets", label: "Block public and cross-account access through any public bucket policies" },
];

interface Properties {
  readonly scope: BlockScope;
  readonly title: string;
  readonly description: string;
}

/** The four switches: shown, and edited. They keep out what works now, so that a change has to be confirmed, as on AWS. */
export function BlockPublicAccess({ scope, title, description }: Properties) {
  const { client, tell } = useConsole();
  const block = useLoad((signal) => getPublicAccessBlock(client, scope, signal), [client, scope]);
  const [draft, setDraft] = useState<PublicAccessBlock>();
  const [typed, setTyped] = useState("");
  const edit = (standing: PublicAccessBlock) => {
    setTyped("");
    setDraft(standing);
  };
  if (block.error !== undefined && !block.data) {
    return <Failure what="Block public access could not be read" error={block.error} />;
  }
  if (!block.data) return <Loading />;
  const { data } = block;
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={description}
          actions={
            <Button ariaLabel="Edit Block public access" onClick={() => edit(data)}>
              Edit
            </Button>
          }
        >
          {title}
        </Header>
      }
    >
      <KeyValuePairs
        columns={2}
        items={SWITCHES.map(({ name, label }) => ({
          label,
          value: data[name] ? (
            <StatusIndicator type="success">On</StatusIndicator>
          ) : (
            <StatusIndicator type="stopped">Off</StatusIndicator>
          ),
        }))}
      />
      {draft && (
        <EditDialog
          header={`Edit ${title}`}
          disabled={typed !== CONFIRMATION}
          onClose={() => setDraft(undefined)}
          onSave={async () => {
            await putPublicAccessBlock(client, scope, draft);
            tell({ type: "success", header: "Block public access is changed" });
            await block.reload();
          }}
        >
          <SpaceBetween size="s">
            {SWITCHES.map(({ name, label }) => (
              <Checkbox
                key={name}
                checked={draft[name]}
                onChange={({ detail }) => setDraft({ ...draft, [name]: detail.checked })}
              >
                {label}
              </Checkbox>
            ))}
            <TypedConfirmation label="Confirmation" wanted={CONFIRMATION} value={typed} onChange={setTyped} />
          </SpaceBetween>
        </EditDialog>
      )}
    </Container>
  );
}
