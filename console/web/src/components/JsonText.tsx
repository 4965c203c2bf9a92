import Textarea from "@cloudscape-design/components/textarea";

const ROWS_MAX = 24;

/** A document to read and to copy. */
export function JsonText({ text, label }: { text: string; label: string }) {
  return (
    <div className="code">
      <Textarea
        readOnly
        value={text}
        ariaLabel={label}
        rows={Math.min(ROWS_MAX, text.split("\n").length + 1)}
        spellcheck={false}
      />
    </div>
  );
}
