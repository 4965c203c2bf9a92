import Alert from "@cloudscape-design/components/alert";
import { useState } from "react";
import { type ObjectHead, type ObjectPlace, replaceMetadata } from "../../api/objects.ts";
import { EditDialog } from "../../components/EditDialog.tsx";
import { MetadataEditor } from "../../components/MetadataEditor.tsx";
import { useConsole } from "../../context.tsx";
import { metadataHeaders, type MetadataRow, metadataRows, rowProblems } from "../../model/metadata.ts";

interface Properties {
  readonly place: ObjectPlace;
  readonly head: ObjectHead;
  readonly onClose: () => void;
  readonly onSaved: () => Promise<void>;
}

/** Metadata belong to a version for good: others are those of a copy. */
export function EditMetadata({ place, head, onClose, onSaved }: Properties) {
  const { client, tell } = useConsole();
  const [rows, setRows] = useState<readonly MetadataRow[]>(() => metadataRows(head));
  const [checked, setChecked] = useState(false);
  const versioned = head.versionId !== undefined && head.versionId !== "null";
  const save = async () => {
    await replaceMetadata(client, place, head, metadataHeaders(rows));
    tell({
      type: "success",
      header: versioned ? "Saved: a new version of the object is current" : "Saved: a copy took the object's place",
    });
    await onSaved();
  };
  return (
    <EditDialog
      header="Edit metadata"
      size="large"
      onClose={onClose}
      onSave={save}
      isComplete={() => {
        setChecked(true);
        return rowProblems(rows).every((problem) => !problem);
      }}
    >
      <Alert type="info">
        {versioned
          ? "Metadata of a version never change. Saving copies this version onto the object: a new version with the new metadata becomes current, and replication rules look at it as at every new one. "
          : "Saving copies the object onto itself: the copy has the new metadata and a new last-modified date. "}
        Tags and storage class are kept; an object ACL is not.
      </Alert>
      <MetadataEditor rows={rows} onChange={setRows} checked={checked} />
    </EditDialog>
  );
}
