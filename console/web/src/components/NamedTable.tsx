import { useCollection } from "@cloudscape-design/collection-hooks";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import Pagination from "@cloudscape-design/components/pagination";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table, { type TableProps } from "@cloudscape-design/components/table";
import TextFilter from "@cloudscape-design/components/text-filter";
import { type ReactNode, useState } from "react";
import type { Loaded } from "../hooks/useLoad.ts";
import { EditDialog } from "./EditDialog.tsx";
import { PageFailure } from "./Loading.tsx";

interface Properties<T> {
  readonly title: string;
  readonly description: string;
  /** What one of them is called, in a sentence. */
  readonly one: string;
  readonly loaded: Loaded<readonly T[]>;
  readonly nameOf: (item: T) => string;
  /** The page of one of them, where they have pages. */
  readonly hrefOf?: (item: T) => string;
  readonly columns: readonly TableProps.ColumnDefinition<T>[];
  /** Nothing can be selected without it. */
  readonly onDelete?: (item: T) => Promise<void>;
  readonly create: ReactNode;
}

const PAGE_SIZE = 25;

/** A page that lists things with names: find, open, create, delete. */
export function NamedTable<T>(properties: Properties<T>) {
  const { title, description, one, loaded, nameOf, hrefOf, columns, onDelete, create } = properties;
  const [deleting, setDeleting] = useState(false);
  const { items, collectionProps, filterProps, paginationProps } = useCollection<T>(loaded.data ?? [], {
    filtering: {
      filteringFunction: (item, text) => nameOf(item).toLowerCase().includes(text.trim().toLowerCase()),
      empty: (
        <Box textAlign="center" padding="m">
          <SpaceBetween size="s">
            <b>No {title.toLowerCase()}</b>
            {create}
          </SpaceBetween>
        </Box>
      ),
      noMatch: <Box textAlign="center">No name contains this text.</Box>,
    },
    pagination: { pageSize: PAGE_SIZE },
    selection: { trackBy: nameOf },
    sorting: {},
  });
  const selected = collectionProps.selectedItems?.[0];
  if (loaded.error !== undefined && !loaded.data) {
    return (
      <PageFailure
        title={title}
        what={`${title} could not be listed`}
        error={loaded.error}
        onRetry={() => void loaded.reload()}
      />
    );
  }
  return (
    <>
      <Table<T>
        wrapLines
        {...collectionProps}
        variant="full-page"
        items={items}
        loading={loaded.loading}
        loadingText={`Loading ${title.toLowerCase()}`}
        {...(onDelete ? { selectionType: "single" } : {})}
        ariaLabels={{
          tableLabel: title,
          selectionGroupLabel: title,
          itemSelectionLabel: (_, item) => `Select ${nameOf(item)}`,
        }}
        columnDefinitions={[
          {
            id: "name",
            header: "Name",
            isRowHeader: true,
            cell: (item) => (hrefOf ? <Link href={hrefOf(item)}>{nameOf(item)}</Link> : nameOf(item)),
          },
          ...columns,
        ]}
        header={
          <Header
            variant="awsui-h1-sticky"
            counter={loaded.data ? `(${loaded.data.length})` : undefined}
            description={description}
            actions={
              <SpaceBetween direction="horizontal" size="xs">
                <Button
                  iconName="refresh"
                  ariaLabel={`Refresh ${title.toLowerCase()}`}
                  onClick={() => void loaded.reload()}
                />
                {onDelete && (
                  <Button disabled={!selected} onClick={() => setDeleting(true)}>
                    Delete
                  </Button>
                )}
                {create}
              </SpaceBetween>
            }
          >
            {title}
          </Header>
        }
        filter={<TextFilter {...filterProps} filteringPlaceholder={`Find ${one}`} filteringAriaLabel={`Find ${one}`} />}
        pagination={<Pagination {...paginationProps} />}
      />
      {deleting && onDelete && selected !== undefined && (
        <EditDialog
          header={`Delete ${one} "${nameOf(selected)}"?`}
          action="Delete"
          onClose={() => setDeleting(false)}
          onSave={async () => {
            await onDelete(selected);
            await loaded.reload();
          }}
        >
          <Box>This cannot be undone.</Box>
        </EditDialog>
      )}
    </>
  );
}
