import Alert from "@cloudscape-design/components/alert";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import RadioGroup from "@cloudscape-design/components/radio-group";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { BucketPlace } from "../../api/buckets.ts";
import { TagsEditor } from "../../components/TagsEditor.tsx";
import type { SectionProperties } from "./RuleForm.tsx";

const TAGS_MAX = 10;

export function SourceSection({ draft, change, errors, bucket }: SectionProperties & { bucket: BucketPlace }) {
  return (
    <Container header={<Header variant="h2">Source bucket</Header>}>
      <SpaceBetween size="m">
        <KeyValuePairs
          columns={2}
          items={[
            { label: "Source bucket name", value: bucket.name },
            { label: "Source Region", value: bucket.region },
          ]}
        />
        {errors.source && <Alert type="error">{errors.source}</Alert>}
        <FormField label="Choose a rule scope" errorText={draft.scope === "all" ? errors.scope : undefined}>
          <RadioGroup
            value={draft.scope}
            onChange={({ detail }) => change({ scope: detail.value === "all" ? "all" : "filters" })}
            items={[
              { value: "filters", label: "Limit the scope of this rule using one or more filters" },
              { value: "all", label: "Apply to all objects in the bucket" },
            ]}
          />
        </FormField>
        {draft.scope === "filters" && (
          <SpaceBetween size="m">
            <FormField
              label="Prefix"
              description="Add a filter to limit the scope of this rule to a single prefix: the text that keys begin with."
              errorText={errors.scope}
              constraintText="A trailing slash keeps to one folder. Do not begin it with the bucket's name or a slash."
            >
              <Input
                value={draft.prefix}
                placeholder="Enter prefix"
                onChange={({ detail }) => change({ prefix: detail.value })}
                spellcheck={false}
              />
            </FormField>
            <FormField
              label="Tags"
              description="You can limit the scope of this rule to the key value pairs added below. An object must have them all, from its upload."
              errorText={errors.tags}
              stretch
            >
              <TagsEditor tags={draft.tags} onChange={(tags) => change({ tags })} max={TAGS_MAX} />
            </FormField>
          </SpaceBetween>
        )}
      </SpaceBetween>
    </Container>
  );
}
