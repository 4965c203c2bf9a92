import Alert from "@cloudscape-design/components/alert";
import Container from "@cloudscape-design/components/container";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import RadioGroup from "@cloudscape-design/components/radio-group";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { BucketPlace } from "../../api/buckets.ts";
import { messageOf } from "../../api/errors.ts";
import { listRoles, type Role } from "../../api/iam.ts";
import { JsonText } from "../../components/JsonText.tsx";
import { useClient } from "../../context.tsx";
import { useLoad } from "../../hooks/useLoad.ts";
import type { Rule } from "../../model/replication.ts";
import {
  madeHere,
  receivingStatements,
  replicationRolePolicy,
  ROLE_PATH,
  roleNameFor,
  trustPolicy,
  withStatements,
} from "../../model/rolePolicy.ts";
import type { RoleChoice } from "../../model/ruleDraft.ts";
import type { SectionProperties } from "./RuleForm.tsx";

interface Properties extends SectionProperties {
  readonly source: BucketPlace;
  /** All rules as they will be: the generated policy is for them. */
  readonly rules: readonly Rule[];
}

/** The role that S3 assumes when it replicates: one for all rules of the bucket. */
export function RoleSection({ draft, change, errors, source, rules }: Properties) {
  const client = useClient();
  const roles = useLoad((signal) => listRoles(client, signal), [client]);
  const usable = (roles.data ?? []).filter((role) => role.trustPolicy.includes("s3.amazonaws.com"));
  const filled = rules.filter((rule) => rule.destination.bucket !== "");
  const newName = roleNameFor(source.name, new Set(roles.data?.map((role) => role.name)));
  const newArn = `arn:aws:iam::${client.accountId}:role${ROLE_PATH}${newName}`;
  const arn = { create: newArn, choose: draft.chosenRole, enter: draft.enteredRole.trim() }[draft.roleChoice];
  return (
    <Container
      header={
        <Header
          variant="h2"
          description="S3 assumes this role to read source objects and to write replicas. All rules of the bucket share it."
        >
          IAM role
        </Header>
      }
    >
      <SpaceBetween size="m">
        <FormField label="IAM role" errorText={draft.roleChoice === "create" ? errors.role : undefined}>
          <RadioGroup
            value={draft.roleChoice}
            onChange={({ detail }) => change({ roleChoice: detail.value as RoleChoice })}
            items={[
              {
                value: "create",
                label: "Create new role",
                description: "With a policy for exactly these buckets (recommended).",
              },
              { value: "choose", label: "Choose from existing IAM roles" },
              { value: "enter", label: "Enter IAM role ARN" },
            ]}
          />
        </FormField>
        {draft.roleChoice === "choose" && (
          <FormField
            label="Existing IAM role"
            errorText={errors.role}
            description={
              madeHere(draft.chosenRole)
                ? "Its policy is brought up to date for all destinations when you save."
                : undefined
            }
          >
            <Select
              ariaLabel="Existing IAM role"
              selectedOption={
                draft.chosenRole
                  ? { value: draft.chosenRole, label: draft.chosenRole.slice(draft.chosenRole.lastIndexOf("/") + 1) }
                  : null
              }
              options={optionsOf(usable, draft.chosenRole)}
              placeholder="Choose an IAM role"
              empty="No role here trusts s3.amazonaws.com."
              filteringType="auto"
              statusType={roles.loading ? "loading" : roles.error === undefined ? "finished" : "error"}
              errorText={roles.error === undefined ? undefined : messageOf(roles.error)}
              onChange={({ detail }) => change({ chosenRole: detail.selectedOption.value ?? "" })}
            />
          </FormField>
        )}
        {draft.roleChoice === "enter" && (
          <FormField label="IAM role ARN" errorText={errors.role}>
            <Input
              value={draft.enteredRole}
              placeholder={`arn:aws:iam::${client.accountId}:role/replication`}
              onChange={({ detail }) => change({ enteredRole: detail.value })}
              spellcheck={false}
            />
          </FormField>
        )}
        {draft.roleChoice === "create" && filled.length > 0 && (
          <ExpandableSection headerText="View the role's policies" variant="footer">
            <SpaceBetween size="m">
              <FormField label={`Permissions of ${newName}`} stretch>
                <JsonText label="Permissions policy" text={replicationRolePolicy(source.name, filled)} />
              </FormField>
              <FormField label="Trust policy" stretch>
                <JsonText label="Trust policy" text={trustPolicy()} />
              </FormField>
            </SpaceBetween>
          </ExpandableSection>
        )}
        {draft.otherAccount && draft.bucket.trim() !== "" && (
          <Alert type="info" header="The destination's account must let this role in">
            <SpaceBetween size="s">
              <div>
                Its owner saves this bucket policy on "{draft.bucket.trim()}" (Management, Actions, Receive replicated
                objects).
              </div>
              <JsonText
                label="Bucket policy for the destination"
                text={withStatements(undefined, receivingStatements(draft.bucket.trim(), arn, draft.ownerOverride))}
              />
            </SpaceBetween>
          </Alert>
        )}
      </SpaceBetween>
    </Container>
  );
}

function optionsOf(roles: readonly Role[], chosen: string) {
  const options = roles.map((role) => ({ value: role.arn, label: role.name, description: role.arn }));
  if (chosen && !options.some((option) => option.value === chosen)) {
    options.unshift({ value: chosen, label: chosen.slice(chosen.lastIndexOf("/") + 1), description: chosen });
  }
  return options;
}
