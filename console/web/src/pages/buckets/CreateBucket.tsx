import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Form from "@cloudscape-design/components/form";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import RadioGroup from "@cloudscape-design/components/radio-group";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { createBucket, type NewBucket, type ObjectOwnership, type Tag } from "../../api/buckets.ts";
import { isApiError, messageOf } from "../../api/errors.ts";
import { Failure } from "../../components/Loading.tsx";
import { OWNERSHIPS } from "../../components/ownerships.ts";
import { filledTags, TagsEditor } from "../../components/TagsEditor.tsx";
import { useConsole } from "../../context.tsx";
import { bucketNameProblem } from "../../model/names.ts";
import { href, navigate } from "../../router.ts";

const NAME_CODES = ["InvalidBucketName", "BucketAlreadyExists", "BucketAlreadyOwnedByYou"];
const TAGS_MAX = 50;

export default function CreateBucket() {
  const { client, tell } = useConsole();
  const { regions } = client.session;
  const [bucket, setBucket] = useState<NewBucket>({
    name: "",
    region: regions[0] ?? "us-east-1",
    versioning: false,
    ownership: "BucketOwnerEnforced",
    tags: [],
  });
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const [checked, setChecked] = useState(false);
  const change = (part: Partial<NewBucket>) => setBucket((before) => ({ ...before, ...part }));

  const create = async () => {
    setChecked(true);
    if (bucketNameProblem(bucket.name)) return;
    setBusy(true);
    setError(undefined);
    try {
      await createBucket(client, { ...bucket, tags: filledTags(bucket.tags) });
    } catch (refused) {
      setError(refused);
      setBusy(false);
      return;
    }
    tell({ type: "success", header: `Successfully created bucket "${bucket.name}"` });
    navigate(href(`/buckets/${encodeURIComponent(bucket.name)}`));
  };

  const nameRefused = isApiError(error, ...NAME_CODES) ? messageOf(error) : undefined;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void create();
      }}
    >
      <Form
        header={
          <Header variant="h1" description="Buckets are containers for data stored in S3.">
            Create bucket
          </Header>
        }
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" formAction="none" href={href("/buckets")}>
              Cancel
            </Button>
            <Button variant="primary" loading={busy}>
              Create bucket
            </Button>
          </SpaceBetween>
        }
      >
        <SpaceBetween size="l">
          {error !== undefined && !nameRefused && <Failure what="The bucket could not be created" error={error} />}
          <Container header={<Header variant="h2">General configuration</Header>}>
            <SpaceBetween size="m">
              <FormField label="Region">
                <Select
                  selectedOption={{ value: bucket.region, label: bucket.region }}
                  options={regions.map((region) => ({ value: region, label: region }))}
                  onChange={({ detail }) => change({ region: detail.selectedOption.value ?? bucket.region })}
                  ariaLabel="Region"
                />
              </FormField>
              <FormField
                label="Bucket name"
                description="Bucket names are unique on this server, and cannot be changed."
                constraintText="3 to 63 characters: a-z, 0-9, periods and hyphens. They begin and end with a letter or a number."
                errorText={nameRefused ?? (checked ? bucketNameProblem(bucket.name) : undefined)}
              >
                <Input
                  value={bucket.name}
                  placeholder="amzn-s3-demo-bucket"
                  onChange={({ detail }) => change({ name: detail.value })}
                  spellcheck={false}
                />
              </FormField>
            </SpaceBetween>
          </Container>
          <Container
            header={
              <Header variant="h2" description="Who owns objects that other accounts upload, and whether ACLs count.">
                Object Ownership
              </Header>
            }
          >
            <RadioGroup
              ariaLabel="Object Ownership"
              value={bucket.ownership}
              onChange={({ detail }) => change({ ownership: detail.value as ObjectOwnership })}
              items={OWNERSHIPS}
            />
          </Container>
          <Container
            header={
              <Header
                variant="h2"
                description="Versioning keeps every version of an object. Replication needs it, on the source and on the destination."
              >
                Bucket Versioning
              </Header>
            }
          >
            <RadioGroup
              ariaLabel="Bucket Versioning"
              value={bucket.versioning ? "enable" : "disable"}
              onChange={({ detail }) => change({ versioning: detail.value === "enable" })}
              items={[
                { value: "disable", label: "Disable" },
                { value: "enable", label: "Enable" },
              ]}
            />
          </Container>
          <Container
            header={
              <Header variant="h2">
                Tags - <i>optional</i>
              </Header>
            }
          >
            <TagsEditor
              tags={bucket.tags}
              onChange={(tags: readonly Tag[]) => change({ tags })}
              max={TAGS_MAX}
              empty="No tags associated with this bucket."
            />
          </Container>
        </SpaceBetween>
      </Form>
    </form>
  );
}
