import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import FormField from "@cloudscape-design/components/form-field";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import type { Tag } from "../../api/buckets.ts";
import { MetadataEditor } from "../../components/MetadataEditor.tsx";
import { STORAGE_CLASS_OPTIONS } from "../../components/storageClasses.ts";
import { TagsEditor } from "../../components/TagsEditor.tsx";
import type { MetadataRow } from "../../model/metadata.ts";
import { Optional } from "../../components/Optional.tsx";

const TAGS_MAX = 10;

/** What all files of an upload get. */
export interface Given {
  readonly storageClass: string;
  readonly tags: readonly Tag[];
  readonly metadata: readonly MetadataRow[];
}

export const NOTHING_GIVEN: Given = { storageClass: "STANDARD", tags: [], metadata: [] };

interface Properties {
  readonly given: Given;
  readonly onChange: (given: Given) => void;
  /** Say what is wrong with it. */
  readonly checked: boolean;
}

export function UploadProperties({ given, onChange, checked }: Properties) {
  const [expanded, setExpanded] = useState(false);
  return (
    <Container disableContentPaddings>
      <Box padding="m">
        <ExpandableSection
          expanded={expanded || checked}
          onChange={({ detail }) => setExpanded(detail.expanded)}
          headerText="Properties"
          headerDescription="Storage class, tags that replication rules may filter by, and metadata."
        >
          <SpaceBetween size="m">
            <FormField label="Storage class">
              <Select
                ariaLabel="Storage class"
                selectedOption={STORAGE_CLASS_OPTIONS.find((each) => each.value === given.storageClass) ?? null}
                options={STORAGE_CLASS_OPTIONS}
                onChange={({ detail }) =>
                  onChange({ ...given, storageClass: detail.selectedOption.value ?? "STANDARD" })
                }
              />
            </FormField>
            <FormField
              label={<Optional label="Tags" />}
              description="Rules with tag filters look at the tags given with the upload, not at later ones."
              stretch
            >
              <TagsEditor tags={given.tags} onChange={(tags) => onChange({ ...given, tags })} max={TAGS_MAX} />
            </FormField>
            <FormField
              label={<Optional label="Metadata" />}
              description="Names and values that belong to the object. A file's type is its Content-Type, unless another is given."
              stretch
            >
              <MetadataEditor
                rows={given.metadata}
                onChange={(metadata) => onChange({ ...given, metadata })}
                checked={checked}
              />
            </FormField>
          </SpaceBetween>
        </ExpandableSection>
      </Box>
    </Container>
  );
}
