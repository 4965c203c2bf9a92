import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Form from "@cloudscape-design/components/form";
import Header from "@cloudscape-design/components/header";
import ProgressBar from "@cloudscape-design/components/progress-bar";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { upload } from "../../api/uploads.ts";
import { Loading, PageFailure } from "../../components/Loading.tsx";
import { filledTags } from "../../components/TagsEditor.tsx";
import { useClient } from "../../context.tsx";
import { useBucket } from "../../hooks/useBucket.ts";
import { formatBytes, plural } from "../../model/format.ts";
import { metadataHeaders, rowProblems } from "../../model/metadata.ts";
import { keyProblem } from "../../model/names.ts";
import { totalsOf, UploadQueue } from "../../model/uploadQueue.ts";
import { href } from "../../router.ts";
import { filesOfDrop, filesOfInput, type PathedFile } from "./dropped.ts";
import { NOTHING_GIVEN, UploadProperties } from "./UploadProperties.tsx";
import { UploadTable } from "./UploadTable.tsx";

export default function Upload({ name, prefix }: { name: string; prefix: string }) {
  const client = useClient();
  const bucket = useBucket(name);
  const [queue] = useState(() => new UploadQueue());
  const tasks = useSyncExternalStore(queue.subscribe, queue.snapshot);
  const [started, setStarted] = useState(false);
  const [over, setOver] = useState(false);
  const [refused, setRefused] = useState<readonly string[]>([]);
  const [given, setGiven] = useState(NOTHING_GIVEN);
  const [checked, setChecked] = useState(false);
  const fileInput = useRef<HTMLInputElement>(null);
  const folderInput = useRef<HTMLInputElement>(null);
  useEffect(() => () => queue.cancel(), [queue]);
  if (bucket.error !== undefined)
    return <PageFailure title={"Upload"} what={`Bucket "${name}" cannot be opened`} error={bucket.error} />;
  if (!bucket.data) return <Loading />;
  const place = bucket.data;
  const totals = totalsOf(tasks);
  const back = href(`/buckets/${encodeURIComponent(name)}`, { prefix: prefix || undefined });

  const add = (files: readonly PathedFile[]) => {
    const keyed = files.map(({ file, path }) => ({ file, key: `${prefix}${path}` }));
    setRefused(keyed.filter(({ key }) => keyProblem(key)).map(({ key }) => key));
    queue.add(keyed.filter(({ key }) => !keyProblem(key)));
  };
  const start = () => {
    setChecked(true);
    if (rowProblems(given.metadata).some((problem) => problem)) return;
    setStarted(true);
    queue.start((task, signal, onProgress) =>
      upload(client, {
        place: { bucket: place, key: task.key },
        file: task.file,
        contentType: task.file.type,
        storageClass: given.storageClass === "STANDARD" ? undefined : given.storageClass,
        tags: filledTags(given.tags),
        metadata: metadataHeaders(given.metadata),
        signal,
        onProgress,
      }),
    );
  };
  const busy = started && totals.unfinished > 0;
  const done = started && totals.unfinished === 0;

  return (
    <Form
      header={
        <Header variant="h1" description={`Destination: s3://${name}/${prefix}`}>
          Upload
        </Header>
      }
      actions={
        <SpaceBetween direction="horizontal" size="xs">
          {busy && <Button onClick={() => queue.cancel()}>Cancel</Button>}
          {done && totals.failed + totals.cancelled > 0 && <Button onClick={() => queue.retry()}>Retry</Button>}
          {!busy && (
            <Button variant={done ? "primary" : "link"} href={back}>
              {done ? "Close" : "Cancel"}
            </Button>
          )}
          {!done && (
            <Button variant="primary" disabled={tasks.length === 0} loading={busy} onClick={start}>
              Upload
            </Button>
          )}
        </SpaceBetween>
      }
    >
      <SpaceBetween size="l">
        {started && (
          <ProgressBar
            status={busy ? "in-progress" : totals.failed + totals.cancelled > 0 ? "error" : "success"}
            value={totals.bytes === 0 ? (busy ? 0 : 100) : (100 * totals.sentBytes) / totals.bytes}
            label={busy ? "Uploading" : "Upload"}
            description={`${formatBytes(totals.sentBytes)} of ${formatBytes(totals.bytes)}`}
            resultText={resultText(totals)}
            additionalInfo={`${plural(totals.succeeded, "file")} of ${totals.files} uploaded.${busy ? " Leaving this page stops the upload." : ""}`}
          />
        )}
        {refused.length > 0 && (
          <Alert type="warning" header={`${plural(refused.length, "file")} left out`}>
            {refused[0]}: {keyProblem(refused[0] ?? "")}
          </Alert>
        )}
        {!started && (
          <div
            className="drop-target"
            data-over={over}
            onDragOver={(event) => {
              event.preventDefault();
              setOver(true);
            }}
            onDragLeave={() => setOver(false)}
            onDrop={(event) => {
              event.preventDefault();
              setOver(false);
              void filesOfDrop(event.dataTransfer).then(add);
            }}
          >
            <SpaceBetween size="s">
              <Box>Drag and drop files and folders you want to upload here, or choose Add files or Add folder.</Box>
              <div className="drop-buttons">
                <SpaceBetween direction="horizontal" size="xs">
                  <Button onClick={() => fileInput.current?.click()}>Add files</Button>
                  <Button onClick={() => folderInput.current?.click()}>Add folder</Button>
                </SpaceBetween>
              </div>
            </SpaceBetween>
            <input
              ref={fileInput}
              type="file"
              multiple
              hidden
              aria-label="Files to upload"
              onChange={(event) => {
                add(filesOfInput(event.target.files));
                event.target.value = "";
              }}
            />
            <input
              ref={(element) => {
                folderInput.current = element;
                element?.setAttribute("webkitdirectory", "");
              }}
              type="file"
              multiple
              hidden
              aria-label="Folder to upload"
              onChange={(event) => {
                add(filesOfInput(event.target.files));
                event.target.value = "";
              }}
            />
          </div>
        )}
        <UploadTable tasks={tasks} started={started} queue={queue} />
        {!started && <UploadProperties given={given} onChange={setGiven} checked={checked} />}
      </SpaceBetween>
    </Form>
  );
}

function resultText(totals: ReturnType<typeof totalsOf>): string {
  if (totals.failed + totals.cancelled === 0) return "Upload succeeded";
  const parts = [
    totals.failed > 0 ? `${plural(totals.failed, "file")} failed` : "",
    totals.cancelled > 0 ? `${plural(totals.cancelled, "file")} cancelled` : "",
  ];
  return `Upload not complete: ${parts.filter(Boolean).join(", ")}`;
}
