import Alert from "@cloudscape-design/components/alert";
import type { Overlap } from "../../model/overlaps.ts";
import type { Rule } from "../../model/replication.ts";

/** Which other rules cover the same objects, and which wins. Nothing when none does. */
export function OverlapList({ overlaps, rule }: { overlaps: readonly Overlap[]; rule: Rule }) {
  if (overlaps.length === 0) return null;
  return (
    <Alert type="info" header="Other enabled rules cover some of the same objects">
      <ul>
        {overlaps.map(({ other, sameDestination, winner }) => (
          <li key={other.id}>
            {sameDestination
              ? `"${other.id}" (priority ${other.priority ?? "-"}) has the same destination: where both match, "${
                  winner?.id === rule.id ? rule.id || "this rule" : other.id
                }" alone applies.`
              : `"${other.id}" replicates them to "${other.destination.bucket}" as well: destinations are independent.`}
          </li>
        ))}
      </ul>
    </Alert>
  );
}
