import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import { useState } from "react";
import { createUser, deleteUser, listUsers, type User } from "../../api/iam.ts";
import { EditDialog } from "../../components/EditDialog.tsx";
import { NamedTable } from "../../components/NamedTable.tsx";
import { useConsole } from "../../context.tsx";
import { useLoad } from "../../hooks/useLoad.ts";
import { formatTime } from "../../model/format.ts";
import { href, navigate } from "../../router.ts";

export default function Users() {
  const { client, tell } = useConsole();
  const users = useLoad((signal) => listUsers(client, signal), [client]);
  const [name, setName] = useState<string>();
  const page = (user: string) => href(`/access/users/${encodeURIComponent(user)}`);
  return (
    <>
      <NamedTable<User>
        title="Users"
        description="A user is a person or a program with access keys of its own. A new user may do nothing until a policy allows it."
        one="user"
        loaded={users}
        nameOf={(user) => user.name}
        hrefOf={(user) => page(user.name)}
        columns={[
          { id: "arn", header: "ARN", cell: (user) => <span className="key">{user.arn}</span> },
          { id: "created", header: "Created", cell: (user) => formatTime(user.created) },
        ]}
        onDelete={async (user) => {
          await deleteUser(client, user.name);
          tell({ type: "success", header: `User "${user.name}" is deleted` });
        }}
        create={
          <Button variant="primary" onClick={() => setName("")}>
            Create user
          </Button>
        }
      />
      {name !== undefined && (
        <EditDialog
          header="Create user"
          action="Create user"
          disabled={name.trim() === ""}
          onClose={() => setName(undefined)}
          onSave={async () => {
            await createUser(client, name.trim());
            tell({ type: "success", header: `User "${name.trim()}" is created` });
            navigate(page(name.trim()));
          }}
        >
          <FormField label="User name" constraintText="Up to 64 characters: letters, digits and + = , . @ _ -">
            <Input value={name} autoFocus onChange={({ detail }) => setName(detail.value)} />
          </FormField>
        </EditDialog>
      )}
    </>
  );
}
