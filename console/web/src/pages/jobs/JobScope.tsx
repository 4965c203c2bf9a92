import Checkbox from "@cloudscape-design/components/checkbox";
import Container from "@cloudscape-design/components/container";
import DatePicker from "@cloudscape-design/components/date-picker";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { ReplicationFilter } from "../../api/jobs.ts";
import type { JobDraft } from "../../model/jobDraft.ts";

const STATUSES: readonly { value: ReplicationFilter; label: string; description: string }[] = [
  { value: "NONE", label: "Never replicated", description: "From before the rule, or from while it was disabled." },
  { value: "FAILED", label: "Failed", description: "Tried, and refused for good." },
  { value: "COMPLETED", label: "Completed", description: "For destinations that were added since." },
  { value: "REPLICA", label: "Replicas", description: "Written here by another bucket's replication." },
];

/** Which objects the job takes: all that its rules cover, or by status and date. */
export function JobScope({ draft, change }: { draft: JobDraft; change: (part: Partial<JobDraft>) => void }) {
  const toggle = (status: ReplicationFilter, on: boolean) =>
    change({ statuses: on ? [...draft.statuses, status] : draft.statuses.filter((each) => each !== status) });
  return (
    <Container
      header={
        <Header variant="h2" description="Every version that the enabled rules cover, unless you narrow it down.">
          Manifest filters
        </Header>
      }
    >
      <SpaceBetween size="m">
        <FormField label="Replication status" description="None checked: objects of every status.">
          <SpaceBetween size="xs">
            {STATUSES.map(({ value, label, description }) => (
              <Checkbox
                key={value}
                checked={draft.statuses.includes(value)}
                description={description}
                onChange={({ detail }) => toggle(value, detail.checked)}
              >
                {label}
              </Checkbox>
            ))}
          </SpaceBetween>
        </FormField>
        <SpaceBetween direction="horizontal" size="l">
          <FormField
            label={
              <span>
                Created after - <i>optional</i>
              </span>
            }
            constraintText="YYYY/MM/DD, midnight UTC"
          >
            <DatePicker
              value={draft.createdAfter}
              placeholder="YYYY/MM/DD"
              openCalendarAriaLabel={() => "Choose the date after which"}
              onChange={({ detail }) => change({ createdAfter: detail.value })}
            />
          </FormField>
          <FormField
            label={
              <span>
                Created before - <i>optional</i>
              </span>
            }
            constraintText="YYYY/MM/DD, midnight UTC"
          >
            <DatePicker
              value={draft.createdBefore}
              placeholder="YYYY/MM/DD"
              openCalendarAriaLabel={() => "Choose the date before which"}
              onChange={({ detail }) => change({ createdBefore: detail.value })}
            />
          </FormField>
        </SpaceBetween>
      </SpaceBetween>
    </Container>
  );
}
