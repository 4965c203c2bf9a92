import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import Pagination from "@cloudscape-design/components/pagination";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import TextFilter from "@cloudscape-design/components/text-filter";
import Toggle from "@cloudscape-design/components/toggle";
import { useEffect, useState } from "react";
import { type BucketPlace, getVersioning } from "../../api/buckets.ts";
import { listObjects, type Marker } from "../../api/objects.ts";
import { Failure } from "../../components/Loading.tsx";
import { useClient } from "../../context.tsx";
import { useLive } from "../../hooks/useLive.ts";
import { useLoad } from "../../hooks/useLoad.ts";
import { useReplicationStatuses } from "../../hooks/useReplicationStatuses.ts";
import { href, navigate, usePlace } from "../../router.ts";
import { columnsOf, type Row, rowsOf } from "./columns.tsx";
import { ObjectActions } from "./ObjectActions.tsx";
import { NoObjects } from "./NoObjects.tsx";

const PAGE_SIZE = 50;

/** The objects below a prefix, a page at a time: a bucket of any size costs the page that is looked at. */
export default function ObjectsTab({ bucket }: { bucket: BucketPlace }) {
  const client = useClient();
  const { query } = usePlace();
  const folder = query.get("prefix") ?? "";
  const find = query.get("find") ?? "";
  const showVersions = query.get("versions") === "1";
  const place = `${folder}\n${find}\n${showVersions}`;
  const [paging, setPaging] = useState<{ place: string; markers: readonly (Marker | undefined)[]; at: number }>({
    place,
    markers: [undefined],
    at: 0,
  });
  const current = paging.place === place ? paging : { place, markers: [undefined], at: 0 };
  const [selected, setSelected] = useState<readonly Row[]>([]);
  const versioning = useLoad((signal) => getVersioning(client, bucket, signal), [client, bucket]);

  const listing = { prefix: folder + find, showVersions, pageSize: PAGE_SIZE, marker: current.markers[current.at] };
  const page = useLive((signal) => listObjects(client, bucket, listing, signal), [client, bucket, place, current.at], {
    looks: JSON.stringify,
  });
  useEffect(() => setSelected([]), [place, current.at]);

  const shown = page.data;
  const rows = shown ? rowsOf(shown, folder) : [];
  const statuses = useReplicationStatuses(bucket, shown?.versions ?? [], versioning.data !== "Disabled");
  const go = (changes: { prefix?: string; find?: string; versions?: boolean }) =>
    navigate(
      href(`/buckets/${encodeURIComponent(bucket.name)}`, {
        prefix: (changes.prefix ?? folder) || undefined,
        find: (changes.find ?? "") || undefined,
        versions: changes.versions ?? showVersions,
      }),
      { replace: changes.find !== undefined },
    );
  const [text, setText] = useState(find);
  useEffect(() => setText(find), [find]);
  const reload = async () => {
    setSelected([]);
    await page.reload();
  };

  if (page.error !== undefined && !page.data) {
    return <Failure what="The objects could not be listed" error={page.error} onRetry={() => void page.reload()} />;
  }
  return (
    <Table
      items={rows}
      trackBy="id"
      loading={page.loading}
      loadingText="Loading objects"
      selectionType="multi"
      selectedItems={selected}
      onSelectionChange={({ detail }) => setSelected(detail.selectedItems)}
      columnDefinitions={columnsOf(bucket, showVersions, statuses)}
      wrapLines
      ariaLabels={{
        tableLabel: "Objects",
        selectionGroupLabel: "Objects",
        allItemsSelectionLabel: () => "Select all objects on this page",
        itemSelectionLabel: (_, row) => `Select ${row.name}`,
      }}
      empty={<NoObjects bucket={bucket} prefix={folder} filtered={find !== ""} showVersions={showVersions} />}
      header={
        <Header
          variant="h2"
          description={
            <>
              Objects are the files and folders stored in S3.
              {folder && (
                <>
                  {" "}
                  <Link
                    href={href(`/buckets/${encodeURIComponent(bucket.name)}`, {
                      prefix: parentOf(folder),
                      versions: showVersions,
                    })}
                  >
                    Up one folder
                  </Link>
                </>
              )}
            </>
          }
          actions={
            <ObjectActions
              bucket={bucket}
              prefix={folder}
              selected={selected}
              versioned={versioning.data !== undefined && versioning.data !== "Disabled"}
              showVersions={showVersions}
              onChanged={reload}
            />
          }
        >
          Objects
        </Header>
      }
      filter={
        <SpaceBetween direction="horizontal" size="m" alignItems="center">
          <TextFilter
            filteringText={text}
            filteringPlaceholder="Find objects by prefix"
            filteringAriaLabel="Find objects by prefix"
            onChange={({ detail }) => setText(detail.filteringText)}
            onDelayedChange={({ detail }) => go({ find: detail.filteringText })}
          />
          <Toggle checked={showVersions} onChange={({ detail }) => go({ versions: detail.checked, find })}>
            Show versions
          </Toggle>
        </SpaceBetween>
      }
      pagination={
        <SpaceBetween direction="horizontal" size="xs" alignItems="center">
          <Button iconName="refresh" variant="icon" ariaLabel="Refresh objects" onClick={() => void reload()} />
          <Pagination
            currentPageIndex={current.at + 1}
            pagesCount={shown?.next ? Math.max(current.markers.length, current.at + 2) : current.at + 1}
            openEnd={shown?.next !== undefined}
            onChange={({ detail }) => {
              const at = detail.currentPageIndex - 1;
              const markers = [...current.markers];
              if (at === current.at + 1 && shown?.next) markers[at] = shown.next;
              if (at < markers.length) setPaging({ place, markers, at });
            }}
            ariaLabels={{
              nextPageLabel: "Next page",
              previousPageLabel: "Previous page",
              pageLabel: (number) => `Page ${number}`,
            }}
          />
        </SpaceBetween>
      }
    />
  );
}

function parentOf(folder: string): string | undefined {
  return folder.slice(0, folder.lastIndexOf("/", folder.length - 2) + 1) || undefined;
}
