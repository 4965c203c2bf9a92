import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { bucketRegion } from "../../api/buckets.ts";
import { getReplication } from "../../api/replication.ts";
import { Loading, PageFailure } from "../../components/Loading.tsx";
import { useClient } from "../../context.tsx";
import { useBucket } from "../../hooks/useBucket.ts";
import { useLoad } from "../../hooks/useLoad.ts";
import { overlapsOf } from "../../model/overlaps.ts";
import { byStrength, scopeText } from "../../model/replication.ts";
import { href } from "../../router.ts";
import { storageClassText } from "../objects/columns.tsx";
import { OverlapList } from "./OverlapList.tsx";
import { RuleStatus, switchText } from "./ruleColumns.tsx";
import { PageAlert } from "../../components/PageAlert.tsx";

export default function RulePage({ name, ruleId }: { name: string; ruleId: string }) {
  const client = useClient();
  const bucket = useBucket(name);
  const place = bucket.data;
  const found = useLoad(
    async (signal) => {
      if (!place) return undefined;
      const configuration = await getReplication(client, place, signal);
      const rule = byStrength(configuration?.rules ?? []).find((each) => each.id === ruleId);
      const region = rule && (await bucketRegion(client, rule.destination.bucket, signal));
      return { configuration, rule, region };
    },
    [client, place, ruleId],
  );
  if (bucket.error !== undefined)
    return <PageFailure title={ruleId} what={`Bucket "${name}" cannot be opened`} error={bucket.error} />;
  if (found.error !== undefined)
    return <PageFailure title={ruleId} what="The rule could not be read" error={found.error} />;
  if (!found.data || !place) return <Loading />;
  const { rule, configuration, region } = found.data;
  const management = href(`/buckets/${encodeURIComponent(name)}`, { tab: "management" });
  if (!rule || !configuration) {
    return (
      <PageAlert
        title={ruleId}
        type="warning"
        header={`There is no replication rule "${ruleId}"`}
        action={<Button href={management}>All rules</Button>}
      >
        It may have been deleted or renamed.
      </PageAlert>
    );
  }
  const { destination } = rule;
  return (
    <ContentLayout
      header={
        <Header
          variant="h1"
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <Button
                href={href(`/buckets/${encodeURIComponent(name)}/verify-replication`, {
                  destination: destination.bucket,
                })}
              >
                Verify replication
              </Button>
              <Button
                variant="primary"
                href={href(`/buckets/${encodeURIComponent(name)}/edit-replication-rule`, { rule: rule.id })}
              >
                Edit replication rule
              </Button>
            </SpaceBetween>
          }
        >
          {rule.id}
        </Header>
      }
    >
      <SpaceBetween size="l">
        <Container header={<Header variant="h2">Replication rule configuration</Header>}>
          <KeyValuePairs
            columns={3}
            items={[
              { label: "Status", value: <RuleStatus status={rule.status} /> },
              { label: "Priority", value: rule.priority ?? "-" },
              { label: "IAM role", value: <span className="key">{configuration.role}</span> },
            ]}
          />
        </Container>
        <Container header={<Header variant="h2">Source bucket</Header>}>
          <KeyValuePairs
            columns={3}
            items={[
              { label: "Source bucket name", value: name },
              { label: "Source Region", value: place.region },
              { label: "Rule scope", value: scopeText(rule) },
            ]}
          />
        </Container>
        <Container header={<Header variant="h2">Destination</Header>}>
          <KeyValuePairs
            columns={3}
            items={[
              {
                label: "Destination bucket",
                value: (
                  <Link href={href(`/buckets/${encodeURIComponent(destination.bucket)}`)}>
                    s3://{destination.bucket}
                  </Link>
                ),
              },
              { label: "Destination Region", value: region ?? "There is no such bucket" },
              { label: "Destination account", value: destination.account ?? "This account" },
              {
                label: "Replica owner",
                value: destination.ownerOverride ? "Destination bucket owner" : "Same as source",
              },
              {
                label: "Storage class",
                value: destination.storageClass ? storageClassText(destination.storageClass) : "Same as source",
              },
            ]}
          />
        </Container>
        <Container header={<Header variant="h2">Additional replication options</Header>}>
          <KeyValuePairs
            columns={4}
            items={[
              { label: "Replication Time Control (RTC)", value: switchText(destination.replicationTime?.status) },
              { label: "Replication metrics and events", value: switchText(destination.metrics?.status) },
              { label: "Delete marker replication", value: switchText(rule.deleteMarkers) },
              { label: "Replica modification sync", value: switchText(rule.replicaModifications) },
            ]}
          />
        </Container>
        <OverlapList overlaps={overlapsOf(rule, configuration.rules)} rule={rule} />
      </SpaceBetween>
    </ContentLayout>
  );
}
