import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import Table from "@cloudscape-design/components/table";
import { useState } from "react";
import type { BucketPlace } from "../../api/buckets.ts";
import { listObjects } from "../../api/objects.ts";
import { Failure } from "../../components/Loading.tsx";
import { useClient } from "../../context.tsx";
import { useLive } from "../../hooks/useLive.ts";
import { useReplicationStatuses } from "../../hooks/useReplicationStatuses.ts";
import { href } from "../../router.ts";
import { columnsOf, type Row, rowsOf } from "./columns.tsx";
import Button from "@cloudscape-design/components/button";
import { DeleteObjects } from "./DeleteObjects.tsx";

const VERSIONS_MAX = 200;

/** All versions of one key, newest first, with its delete markers. */
export function ObjectVersions({ bucket, objectKey }: { bucket: BucketPlace; objectKey: string }) {
  const client = useClient();
  const [selected, setSelected] = useState<readonly Row[]>([]);
  const [deleting, setDeleting] = useState(false);
  const listing = { prefix: objectKey, showVersions: true, pageSize: VERSIONS_MAX, delimiter: false };
  const page = useLive((signal) => listObjects(client, bucket, listing, signal), [client, bucket, objectKey], {
    looks: JSON.stringify,
  });
  const versions = (page.data?.versions ?? []).filter((version) => version.key === objectKey);
  const statuses = useReplicationStatuses(bucket, versions, true);
  if (page.error !== undefined && !page.data)
    return <Failure what="The versions could not be listed" error={page.error} />;
  const folder = objectKey.slice(0, objectKey.lastIndexOf("/") + 1);
  const rows = rowsOf({ folders: [], versions, next: undefined }, folder);
  return (
    <>
      <Table
        wrapLines
        items={rows}
        trackBy="id"
        loading={page.loading}
        loadingText="Loading versions"
        selectionType="multi"
        selectedItems={selected}
        onSelectionChange={({ detail }) => setSelected(detail.selectedItems)}
        columnDefinitions={columnsOf(bucket, true, statuses)}
        ariaLabels={{
          tableLabel: "Versions",
          selectionGroupLabel: "Versions",
          allItemsSelectionLabel: () => "Select all versions",
          itemSelectionLabel: (_, row) => `Select version ${row.version?.versionId ?? ""}`,
        }}
        header={
          <Header
            variant="h2"
            counter={`(${rows.length}${page.data?.next ? "+" : ""})`}
            description={
              page.data?.next && (
                <Link
                  href={href(`/buckets/${encodeURIComponent(bucket.name)}`, {
                    prefix: folder || undefined,
                    find: objectKey.slice(folder.length),
                    versions: true,
                  })}
                >
                  Show all in the bucket
                </Link>
              )
            }
            actions={
              <Button disabled={selected.length === 0} onClick={() => setDeleting(true)}>
                Delete
              </Button>
            }
          >
            Versions
          </Header>
        }
      />
      {deleting && (
        <DeleteObjects
          bucket={bucket}
          rows={selected}
          permanent
          onClose={() => setDeleting(false)}
          onDeleted={async () => {
            setSelected([]);
            await page.reload();
          }}
        />
      )}
    </>
  );
}
