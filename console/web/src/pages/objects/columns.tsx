import Box from "@cloudscape-design/components/box";
import Icon from "@cloudscape-design/components/icon";
import Link from "@cloudscape-design/components/link";
import type { TableProps } from "@cloudscape-design/components/table";
import type { BucketPlace } from "../../api/buckets.ts";
import type { ObjectVersion, Page } from "../../api/objects.ts";
import { ReplicationStatusText } from "../../components/ReplicationStatusText.tsx";
import type { KnownStatus } from "../../api/replicationStatuses.ts";
import { idOf } from "../../hooks/useReplicationStatuses.ts";
import { formatBytes, formatTime } from "../../model/format.ts";
import { href } from "../../router.ts";

/** A line of the table: a folder, or a version of an object. */
export interface Row {
  readonly id: string;
  readonly name: string;
  /** The folder's prefix, or the object's key. */
  readonly key: string;
  readonly version: ObjectVersion | undefined;
}

export function rowsOf(page: Page, folder: string): Row[] {
  const folders = page.folders.map((prefix) => ({
    id: `folder ${prefix}`,
    name: prefix.slice(folder.length),
    key: prefix,
    version: undefined,
  }));
  const objects = page.versions.map((version) => ({
    id: idOf(version),
    // The folder's own marker object has no name below it: show its whole key.
    name: version.key.slice(folder.length) || version.key,
    key: version.key,
    version,
  }));
  return [...folders, ...objects];
}

export function columnsOf(
  bucket: BucketPlace,
  showVersions: boolean,
  statuses: ReadonlyMap<string, KnownStatus>,
): TableProps.ColumnDefinition<Row>[] {
  const versionId: TableProps.ColumnDefinition<Row> = {
    id: "version",
    header: "Version ID",
    minWidth: 120,
    cell: ({ version }) => <span className="key">{version?.versionId ?? "-"}</span>,
  };
  return [
    {
      id: "name",
      header: "Name",
      isRowHeader: true,
      minWidth: 140,
      cell: (row) => <Name bucket={bucket} row={row} showVersions={showVersions} />,
    },
    {
      id: "status",
      header: "Replication status",
      minWidth: 140,
      cell: ({ version }) => (version?.kind === "object" ? <Status known={statuses.get(idOf(version))} /> : "-"),
    },
    { id: "type", header: "Type", cell: typeOf },
    ...(showVersions ? [versionId] : []),
    { id: "modified", header: "Last modified", cell: ({ version }) => (version ? formatTime(version.modified) : "-") },
    {
      id: "size",
      header: "Size",
      cell: ({ version }) => (version?.kind === "object" ? formatBytes(version.size) : "-"),
    },
    { id: "class", header: "Storage class", cell: ({ version }) => storageClassText(version?.storageClass) },
  ];
}

function Status({ known }: { known: KnownStatus | undefined }) {
  if (known === undefined) return "…";
  if (known === "none") return <ReplicationStatusText status={undefined} />;
  return known === "unknown" ? "-" : <ReplicationStatusText status={known} />;
}

function Name({ bucket, row, showVersions }: { bucket: BucketPlace; row: Row; showVersions: boolean }) {
  const root = `/buckets/${encodeURIComponent(bucket.name)}`;
  const { version } = row;
  if (!version) {
    return (
      <>
        <Icon name="folder" /> <Link href={href(root, { prefix: row.key, versions: showVersions })}>{row.name}</Link>
      </>
    );
  }
  const indented = showVersions && !version.latest;
  return (
    <Box padding={indented ? { left: "l" } : undefined}>
      <Icon name="file" />{" "}
      <Link href={href(`${root}/object`, { key: row.key, versionId: showVersions ? version.versionId : undefined })}>
        {row.name}
        {version.kind === "marker" && " (deleted)"}
      </Link>
    </Box>
  );
}

function typeOf({ name, version }: Row): string {
  if (!version) return "Folder";
  if (version.kind === "marker") return "Delete marker";
  const dot = name.lastIndexOf(".");
  return dot > 0 && dot < name.length - 1 && !name.endsWith("/") ? name.slice(dot + 1) : "-";
}

const STORAGE_CLASSES: Readonly<Record<string, string>> = {
  STANDARD: "Standard",
  STANDARD_IA: "Standard-IA",
  ONEZONE_IA: "One Zone-IA",
  INTELLIGENT_TIERING: "Intelligent-Tiering",
  GLACIER: "Glacier Flexible Retrieval",
  GLACIER_IR: "Glacier Instant Retrieval",
  DEEP_ARCHIVE: "Glacier Deep Archive",
  REDUCED_REDUNDANCY: "Reduced redundancy",
};

export function storageClassText(storageClass: string | undefined): string {
  return storageClass ? (STORAGE_CLASSES[storageClass] ?? storageClass) : "-";
}
