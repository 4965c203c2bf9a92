import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import RadioGroup from "@cloudscape-design/components/radio-group";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { Rule } from "../../model/replication.ts";
import type { SectionProperties } from "./RuleForm.tsx";

export function ConfigurationSection({
  draft,
  change,
  errors,
  others,
}: SectionProperties & { others: readonly Rule[] }) {
  return (
    <Container header={<Header variant="h2">Replication rule configuration</Header>}>
      <SpaceBetween size="m">
        <FormField label="Replication rule name" constraintText="Up to 255 characters." errorText={errors.name}>
          <Input value={draft.name} onChange={({ detail }) => change({ name: detail.value })} autoFocus />
        </FormField>
        <FormField label="Status" description="Choose whether the rule will be enabled or disabled when created.">
          <RadioGroup
            value={draft.status}
            onChange={({ detail }) => change({ status: detail.value === "Enabled" ? "Enabled" : "Disabled" })}
            items={[
              { value: "Enabled", label: "Enabled" },
              { value: "Disabled", label: "Disabled" },
            ]}
          />
        </FormField>
        {others.length > 0 && (
          <FormField
            label="Priority"
            description="The priority value resolves conflicts that occur when an object is eligible for replication under several rules to the same destination. A higher number has a higher priority."
            constraintText={`In use: ${others.map((rule) => `${rule.priority ?? "-"} (${rule.id})`).join(", ")}`}
            errorText={errors.priority}
          >
            <Input
              type="number"
              inputMode="numeric"
              value={draft.priority}
              onChange={({ detail }) => change({ priority: detail.value })}
            />
          </FormField>
        )}
      </SpaceBetween>
    </Container>
  );
}
