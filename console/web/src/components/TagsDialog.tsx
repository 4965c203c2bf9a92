import { useState } from "react";
import type { Tag } from "../api/buckets.ts";
import { EditDialog } from "./EditDialog.tsx";
import { filledTags, TagsEditor } from "./TagsEditor.tsx";

interface Properties {
  readonly tags: readonly Tag[];
  readonly max: number;
  readonly onSave: (tags: readonly Tag[]) => Promise<void>;
  readonly onClose: () => void;
}

export function TagsDialog({ tags, max, onSave, onClose }: Properties) {
  const [draft, setDraft] = useState(tags);
  return (
    <EditDialog header="Edit tags" size="large" onSave={() => onSave(filledTags(draft))} onClose={onClose}>
      <TagsEditor tags={draft} onChange={setDraft} max={max} />
    </EditDialog>
  );
}
