import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";

interface Properties {
  readonly label: string;
  /** What has to be typed. */
  readonly wanted: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

export function TypedConfirmation({ label, wanted, value, onChange }: Properties) {
  return (
    <FormField
      label={label}
      description={
        <>
          To confirm, type <b>{wanted}</b>.
        </>
      }
    >
      <Input
        value={value}
        placeholder={wanted}
        onChange={({ detail }) => onChange(detail.value)}
        autoComplete={false}
        spellcheck={false}
      />
    </FormField>
  );
}
