import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import Table from "@cloudscape-design/components/table";
import { useState } from "react";
import type { Tag } from "../api/buckets.ts";
import type { Loaded } from "../hooks/useLoad.ts";
import { Failure } from "./Loading.tsx";
import { TagsDialog } from "./TagsDialog.tsx";

interface Properties {
  readonly tags: Loaded<readonly Tag[]>;
  readonly max: number;
  readonly description: string;
  readonly save: (tags: readonly Tag[]) => Promise<void>;
}

export function TagTable({ tags, max, description, save }: Properties) {
  const [editing, setEditing] = useState(false);
  if (tags.error !== undefined && !tags.data) return <Failure what="The tags could not be read" error={tags.error} />;
  return (
    <>
      <Table
        items={tags.data ?? []}
        loading={tags.loading}
        loadingText="Loading tags"
        columnDefinitions={[
          { id: "key", header: "Key", cell: (tag) => tag.key, isRowHeader: true },
          { id: "value", header: "Value", cell: (tag) => tag.value || "-" },
        ]}
        ariaLabels={{ tableLabel: "Tags" }}
        header={
          <Header
            variant="h2"
            counter={tags.data && `(${tags.data.length})`}
            description={description}
            actions={
              <Button disabled={!tags.data} onClick={() => setEditing(true)} ariaLabel="Edit tags">
                Edit
              </Button>
            }
          >
            Tags
          </Header>
        }
        empty={<Box textAlign="center">No tags.</Box>}
      />
      {editing && tags.data && (
        <TagsDialog
          tags={tags.data}
          max={max}
          onClose={() => setEditing(false)}
          onSave={async (next) => {
            await save(next);
            await tags.reload();
          }}
        />
      )}
    </>
  );
}
