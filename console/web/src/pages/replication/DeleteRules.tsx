import Alert from "@cloudscape-design/components/alert";
import { EditDialog } from "../../components/EditDialog.tsx";
import type { Rule } from "../../model/replication.ts";

interface Properties {
  readonly rules: readonly Rule[];
  readonly onClose: () => void;
  readonly onDelete: () => Promise<void>;
}

export function DeleteRules({ rules, onClose, onDelete }: Properties) {
  const one = rules.length === 1;
  return (
    <EditDialog
      header={one ? `Delete replication rule "${rules[0]?.id}"?` : `Delete ${rules.length} replication rules?`}
      action="Delete"
      onClose={onClose}
      onSave={onDelete}
    >
      <Alert type="warning">
        New objects are no longer replicated under {one ? "it" : "them"}. Versions that still wait under{" "}
        {one ? "this rule" : "these rules"} end as FAILED. Replicas stay where they are.
      </Alert>
    </EditDialog>
  );
}
