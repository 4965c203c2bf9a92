import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";

/** A text with a button that copies it. what: what it is, for those who do not see it. */
export function Copyable({ text, what }: { text: string; what: string }) {
  return (
    <span className="key">
      <CopyToClipboard
        variant="inline"
        textToCopy={text}
        copyButtonAriaLabel={`Copy ${what}`}
        copySuccessText="Copied"
        copyErrorText="Not copied"
      />
    </span>
  );
}
