import Alert from "@cloudscape-design/components/alert";
import Checkbox from "@cloudscape-design/components/checkbox";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import RadioGroup from "@cloudscape-design/components/radio-group";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { STORAGE_CLASS_OPTIONS } from "../../components/storageClasses.ts";
import { deleteMarkersOffered, type RuleDraft } from "../../model/ruleDraft.ts";
import type { SectionProperties } from "./RuleForm.tsx";

/** Encryption, storage class and the additional options, in AWS's order. */
export function OptionsSection({ draft, change, errors }: SectionProperties) {
  return (
    <SpaceBetween size="l">
      <Container
        header={
          <Header variant="h2" description="Server-side encryption protects data at rest.">
            Encryption
          </Header>
        }
      >
        <SpaceBetween size="m">
          <FormField errorText={draft.kms ? undefined : errors.encryption}>
            <Checkbox checked={draft.kms} onChange={({ detail }) => change({ kms: detail.checked })}>
              Replicate objects encrypted with AWS Key Management Service (AWS KMS)
            </Checkbox>
          </FormField>
          {draft.kms && (
            <FormField label="AWS KMS key for encrypting destination objects" errorText={errors.encryption}>
              <Input
                value={draft.replicaKmsKeyId}
                placeholder="arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
                onChange={({ detail }) => change({ replicaKmsKeyId: detail.value })}
                spellcheck={false}
              />
            </FormField>
          )}
        </SpaceBetween>
      </Container>
      <Container header={<Header variant="h2">Destination storage class</Header>}>
        <SpaceBetween size="m">
          <FormField errorText={errors.storageClass}>
            <Checkbox
              checked={draft.changeStorageClass}
              onChange={({ detail }) => change({ changeStorageClass: detail.checked })}
            >
              Change the storage class for the replicated objects
            </Checkbox>
          </FormField>
          {draft.changeStorageClass && (
            <RadioGroup
              ariaLabel="Storage class of replicas"
              value={draft.storageClass}
              onChange={({ detail }) => change({ storageClass: detail.value })}
              items={STORAGE_CLASS_OPTIONS}
            />
          )}
        </SpaceBetween>
      </Container>
      <Container header={<Header variant="h2">Additional replication options</Header>}>
        <SpaceBetween size="m">
          <Option
            name="replicationTime"
            label="Replication Time Control (RTC)"
            description="Replicates most new objects in seconds and tracks the 15-minute threshold. Includes replication metrics."
            {...{ draft, change, errors }}
          />
          <Option
            name="metrics"
            label="Replication metrics and events"
            description="Watch pending operations and bytes, latency and failures of this rule."
            forced={draft.replicationTime}
            {...{ draft, change, errors }}
          />
          <Option
            name="deleteMarkers"
            label="Delete marker replication"
            description="Delete markers that S3 delete operations create are replicated. Those of lifecycle rules are not."
            offered={deleteMarkersOffered(draft)}
            {...{ draft, change, errors }}
          />
          {!deleteMarkersOffered(draft) && (
            <Alert type="info">Delete marker replication is not available for rules with tag filters.</Alert>
          )}
          <Option
            name="replicaModifications"
            label="Replica modification sync"
            description="Replicates metadata changes made to replicas in this bucket back to the destination bucket."
            {...{ draft, change, errors }}
          />
        </SpaceBetween>
      </Container>
    </SpaceBetween>
  );
}

type OptionName = "replicationTime" | "metrics" | "deleteMarkers" | "replicaModifications";

interface OptionProperties extends SectionProperties {
  readonly name: OptionName;
  readonly label: string;
  readonly description: string;
  readonly offered?: boolean;
  /** On because another option needs it. */
  readonly forced?: boolean;
}

function Option({ name, label, description, draft, change, errors, offered = true, forced = false }: OptionProperties) {
  const part = (checked: boolean): Partial<RuleDraft> => ({ [name]: checked });
  return (
    <FormField errorText={errors[name]}>
      <Checkbox
        checked={forced || (offered && draft[name])}
        disabled={forced || !offered}
        description={description}
        onChange={({ detail }) => change(part(detail.checked))}
      >
        {label}
      </Checkbox>
    </FormField>
  );
}
