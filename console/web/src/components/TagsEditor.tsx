import AttributeEditor from "@cloudscape-design/components/attribute-editor";
import Input from "@cloudscape-design/components/input";
import type { Tag } from "../api/buckets.ts";
import { Optional } from "./Optional.tsx";

interface Properties {
  readonly tags: readonly Tag[];
  readonly onChange: (tags: readonly Tag[]) => void;
  readonly max: number;
  readonly empty?: string;
  readonly valueOptional?: boolean;
}

/** Rows of a key and a value, as S3's pages have them. */
export function TagsEditor({ tags, onChange, max, empty = "No tags", valueOptional = true }: Properties) {
  const change = (index: number, part: Partial<Tag>) =>
    onChange(tags.map((tag, at) => (at === index ? { ...tag, ...part } : tag)));
  return (
    <AttributeEditor
      items={tags}
      addButtonText="Add tag"
      removeButtonText="Remove"
      empty={empty}
      disableAddButton={tags.length >= max}
      additionalInfo={`You can add ${max - tags.length} more ${max - tags.length === 1 ? "tag" : "tags"}.`}
      onAddButtonClick={() => onChange([...tags, { key: "", value: "" }])}
      onRemoveButtonClick={({ detail }) => onChange(tags.filter((_, at) => at !== detail.itemIndex))}
      removeButtonAriaLabel={(tag) => `Remove tag ${tag.key}`}
      definition={[
        {
          label: "Key",
          control: (tag, index) => (
            <Input
              value={tag.key}
              ariaLabel={`Key of tag ${index + 1}`}
              onChange={({ detail }) => change(index, { key: detail.value })}
            />
          ),
          errorText: (tag) => (tag.key === "" && tag.value !== "" ? "Enter a key." : null),
        },
        {
          label: valueOptional ? <Optional label="Value" /> : "Value",
          control: (tag, index) => (
            <Input
              value={tag.value}
              ariaLabel={`Value of tag ${index + 1}`}
              onChange={({ detail }) => change(index, { value: detail.value })}
            />
          ),
        },
      ]}
    />
  );
}

/** Rows that were added and left empty are none. */
export function filledTags(tags: readonly Tag[]): Tag[] {
  return tags.filter((tag) => tag.key !== "" || tag.value !== "");
}
