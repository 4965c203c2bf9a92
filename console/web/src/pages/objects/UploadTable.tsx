import { useCollection } from "@cloudscape-design/collection-hooks";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import Pagination from "@cloudscape-design/components/pagination";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import Table, { type TableProps } from "@cloudscape-design/components/table";
import { formatBytes } from "../../model/format.ts";
import { type Task, totalsOf, type UploadQueue } from "../../model/uploadQueue.ts";

interface Properties {
  readonly tasks: readonly Task[];
  readonly started: boolean;
  readonly queue: UploadQueue;
}

const PAGE_SIZE = 20;

export function UploadTable({ tasks, started, queue }: Properties) {
  const { items, collectionProps, paginationProps } = useCollection(tasks, {
    pagination: { pageSize: PAGE_SIZE },
    selection: { trackBy: (task) => String(task.id) },
    sorting: {},
  });
  const totals = totalsOf(tasks);
  const selected = collectionProps.selectedItems ?? [];
  return (
    <Table
      {...collectionProps}
      items={items}
      columnDefinitions={started ? [NAME, SIZE, STATE] : [NAME, SIZE, TYPE]}
      {...(started ? {} : { selectionType: "multi" as const })}
      ariaLabels={{
        tableLabel: "Files and folders",
        selectionGroupLabel: "Files",
        allItemsSelectionLabel: () => "Select all files on this page",
        itemSelectionLabel: (_, task) => `Select ${task.key}`,
      }}
      header={
        <Header
          variant="h2"
          counter={`(${tasks.length} total, ${formatBytes(totals.bytes)})`}
          actions={
            !started && (
              <Button
                disabled={selected.length === 0}
                onClick={() => queue.remove(new Set(selected.map((task) => task.id)))}
              >
                Remove
              </Button>
            )
          }
        >
          Files and folders
        </Header>
      }
      empty={
        <Box textAlign="center" padding="s">
          <b>No files or folders</b>
          <Box color="text-body-secondary">You have not chosen any files or folders to upload.</Box>
        </Box>
      }
      pagination={tasks.length > PAGE_SIZE ? <Pagination {...paginationProps} /> : undefined}
    />
  );
}

const NAME: TableProps.ColumnDefinition<Task> = {
  id: "name",
  header: "Name",
  isRowHeader: true,
  cell: (task) => task.key,
};
const SIZE: TableProps.ColumnDefinition<Task> = {
  id: "size",
  header: "Size",
  cell: (task) => formatBytes(task.file.size),
};
const TYPE: TableProps.ColumnDefinition<Task> = { id: "type", header: "Type", cell: (task) => task.file.type || "-" };
const STATE: TableProps.ColumnDefinition<Task> = {
  id: "state",
  header: "Status",
  minWidth: 220,
  cell: (task) => <State task={task} />,
};

function State({ task }: { task: Task }) {
  switch (task.state) {
    case "waiting":
      return <StatusIndicator type="pending">Pending</StatusIndicator>;
    case "uploading":
      return <StatusIndicator type="in-progress">{percent(task)} %</StatusIndicator>;
    case "succeeded":
      return <StatusIndicator type="success">Succeeded</StatusIndicator>;
    case "failed":
      return <StatusIndicator type="error">Failed: {task.error}</StatusIndicator>;
    case "cancelled":
      return <StatusIndicator type="stopped">Cancelled</StatusIndicator>;
  }
}

function percent(task: Task): number {
  return task.file.size === 0 ? 0 : Math.floor((100 * task.sentBytes) / task.file.size);
}
