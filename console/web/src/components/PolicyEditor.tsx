import FormField from "@cloudscape-design/components/form-field";
import Textarea from "@cloudscape-design/components/textarea";
import { policyProblems, type PolicyKind } from "../model/policyText.ts";

interface Properties {
  readonly label: string;
  readonly kind: PolicyKind;
  readonly bucket?: string;
  readonly text: string;
  readonly onChange: (text: string) => void;
}

const ROWS = 18;

/** A policy to write, checked while it is written. */
export function PolicyEditor({ label, kind, bucket, text, onChange }: Properties) {
  const problems = policyProblems(text, kind, bucket);
  return (
    <FormField
      label={label}
      stretch
      constraintText={problems.length === 0 ? "The policy is well-formed." : undefined}
      errorText={
        text.trim() === "" || problems.length === 0 ? undefined : (
          <span>
            {problems.map((problem) => (
              <div key={problem.message}>
                {problem.line === undefined ? "" : `Line ${problem.line}: `}
                {problem.message}
              </div>
            ))}
          </span>
        )
      }
    >
      <div className="code">
        <Textarea
          value={text}
          onChange={({ detail }) => onChange(detail.value)}
          rows={ROWS}
          spellcheck={false}
          ariaLabel={label}
        />
      </div>
    </FormField>
  );
}
