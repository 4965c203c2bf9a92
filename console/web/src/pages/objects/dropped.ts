/** Files out of a drop or a chosen folder, with their paths below it. */

export interface PathedFile {
  readonly file: File;
  readonly path: string;
}

/** Must be called inside the drop event: the browser takes the items back afterwards. */
export async function filesOfDrop(transfer: DataTransfer): Promise<PathedFile[]> {
  const items = [...transfer.items].filter((item) => item.kind === "file");
  const dropped = items.map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }));
  const files: PathedFile[] = [];
  for (const { entry, file } of dropped) {
    if (entry) await walk(entry, "", files);
    else if (file) files.push({ file, path: file.name });
  }
  return files;
}

export function filesOfInput(list: FileList | null): PathedFile[] {
  return [...(list ?? [])].map((file) => ({ file, path: file.webkitRelativePath || file.name }));
}

async function walk(entry: FileSystemEntry, above: string, files: PathedFile[]): Promise<void> {
  const path = `${above}${entry.name}`;
  if (isFile(entry)) {
    files.push({ file: await new Promise<File>((resolve, reject) => entry.file(resolve, reject)), path });
  } else if (isDirectory(entry)) {
    const reader = entry.createReader();
    for (;;) {
      const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
      if (some.length === 0) return;
      for (const child of some) await walk(child, `${path}/`, files);
    }
  }
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

function isDirectory(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}
