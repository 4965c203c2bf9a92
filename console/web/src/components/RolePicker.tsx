import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import RadioGroup from "@cloudscape-design/components/radio-group";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { messageOf } from "../api/errors.ts";
import type { Role } from "../api/iam.ts";
import { useClient } from "../context.tsx";
import type { Loaded } from "../hooks/useLoad.ts";
import type { RoleChoice } from "../model/ruleDraft.ts";

export interface RoleValue {
  readonly roleChoice: RoleChoice;
  readonly chosenRole: string;
  readonly enteredRole: string;
}

interface Properties {
  readonly value: RoleValue;
  readonly onChange: (part: Partial<RoleValue>) => void;
  readonly roles: Loaded<readonly Role[]>;
  /** The service that must be trusted: others' roles are not offered. */
  readonly service: string;
  readonly createDescription: string;
  readonly chooseDescription?: string | undefined;
  readonly error: string | undefined;
}

/** Create a role, choose one, or enter its ARN, as S3's forms have it. */
export function RolePicker({
  value,
  onChange,
  roles,
  service,
  createDescription,
  chooseDescription,
  error,
}: Properties) {
  const { accountId } = useClient();
  const { roleChoice, chosenRole, enteredRole } = value;
  const usable = (roles.data ?? []).filter((role) => role.trustPolicy.includes(`"${service}"`));
  return (
    <SpaceBetween size="m">
      <FormField label="IAM role" errorText={roleChoice === "create" ? error : undefined}>
        <RadioGroup
          value={roleChoice}
          onChange={({ detail }) => onChange({ roleChoice: detail.value as RoleChoice })}
          items={[
            { value: "create", label: "Create new role", description: createDescription },
            { value: "choose", label: "Choose from existing IAM roles" },
            { value: "enter", label: "Enter IAM role ARN" },
          ]}
        />
      </FormField>
      {roleChoice === "choose" && (
        <FormField label="Existing IAM role" errorText={error} description={chooseDescription}>
          <Select
            ariaLabel="Existing IAM role"
            selectedOption={chosenRole ? { value: chosenRole, label: nameOf(chosenRole) } : null}
            options={optionsOf(usable, chosenRole)}
            placeholder="Choose an IAM role"
            empty={`No role here trusts ${service}.`}
            filteringType="auto"
            statusType={roles.loading ? "loading" : roles.error === undefined ? "finished" : "error"}
            errorText={roles.error === undefined ? undefined : messageOf(roles.error)}
            onChange={({ detail }) => onChange({ chosenRole: detail.selectedOption.value ?? "" })}
          />
        </FormField>
      )}
      {roleChoice === "enter" && (
        <FormField label="IAM role ARN" errorText={error}>
          <Input
            value={enteredRole}
            placeholder={`arn:aws:iam::${accountId}:role/replication`}
            onChange={({ detail }) => onChange({ enteredRole: detail.value })}
            spellcheck={false}
          />
        </FormField>
      )}
    </SpaceBetween>
  );
}

function nameOf(arn: string): string {
  return arn.slice(arn.lastIndexOf("/") + 1);
}

function optionsOf(roles: readonly Role[], chosen: string) {
  const options = roles.map((role) => ({ value: role.arn, label: role.name, description: role.arn }));
  if (chosen && !options.some((option) => option.value === chosen)) {
    options.unshift({ value: chosen, label: nameOf(chosen), description: chosen });
  }
  return options;
}
