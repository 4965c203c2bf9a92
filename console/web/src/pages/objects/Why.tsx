import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import Table from "@cloudscape-design/components/table";
import { useState } from "react";
import { explain, type ExplainedDestination, type ExplainedRule, type Explanation } from "../../api/explain.ts";
import type { ObjectPlace, ReplicationStatus } from "../../api/objects.ts";
import { Failure, Loading } from "../../components/Loading.tsx";
import { RoleSteps } from "../../components/RoleSteps.tsx";
import { ReplicationStatusText } from "../../components/ReplicationStatusText.tsx";
import { useClient } from "../../context.tsx";
import { LIVE_MS, useLive } from "../../hooks/useLive.ts";
import { formatTime } from "../../model/format.ts";
import { href } from "../../router.ts";
import { Mend } from "./Mend.tsx";

interface Properties {
  readonly place: ObjectPlace;
  readonly status: ReplicationStatus | undefined;
  readonly onMended: () => Promise<void>;
}

/** Where the version stands at each destination, and, asked why: each rule's part in it, and what would mend it. */
export function Why({ place, status, onMended }: Properties) {
  const client = useClient();
  const [asked, setAsked] = useState(false);
  const { bucket, key, versionId } = place;
  const found = useLive((signal) => explain(client, place, signal), [client, bucket, key, versionId, status], {
    pauseMs: ({ destinations }) => (destinations.some((each) => each.status === "PENDING") ? LIVE_MS : undefined),
  });
  const mended = async () => {
    await found.reload();
    await onMended();
  };
  return (
    <Container
      header={
        <Header
          variant="h2"
          description="Per destination, as this server knows it."
          actions={
            <Button onClick={() => setAsked((before) => !before)} ariaExpanded={asked}>
              Why?
            </Button>
          }
        >
          Replication
        </Header>
      }
    >
      <SpaceBetween size="m">
        {found.error !== undefined && !found.data && (
          <Failure what="Replication of this version cannot be explained" error={found.error} />
        )}
        {found.loading && <Loading />}
        {found.data && <Destinations destinations={found.data.destinations} />}
        {found.data && asked && <Reasons explanation={found.data} place={place} onMended={mended} />}
      </SpaceBetween>
    </Container>
  );
}

function Destinations({ destinations }: { destinations: readonly ExplainedDestination[] }) {
  return (
    <Table
      wrapLines
      variant="embedded"
      items={destinations}
      ariaLabels={{ tableLabel: "Destinations" }}
      columnDefinitions={[
        {
          id: "bucket",
          header: "Destination bucket",
          isRowHeader: true,
          cell: (each) => <Link href={href(`/buckets/${encodeURIComponent(each.bucket)}`)}>{each.bucket}</Link>,
        },
        { id: "region", header: "Region", cell: (each) => each.region ?? "-" },
        {
          id: "status",
          header: "Status",
          minWidth: 155,
          cell: (each) => <ReplicationStatusText status={each.status} />,
        },
        { id: "rule", header: "Rule", cell: (each) => each.rule || "-" },
        { id: "since", header: "Since", cell: (each) => formatTime(each.at) },
        { id: "detail", header: "Detail", cell: (each) => detailOf(each) || "-" },
      ]}
      empty={<Box textAlign="center">This version goes to no destination.</Box>}
    />
  );
}

function detailOf(destination: ExplainedDestination): string {
  const { waiting } = destination;
  const tried = waiting && waiting.attempts > 0 ? `tried ${waiting.attempts} times` : "";
  const next = waiting?.nextTry ? `next try ${waiting.nextTry.toLocaleTimeString("en-GB")}` : "";
  return [destination.code, destination.detail, waiting?.error, tried, next].filter(Boolean).join(", ");
}

function Reasons({
  explanation,
  place,
  onMended,
}: {
  explanation: Explanation;
  place: ObjectPlace;
  onMended: () => Promise<void>;
}) {
  const remedies = [
    ...explanation.destinations.map((each) => ({ remedy: each.remedy, destination: each.bucket })),
    { remedy: explanation.remedy, destination: undefined },
    ...explanation.rules
      .filter((each) => !each.covers)
      .map((each) => ({ remedy: each.remedy, destination: each.destination })),
  ];
  const distinct = remedies.filter(
    ({ remedy }, index) => remedies.findIndex((each) => each.remedy?.text === remedy?.text) === index,
  );
  return (
    <SpaceBetween size="m">
      <Alert type={explanation.status === "FAILED" ? "error" : "info"} header={explanation.code ?? explanation.reason}>
        {explanation.summary}
      </Alert>
      {distinct.map(
        ({ remedy, destination }) =>
          remedy && (
            <Mend key={remedy.text} remedy={remedy} destination={destination} place={place} onMended={onMended} />
          ),
      )}
      {explanation.rules
        .filter((each) => each.role.length > 0)
        .map((each) => (
          <ExpandableSection
            key={each.rule}
            headerText={`What the role may do for ${each.destination}`}
            defaultExpanded={each.role.some((step) => !step.allowed)}
          >
            <RoleSteps steps={each.role} />
          </ExpandableSection>
        ))}
      <ExpandableSection headerText="Every rule's part in it" defaultExpanded={explanation.rules.length > 0}>
        <Rules rules={explanation.rules} place={place} />
      </ExpandableSection>
    </SpaceBetween>
  );
}

function Rules({ rules, place }: { rules: readonly ExplainedRule[]; place: ObjectPlace }) {
  const root = `/buckets/${encodeURIComponent(place.bucket.name)}`;
  return (
    <Table
      wrapLines
      variant="embedded"
      items={rules}
      ariaLabels={{ tableLabel: "Rules" }}
      columnDefinitions={[
        {
          id: "rule",
          header: "Rule",
          isRowHeader: true,
          cell: (each) => <Link href={href(`${root}/replication-rule`, { rule: each.rule })}>{each.rule}</Link>,
        },
        { id: "priority", header: "Priority", cell: (each) => each.priority },
        { id: "destination", header: "Destination bucket", cell: (each) => each.destination },
        {
          id: "covers",
          header: "Covers this version",
          cell: (each) =>
            each.covers ? (
              <StatusIndicator type="success">Yes</StatusIndicator>
            ) : (
              <StatusIndicator type="stopped">No</StatusIndicator>
            ),
        },
        { id: "reason", header: "Reason", cell: (each) => each.reason ?? "-" },
        { id: "detail", header: "Detail", cell: (each) => each.detail || "-" },
      ]}
      empty={<Box textAlign="center">The bucket has no replication rules.</Box>}
    />
  );
}
