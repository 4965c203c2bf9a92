import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import Table from "@cloudscape-design/components/table";
import { useState } from "react";
import {
  createAccessKey,
  deleteAccessKey,
  listAccessKeys,
  type NewAccessKey,
  setAccessKeyActive,
} from "../../api/iam.ts";
import { Failure } from "../../components/Loading.tsx";
import { NewKey } from "../../components/NewKey.tsx";
import { useConsole } from "../../context.tsx";
import { useLoad } from "../../hooks/useLoad.ts";
import { formatTime } from "../../model/format.ts";

const KEYS_MAX = 2;

/** The access keys of a user. A secret is shown once, when it is made: the server keeps none that it could show again. */
export function AccessKeys({ userName }: { userName: string }) {
  const { client, tell, tellError } = useConsole();
  const keys = useLoad((signal) => listAccessKeys(client, userName, signal), [client, userName]);
  const [made, setMade] = useState<NewAccessKey>();
  const act = async (what: string, change: () => Promise<void>) => {
    try {
      await change();
      tell({ type: "success", header: what });
    } catch (error) {
      tellError("The access key was not changed", error);
    }
    await keys.reload();
  };
  if (keys.error !== undefined && !keys.data)
    return <Failure what="Access keys could not be listed" error={keys.error} />;
  return (
    <>
      <Table
        wrapLines
        items={keys.data ?? []}
        loading={keys.loading}
        loadingText="Loading access keys"
        ariaLabels={{ tableLabel: "Access keys" }}
        columnDefinitions={[
          { id: "id", header: "Access key ID", cell: (key) => key.id, isRowHeader: true },
          {
            id: "status",
            header: "Status",
            cell: (key) =>
              key.active ? (
                <StatusIndicator type="success">Active</StatusIndicator>
              ) : (
                <StatusIndicator type="stopped">Inactive</StatusIndicator>
              ),
          },
          { id: "created", header: "Created", cell: (key) => formatTime(key.created) },
          {
            id: "actions",
            header: "Actions",
            cell: (key) => (
              <SpaceBetween direction="horizontal" size="xs">
                <Button
                  variant="inline-link"
                  ariaLabel={`${key.active ? "Deactivate" : "Activate"} ${key.id}`}
                  onClick={() =>
                    void act(`Access key ${key.id} is ${key.active ? "inactive" : "active"}`, () =>
                      setAccessKeyActive(client, userName, key.id, !key.active),
                    )
                  }
                >
                  {key.active ? "Deactivate" : "Activate"}
                </Button>
                <Button
                  variant="inline-link"
                  disabled={key.active}
                  ariaLabel={`Delete ${key.id}`}
                  onClick={() =>
                    void act(`Access key ${key.id} is deleted`, () => deleteAccessKey(client, userName, key.id))
                  }
                >
                  Delete
                </Button>
              </SpaceBetween>
            ),
          },
        ]}
        header={
          <Header
            variant="h2"
            counter={keys.data && `(${keys.data.length})`}
            description="Programs sign their requests with an access key. A user has at most two; only an inactive one can be deleted."
            actions={
              <Button
                disabled={!keys.data || keys.data.length >= KEYS_MAX}
                onClick={() =>
                  void act("The access key is created", async () => setMade(await createAccessKey(client, userName)))
                }
              >
                Create access key
              </Button>
            }
          >
            Access keys
          </Header>
        }
        empty={<Box textAlign="center">No access keys.</Box>}
      />
      {made && <NewKey made={made} onClose={() => setMade(undefined)} />}
    </>
  );
}
