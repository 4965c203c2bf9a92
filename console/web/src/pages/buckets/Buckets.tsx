import { useCollection } from "@cloudscape-design/collection-hooks";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import Pagination from "@cloudscape-design/components/pagination";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table, { type TableProps } from "@cloudscape-design/components/table";
import TextFilter from "@cloudscape-design/components/text-filter";
import { useEffect, useState } from "react";
import { type Bucket, getVersioning, listBuckets, type Versioning } from "../../api/buckets.ts";
import { isApiError } from "../../api/errors.ts";
import { getReplication } from "../../api/replication.ts";
import { PageFailure } from "../../components/Loading.tsx";
import { useClient, useConsole } from "../../context.tsx";
import { useLoad } from "../../hooks/useLoad.ts";
import { formatTime } from "../../model/format.ts";
import { inLanes } from "../../model/lanes.ts";
import { bucketArn, type Configuration } from "../../model/replication.ts";
import { href, navigate } from "../../router.ts";

const PAGE_SIZE = 25;
const LANES = 6;

/** What takes a request per bucket to know: asked for the buckets on screen alone. */
interface Glance {
  readonly versioning: Versioning | "unknown";
  readonly replication: Configuration | undefined | "unknown";
}

export default function Buckets() {
  const client = useClient();
  const { tell } = useConsole();
  const { data, error, loading, reload } = useLoad((signal) => listBuckets(client, signal), [client]);
  const { items, collectionProps, filterProps, paginationProps, filteredItemsCount } = useCollection(data ?? [], {
    filtering: {
      filteringFunction: (bucket, text) => bucket.name.includes(text.trim().toLowerCase()),
      empty: <Empty />,
      noMatch: <Box textAlign="center">No bucket's name contains this text.</Box>,
    },
    pagination: { pageSize: PAGE_SIZE },
    sorting: { defaultState: { sortingColumn: { sortingField: "name" } } },
    selection: { trackBy: "name" },
  });
  const glances = useGlances(items);
  const selected = collectionProps.selectedItems?.[0];
  const page = (action: string) => selected && href(`/buckets/${encodeURIComponent(selected.name)}/${action}`);

  if (error !== undefined && !data) {
    return (
      <PageFailure
        title={"General purpose buckets"}
        what="Your buckets could not be listed"
        error={error}
        onRetry={() => void reload()}
      />
    );
  }
  return (
    <Table
      wrapLines
      {...collectionProps}
      variant="full-page"
      stickyHeader
      items={items}
      loading={loading}
      loadingText="Loading buckets"
      selectionType="single"
      columnDefinitions={columns(glances)}
      ariaLabels={{
        selectionGroupLabel: "Buckets",
        itemSelectionLabel: (_, bucket) => `Select ${bucket.name}`,
        tableLabel: "General purpose buckets",
      }}
      header={
        <Header
          variant="awsui-h1-sticky"
          counter={data ? `(${data.length})` : undefined}
          description="Buckets are containers for data stored in S3."
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <Button iconName="refresh" ariaLabel="Refresh buckets" onClick={() => void reload()} />
              <Button
                disabled={!selected}
                iconName="copy"
                onClick={() => {
                  if (!selected) return;
                  void navigator.clipboard.writeText(bucketArn(selected.name));
                  tell({ type: "success", content: `Copied ${bucketArn(selected.name)}` });
                }}
              >
                Copy ARN
              </Button>
              <Button disabled={!selected} href={page("empty")}>
                Empty
              </Button>
              <Button disabled={!selected} href={page("delete")}>
                Delete
              </Button>
              <Button variant="primary" href={href("/create-bucket")}>
                Create bucket
              </Button>
            </SpaceBetween>
          }
        >
          General purpose buckets
        </Header>
      }
      filter={
        <TextFilter
          {...filterProps}
          filteringPlaceholder="Find buckets by name"
          filteringAriaLabel="Find buckets by name"
          countText={`${filteredItemsCount ?? 0} matches`}
        />
      }
      pagination={<Pagination {...paginationProps} />}
    />
  );
}

function columns(glances: ReadonlyMap<string, Glance>): TableProps.ColumnDefinition<Bucket>[] {
  return [
    {
      id: "name",
      header: "Name",
      sortingField: "name",
      isRowHeader: true,
      cell: (bucket) => <Link href={href(`/buckets/${encodeURIComponent(bucket.name)}`)}>{bucket.name}</Link>,
    },
    { id: "region", header: "Region", sortingField: "region", cell: (bucket) => bucket.region },
    {
      id: "versioning",
      header: "Bucket Versioning",
      cell: (bucket) => shown(glances.get(bucket.name), (glance) => glance.versioning),
    },
    {
      id: "replication",
      header: "Replication",
      cell: (bucket) => shown(glances.get(bucket.name), (glance) => <Rules bucket={bucket.name} glance={glance} />),
    },
    {
      id: "created",
      header: "Creation date",
      sortingComparator: (a, b) => (a.created?.getTime() ?? 0) - (b.created?.getTime() ?? 0),
      cell: (bucket) => formatTime(bucket.created),
    },
  ];
}

function shown<T>(glance: Glance | undefined, cell: (glance: Glance) => T): T | string {
  return glance === undefined ? "…" : cell(glance);
}

function Rules({ bucket, glance }: { bucket: string; glance: Glance }) {
  const { replication } = glance;
  if (replication === "unknown") return "unknown";
  if (!replication) return "-";
  const enabled = replication.rules.filter((rule) => rule.status === "Enabled");
  const destinations = [...new Set(enabled.map((rule) => rule.destination.bucket))];
  const text =
    enabled.length === 0
      ? "All rules disabled"
      : `→ ${destinations.slice(0, 2).join(", ")}${destinations.length > 2 ? ` and ${destinations.length - 2} more` : ""}`;
  return <Link href={href(`/buckets/${encodeURIComponent(bucket)}`, { tab: "management" })}>{text}</Link>;
}

function useGlances(buckets: readonly Bucket[]): ReadonlyMap<string, Glance> {
  const client = useClient();
  const [glances, setGlances] = useState<ReadonlyMap<string, Glance>>(new Map());
  const names = buckets.map((bucket) => bucket.name).join("/");
  useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    const look = async (bucket: Bucket) => {
      const [versioning, replication] = await Promise.all([
        orUnknown(getVersioning(client, bucket, signal)),
        orUnknown(getReplication(client, bucket, signal)),
      ]);
      if (!signal.aborted) setGlances((before) => new Map(before).set(bucket.name, { versioning, replication }));
    };
    void inLanes(buckets, LANES, look, signal).catch(() => undefined);
    return () => controller.abort();
  }, [client, names]);
  return glances;
}

/** What the caller may not see, or what was deleted meanwhile, is no reason to fail the list. */
async function orUnknown<T>(answer: Promise<T>): Promise<T | "unknown"> {
  try {
    return await answer;
  } catch (error) {
    if (isApiError(error)) return "unknown";
    throw error;
  }
}

function Empty() {
  return (
    <Box textAlign="center" padding="m">
      <SpaceBetween size="m">
        <div>
          <b>No buckets</b>
          <Box variant="p" color="text-body-secondary">
            Replication copies objects from one bucket to another: create a source bucket and a destination bucket.
          </Box>
        </div>
        <Button onClick={() => navigate(href("/create-bucket"))}>Create bucket</Button>
      </SpaceBetween>
    </Box>
  );
}
