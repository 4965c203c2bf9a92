import { useCollection } from "@cloudscape-design/collection-hooks";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Modal from "@cloudscape-design/components/modal";
import Pagination from "@cloudscape-design/components/pagination";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import TextFilter from "@cloudscape-design/components/text-filter";
import type { Bucket } from "../../api/buckets.ts";
import { formatTime } from "../../model/format.ts";

interface Properties {
  readonly buckets: readonly Bucket[];
  readonly onClose: () => void;
  readonly onChoose: (name: string) => void;
}

export function BrowseBuckets({ buckets, onClose, onChoose }: Properties) {
  const { items, collectionProps, filterProps, paginationProps } = useCollection(buckets, {
    filtering: {
      filteringFunction: (bucket, text) => bucket.name.includes(text.trim().toLowerCase()),
      empty: "You have no other bucket.",
      noMatch: "No bucket's name contains this text.",
    },
    pagination: { pageSize: 10 },
    selection: { trackBy: "name" },
    sorting: {},
  });
  const selected = collectionProps.selectedItems?.[0];
  return (
    <Modal
      visible
      size="large"
      header="Choose a bucket"
      onDismiss={onClose}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" formAction="none" onClick={onClose}>
              Cancel
            </Button>
            <Button
              variant="primary"
              formAction="none"
              disabled={!selected}
              onClick={() => selected && onChoose(selected.name)}
            >
              Choose path
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <Table
        {...collectionProps}
        variant="embedded"
        items={items}
        selectionType="single"
        ariaLabels={{
          tableLabel: "Buckets",
          selectionGroupLabel: "Buckets",
          itemSelectionLabel: (_, bucket) => bucket.name,
        }}
        columnDefinitions={[
          { id: "name", header: "Name", cell: (bucket) => bucket.name, isRowHeader: true },
          { id: "region", header: "Region", cell: (bucket) => bucket.region },
          { id: "created", header: "Creation date", cell: (bucket) => formatTime(bucket.created) },
        ]}
        filter={<TextFilter {...filterProps} filteringPlaceholder="Find bucket" filteringAriaLabel="Find bucket" />}
        pagination={<Pagination {...paginationProps} />}
      />
    </Modal>
  );
}
