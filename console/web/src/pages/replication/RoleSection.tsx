import Alert from "@cloudscape-design/components/alert";
import Container from "@cloudscape-design/components/container";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { BucketPlace } from "../../api/buckets.ts";
import { listRoles } from "../../api/iam.ts";
import { JsonText } from "../../components/JsonText.tsx";
import { RolePicker } from "../../components/RolePicker.tsx";
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
  S3_SERVICE,
} from "../../model/rolePolicy.ts";
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
        <RolePicker
          value={draft}
          onChange={change}
          roles={roles}
          service={S3_SERVICE}
          createDescription="With a policy for exactly these buckets (recommended)."
          chooseDescription={
            madeHere(draft.chosenRole)
              ? "Its policy is brought up to date for all destinations when you save."
              : undefined
          }
          error={errors.role}
        />
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
