import AttributeEditor from "@cloudscape-design/components/attribute-editor";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import { type MetadataRow, rowProblems, SYSTEM_NAMES, USER_PREFIX } from "../model/metadata.ts";

const TYPES = [
  { value: "system", label: "System defined" },
  { value: "user", label: "User defined" },
];
const NAMES = SYSTEM_NAMES.map((name) => ({ value: name }));

interface Properties {
  readonly rows: readonly MetadataRow[];
  readonly onChange: (rows: readonly MetadataRow[]) => void;
  /** Say what is wrong with rows: before, they may be half typed. */
  readonly checked: boolean;
}

/** Rows of type, key and value, as the S3 console has them. */
export function MetadataEditor({ rows, onChange, checked }: Properties) {
  const problems = checked ? rowProblems(rows) : [];
  const change = (index: number, part: Partial<MetadataRow>) =>
    onChange(rows.map((row, at) => (at === index ? { ...row, ...part } : row)));
  return (
    <AttributeEditor<MetadataRow>
      items={rows}
      addButtonText="Add metadata"
      removeButtonText="Remove"
      removeButtonAriaLabel={(row) => `Remove ${row.name || "metadata"}`}
      empty="No metadata"
      onAddButtonClick={() => onChange([...rows, { type: "user", name: "", value: "" }])}
      onRemoveButtonClick={({ detail }) => onChange(rows.filter((_, at) => at !== detail.itemIndex))}
      definition={[
        {
          label: "Type",
          control: (row, index) => (
            <Select
              ariaLabel={`Type of metadata ${index + 1}`}
              options={TYPES}
              selectedOption={TYPES.find((each) => each.value === row.type) ?? null}
              onChange={({ detail }) =>
                change(index, { type: detail.selectedOption.value === "system" ? "system" : "user", name: "" })
              }
            />
          ),
        },
        {
          label: "Key",
          control: (row, index) =>
            row.type === "system" ? (
              <Select
                ariaLabel={`Key of metadata ${index + 1}`}
                placeholder="Choose a key"
                options={NAMES}
                selectedOption={NAMES.find((each) => each.value === row.name) ?? null}
                onChange={({ detail }) => change(index, { name: detail.selectedOption.value ?? "" })}
              />
            ) : (
              <Input
                ariaLabel={`Key of metadata ${index + 1}`}
                placeholder={`what follows ${USER_PREFIX}`}
                value={row.name}
                onChange={({ detail }) => change(index, { name: detail.value })}
              />
            ),
          errorText: (_, index) => problems[index]?.name,
        },
        {
          label: "Value",
          control: (row, index) => (
            <Input
              ariaLabel={`Value of metadata ${index + 1}`}
              value={row.value}
              onChange={({ detail }) => change(index, { value: detail.value })}
            />
          ),
          errorText: (_, index) => problems[index]?.value,
        },
      ]}
    />
  );
}
