import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { type Account, createAccount, listAccounts } from "../../api/accounts.ts";
import { isApiError } from "../../api/errors.ts";
import type { NewAccessKey } from "../../api/iam.ts";
import { Copyable } from "../../components/Copyable.tsx";
import { EditDialog } from "../../components/EditDialog.tsx";
import { NamedTable } from "../../components/NamedTable.tsx";
import { NewKey } from "../../components/NewKey.tsx";
import { PageAlert } from "../../components/PageAlert.tsx";
import { useConsole } from "../../context.tsx";
import { useLoad } from "../../hooks/useLoad.ts";
import { formatTime } from "../../model/format.ts";
import { href } from "../../router.ts";

/** The accounts of the deployment: for its first account, as Organizations is for the management account on AWS. */
export default function Accounts() {
  const { client } = useConsole();
  const accounts = useLoad((signal) => listAccounts(client, signal), [client]);
  const [name, setName] = useState<string>();
  const [made, setMade] = useState<NewAccessKey>();
  if (isApiError(accounts.error, "AccessDenied") && !accounts.data) return <NotYours />;
  return (
    <>
      <NamedTable<Account>
        title="Accounts"
        description="Each account has its own buckets, users and roles. Replication between accounts needs the destination owner's consent."
        one="account"
        loaded={accounts}
        nameOf={(account) => account.name}
        columns={[
          { id: "id", header: "Account ID", cell: (account) => <Copyable text={account.id} what="account ID" /> },
          { id: "created", header: "Created", cell: (account) => formatTime(account.created) },
          {
            id: "role",
            header: "Role",
            cell: (account) =>
              [account.administers && "Administers this server", account.id === client.accountId && "Yours"]
                .filter(Boolean)
                .join(", ") || "-",
          },
        ]}
        create={
          <Button variant="primary" onClick={() => setName("")}>
            Create account
          </Button>
        }
      />
      {name !== undefined && (
        <EditDialog
          header="Create account"
          action="Create account"
          disabled={name.trim() === ""}
          onClose={() => setName(undefined)}
          onSave={async () => {
            setMade(await createAccount(client, name.trim()));
            await accounts.reload();
          }}
        >
          <FormField label="Account name" constraintText="A name for people: 1 to 50 printable ASCII characters.">
            <Input value={name} autoFocus onChange={({ detail }) => setName(detail.value)} />
          </FormField>
        </EditDialog>
      )}
      {made && <NewKey made={made} onClose={() => setMade(undefined)} />}
    </>
  );
}

function NotYours() {
  return (
    <PageAlert
      title="Accounts"
      type="info"
      header="The accounts of this server are not yours to list"
      action={<Button href={href("/access/account")}>Your account</Button>}
    >
      <SpaceBetween size="xs">
        <Box color="inherit">
          Its first account may: the root, and users who may organizations:ListAccounts. Whoever has the server's
          machine can use the command.
        </Box>
        <Box variant="code">farshore account list</Box>
      </SpaceBetween>
    </PageAlert>
  );
}
