/** Which rules meet on the same objects, and which of them wins. AWS: S3 User Guide, "Replication rule priority". */

import { byStrength, type Rule } from "./replication.ts";

export interface Overlap {
  readonly other: Rule;
  /** Same destination: one of them alone decides. Different: both replicate. */
  readonly sameDestination: boolean;
  readonly winner: Rule | undefined;
}

/** The enabled rules that cover objects which this rule covers too. */
export function overlapsOf(rule: Rule, others: readonly Rule[]): Overlap[] {
  return others
    .filter((other) => other.id !== rule.id && other.status === "Enabled" && meet(rule, other))
    .map((other) => {
      const sameDestination = other.destination.bucket === rule.destination.bucket;
      return { other, sameDestination, winner: sameDestination ? byStrength([rule, other])[0] : undefined };
    });
}

/** Whether an object can be in both scopes: one prefix begins the other, and no tag is wanted with two values. */
function meet(a: Rule, b: Rule): boolean {
  if (!a.prefix.startsWith(b.prefix) && !b.prefix.startsWith(a.prefix)) return false;
  return a.tags.every((tag) => b.tags.every((other) => other.key !== tag.key || other.value === tag.value));
}

/** The rules with the same priorities, dealt anew: first the strongest. Rules that are not named keep their order, last. */
export function reorder(rules: readonly Rule[], ids: readonly string[]): Rule[] {
  const priorities = rules.map((rule) => rule.priority ?? 0).sort((a, b) => b - a);
  const others = byStrength(rules).flatMap((rule) => (ids.includes(rule.id) ? [] : [rule.id]));
  const order = [...ids.filter((id) => rules.some((rule) => rule.id === id)), ...others];
  return rules.map((rule) => ({ ...rule, priority: priorities[order.indexOf(rule.id)] }));
}
