import Alert from "@cloudscape-design/components/alert";
import Autosuggest from "@cloudscape-design/components/autosuggest";
import Button from "@cloudscape-design/components/button";
import Checkbox from "@cloudscape-design/components/checkbox";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import RadioGroup from "@cloudscape-design/components/radio-group";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { type BucketPlace, listBuckets } from "../../api/buckets.ts";
import { useClient } from "../../context.tsx";
import { useDestination } from "../../hooks/useDestination.ts";
import { useLoad } from "../../hooks/useLoad.ts";
import { BrowseBuckets } from "./BrowseBuckets.tsx";
import { EnableVersioning } from "./EnableVersioning.tsx";
import type { SectionProperties } from "./RuleForm.tsx";

export function DestinationSection({ draft, change, errors, source }: SectionProperties & { source: BucketPlace }) {
  const client = useClient();
  const buckets = useLoad((signal) => listBuckets(client, signal), [client]);
  const [browsing, setBrowsing] = useState(false);
  const destination = useDestination(draft.bucket.trim());
  const own = (buckets.data ?? []).filter((bucket) => bucket.name !== source.name);
  return (
    <Container header={<Header variant="h2">Destination</Header>}>
      <SpaceBetween size="m">
        <FormField
          label="Destination"
          description="You can replicate objects across buckets in different Regions (CRR) or within one Region (SRR)."
        >
          <RadioGroup
            value={draft.otherAccount ? "other" : "this"}
            onChange={({ detail }) => change({ otherAccount: detail.value === "other" })}
            items={[
              { value: "this", label: "Choose a bucket in this account" },
              { value: "other", label: "Specify a bucket in another account" },
            ]}
          />
        </FormField>
        {draft.otherAccount && (
          <FormField label="Account ID" errorText={errors.account}>
            <Input
              value={draft.account}
              placeholder="111122223333"
              inputMode="numeric"
              onChange={({ detail }) => change({ account: detail.value })}
            />
          </FormField>
        )}
        {draft.otherAccount ? (
          <FormField label="Bucket name" errorText={errors.bucket}>
            <Input
              value={draft.bucket}
              onChange={({ detail }) => change({ bucket: detail.value })}
              spellcheck={false}
            />
          </FormField>
        ) : (
          <FormField
            label="Bucket name"
            description="Choose the bucket that will receive replicated objects."
            errorText={errors.bucket}
            secondaryControl={
              <Button formAction="none" onClick={() => setBrowsing(true)}>
                Browse S3
              </Button>
            }
          >
            <Autosuggest
              value={draft.bucket}
              options={own.map((bucket) => ({ value: bucket.name, description: bucket.region }))}
              onChange={({ detail }) => change({ bucket: detail.value })}
              placeholder="Enter a bucket name"
              enteredTextLabel={(text) => `Use: "${text}"`}
              empty="You have no other bucket."
              statusType={buckets.loading ? "loading" : "finished"}
              ariaLabel="Bucket name"
            />
          </FormField>
        )}
        {draft.otherAccount && (
          <Checkbox checked={draft.ownerOverride} onChange={({ detail }) => change({ ownerOverride: detail.checked })}>
            Change object ownership to the destination bucket owner
          </Checkbox>
        )}
        {draft.bucket.trim() !== "" && (
          <FormField label="Destination Region">
            <span data-testid="destination-region">{destination.text}</span>
          </FormField>
        )}
        {destination.place && destination.versioning !== undefined && destination.versioning !== "Enabled" && (
          <Alert
            type="warning"
            header="Destination bucket does not have Bucket Versioning enabled"
            action={
              <EnableVersioning
                bucket={destination.place}
                onEnabled={() => {
                  change({}); // What was said of the bucket no longer holds.
                  return destination.reload();
                }}
              />
            }
          >
            To use a bucket as a destination, versioning must be enabled on it.
          </Alert>
        )}
      </SpaceBetween>
      {browsing && (
        <BrowseBuckets
          buckets={own}
          onClose={() => setBrowsing(false)}
          onChoose={(name) => {
            change({ bucket: name });
            setBrowsing(false);
          }}
        />
      )}
    </Container>
  );
}
