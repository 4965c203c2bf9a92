/** The label of a field that may stay empty, as AWS's forms have it. */
export function Optional({ label }: { label: string }) {
  return (
    <span>
      {label} - <i>optional</i>
    </span>
  );
}
