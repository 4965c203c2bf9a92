import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { useState } from "react";
import { EditDialog } from "../../components/EditDialog.tsx";
import { reorder } from "../../model/overlaps.ts";
import { type Rule, scopeText } from "../../model/replication.ts";

interface Properties {
  /** Strongest first. */
  readonly rules: readonly Rule[];
  readonly onClose: () => void;
  /** The rules' names, first the strongest. */
  readonly onSave: (order: readonly string[]) => Promise<void>;
}

/** Deal the priorities anew: first the strongest. */
export function ReorderRules({ rules, onClose, onSave }: Properties) {
  const [order, setOrder] = useState(rules.map((rule) => rule.id));
  const next = reorder(rules, order).sort((a, b) => order.indexOf(a.id) - order.indexOf(b.id));
  const swap = (at: number, other: number) => {
    const changed = [...order];
    [changed[at], changed[other]] = [changed[other] as string, changed[at] as string];
    setOrder(changed);
  };
  return (
    <EditDialog header="Edit priorities" action="Save" size="large" onClose={onClose} onSave={() => onSave(order)}>
      <Box>
        Where rules with the same destination cover the same object, the one with the highest priority applies alone.
        The strongest stands first.
      </Box>
      <Table
        variant="embedded"
        items={next}
        trackBy="id"
        ariaLabels={{ tableLabel: "Rules by priority" }}
        columnDefinitions={[
          { id: "priority", header: "Priority", cell: (rule) => rule.priority },
          { id: "name", header: "Replication rule name", cell: (rule) => rule.id, isRowHeader: true },
          { id: "destination", header: "Destination bucket", cell: (rule) => rule.destination.bucket },
          { id: "scope", header: "Scope", cell: (rule) => scopeText(rule) },
          {
            id: "move",
            header: "Move",
            cell: (rule) => {
              const at = order.indexOf(rule.id);
              return (
                <SpaceBetween direction="horizontal" size="xxs">
                  <Button
                    variant="icon"
                    iconName="angle-up"
                    ariaLabel={`Move ${rule.id} up`}
                    disabled={at === 0}
                    onClick={() => swap(at, at - 1)}
                  />
                  <Button
                    variant="icon"
                    iconName="angle-down"
                    ariaLabel={`Move ${rule.id} down`}
                    disabled={at === order.length - 1}
                    onClick={() => swap(at, at + 1)}
                  />
                </SpaceBetween>
              );
            },
          },
        ]}
      />
    </EditDialog>
  );
}
