/** Deleting everything below a prefix, a page at a time: a bucket of any size costs a page of memory. */

import type { BucketPlace } from "./buckets.ts";
import type { Client } from "./client.ts";
import { deleteObjects, type DeletionFailure, DELETIONS_MAX, listObjects, type Marker } from "./objects.ts";

export interface BulkDeletion {
  readonly prefix: string;
  /** Every version and marker, for good; else the current objects, as deleting each of them would. */
  readonly versions: boolean;
  /** Ends it between two pages: what was being deleted is finished and told. Throws AbortError then. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress: (deleted: number) => void;
}

/** Those that cannot be deleted are stepped over, and returned. */
export async function deleteAll(client: Client, bucket: BucketPlace, what: BulkDeletion): Promise<DeletionFailure[]> {
  const { prefix, versions, signal, onProgress } = what;
  const failures: DeletionFailure[] = [];
  let deleted = 0;
  let marker: Marker | undefined;
  do {
    const listing = { prefix, showVersions: versions, pageSize: DELETIONS_MAX, delimiter: false, marker };
    const page = await listObjects(client, bucket, listing, signal);
    if (page.versions.length > 0) {
      const found = page.versions.map(({ key, versionId }) => ({ key, versionId: versions ? versionId : undefined }));
      const failed = await deleteObjects(client, bucket, found);
      failures.push(...failed);
      deleted += found.length - failed.length;
      onProgress(deleted);
    }
    marker = page.next;
    signal?.throwIfAborted();
  } while (marker);
  return failures;
}
