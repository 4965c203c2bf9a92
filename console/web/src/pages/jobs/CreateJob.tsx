import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import Checkbox from "@cloudscape-design/components/checkbox";
import Container from "@cloudscape-design/components/container";
import Form from "@cloudscape-design/components/form";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import RadioGroup from "@cloudscape-design/components/radio-group";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { listBuckets } from "../../api/buckets.ts";
import { isApiError } from "../../api/errors.ts";
import { listRoles } from "../../api/iam.ts";
import { createJob } from "../../api/jobs.ts";
import { getReplication } from "../../api/replication.ts";
import { Failure } from "../../components/Loading.tsx";
import { RolePicker } from "../../components/RolePicker.tsx";
import { useConsole } from "../../context.tsx";
import { useLoad } from "../../hooks/useLoad.ts";
import { type JobDraft, jobOf, type JobProblems, jobProblems, newJobDraft } from "../../model/jobDraft.ts";
import { href, navigate } from "../../router.ts";
import { JobScope } from "./JobScope.tsx";
import { jobRole } from "./jobRole.ts";
import { Optional } from "../../components/Optional.tsx";

/** The page "Create Batch Operations job", for replication: the manifest comes from the bucket's rules. */
export default function CreateJob({ bucket, failedOnly }: { bucket: string; failedOnly: boolean }) {
  const { client, tell } = useConsole();
  const buckets = useLoad((signal) => listBuckets(client, signal), [client]);
  const roles = useLoad((signal) => listRoles(client, signal), [client]);
  const [draft, setDraft] = useState<JobDraft>(() => newJobDraft(bucket, failedOnly ? ["FAILED"] : []));
  const [problems, setProblems] = useState<JobProblems>({});
  const [failure, setFailure] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const source = buckets.data?.find((each) => each.name === draft.bucket);
  const rules = useLoad(
    async (signal) => (source ? getReplication(client, source, signal) : undefined),
    [client, source?.name],
  );
  const change = (part: Partial<JobDraft>) => {
    setDraft((before) => ({ ...before, ...part }));
    setProblems({});
  };

  const create = async () => {
    setFailure(undefined);
    const found = jobProblems(draft);
    setProblems(found);
    if (Object.keys(found).length > 0 || !source) return;
    setBusy(true);
    try {
      const roleArn = await jobRole(client, draft, (arn) => change({ roleChoice: "choose", chosenRole: arn }));
      const id = await createJob(client, jobOf(draft, source.region, roleArn));
      tell({ type: "success", header: "Successfully created job", content: id });
      navigate(href(`/jobs/${encodeURIComponent(id)}`, { region: source.region }));
    } catch (error) {
      if (isApiError(error) && /\brole\b|PassRole/i.test(error.message)) setProblems({ role: error.message });
      else setFailure(error);
      setBusy(false);
    }
  };

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void create();
      }}
    >
      <Form
        header={
          <Header
            variant="h1"
            description="The job replicates existing objects once, by the source bucket's replication configuration as it is when it runs."
          >
            Create Batch Operations job
          </Header>
        }
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" formAction="none" href={href("/jobs")}>
              Cancel
            </Button>
            <Button variant="primary" loading={busy}>
              Save
            </Button>
          </SpaceBetween>
        }
      >
        <SpaceBetween size="l">
          {failure !== undefined && <Failure what="The job could not be created" error={failure} />}
          <Container header={<Header variant="h2">Source bucket</Header>}>
            <SpaceBetween size="m">
              <FormField
                label="Source bucket"
                description="The manifest is created from its S3 Replication configuration."
                errorText={problems.bucket}
              >
                <Select
                  ariaLabel="Source bucket"
                  selectedOption={draft.bucket ? { value: draft.bucket, label: draft.bucket } : null}
                  options={(buckets.data ?? []).map((each) => ({
                    value: each.name,
                    label: each.name,
                    description: each.region,
                  }))}
                  placeholder="Choose a bucket"
                  filteringType="auto"
                  statusType={buckets.loading ? "loading" : "finished"}
                  onChange={({ detail }) => change({ bucket: detail.selectedOption.value ?? "" })}
                />
              </FormField>
              {source && !rules.loading && !rules.data && (
                <Alert
                  type="warning"
                  action={
                    <Button
                      formAction="none"
                      href={href(`/buckets/${encodeURIComponent(source.name)}/create-replication-rule`)}
                    >
                      Create replication rule
                    </Button>
                  }
                >
                  This bucket has no replication rules: a job would find nothing to replicate.
                </Alert>
              )}
            </SpaceBetween>
          </Container>
          <JobScope draft={draft} change={change} />
          <Container header={<Header variant="h2">Job run options</Header>}>
            <SpaceBetween size="m">
              <RadioGroup
                ariaLabel="Job run options"
                value={draft.confirm ? "wait" : "run"}
                onChange={({ detail }) => change({ confirm: detail.value === "wait" })}
                items={[
                  { value: "run", label: "Automatically run the job when it's ready" },
                  {
                    value: "wait",
                    label: "Wait to run the job when it's ready",
                    description: "The manifest is made; then the job awaits your confirmation.",
                  },
                ]}
              />
              {draft.confirm && (
                <Checkbox
                  checked={draft.saveManifest}
                  onChange={({ detail }) => change({ saveManifest: detail.checked })}
                >
                  Save Batch Operations manifest
                </Checkbox>
              )}
              {draft.confirm && draft.saveManifest && (
                <FormField label="Manifest destination bucket" errorText={problems.manifest}>
                  <Input
                    value={draft.manifestBucket}
                    onChange={({ detail }) => change({ manifestBucket: detail.value })}
                    spellcheck={false}
                  />
                </FormField>
              )}
              <FormField label={<Optional label="Description" />}>
                <Input value={draft.description} onChange={({ detail }) => change({ description: detail.value })} />
              </FormField>
              <FormField
                label="Priority"
                description="A higher number is a higher priority."
                errorText={problems.priority}
              >
                <Input
                  type="number"
                  inputMode="numeric"
                  value={draft.priority}
                  onChange={({ detail }) => change({ priority: detail.value })}
                />
              </FormField>
            </SpaceBetween>
          </Container>
          <Container header={<Header variant="h2">Completion report</Header>}>
            <SpaceBetween size="m">
              <Checkbox checked={draft.report} onChange={({ detail }) => change({ report: detail.checked })}>
                Generate completion report
              </Checkbox>
              {draft.report && (
                <>
                  <RadioGroup
                    ariaLabel="Completion report scope"
                    value={draft.reportScope}
                    onChange={({ detail }) =>
                      change({ reportScope: detail.value === "FailedTasksOnly" ? "FailedTasksOnly" : "AllTasks" })
                    }
                    items={[
                      { value: "FailedTasksOnly", label: "Failed tasks only" },
                      { value: "AllTasks", label: "All tasks" },
                    ]}
                  />
                  <FormField
                    label="Path to completion report destination"
                    description="A bucket, with a prefix if you like: s3://reports/batch"
                    errorText={problems.report}
                  >
                    <Input
                      value={draft.reportPath}
                      placeholder="s3://bucket/prefix"
                      onChange={({ detail }) => change({ reportPath: detail.value })}
                      spellcheck={false}
                    />
                  </FormField>
                </>
              )}
            </SpaceBetween>
          </Container>
          <Container
            header={
              <Header
                variant="h2"
                description="Batch Operations assumes this role to begin the replication of each object and to write the report."
              >
                Permissions
              </Header>
            }
          >
            <RolePicker
              value={draft}
              onChange={change}
              roles={roles}
              service="batchoperations.s3.amazonaws.com"
              createDescription="With a policy for exactly this job (recommended)."
              error={problems.role}
            />
          </Container>
        </SpaceBetween>
      </Form>
    </form>
  );
}
