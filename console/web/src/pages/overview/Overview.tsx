import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { replicationOverview } from "../../api/replicationStatus.ts";
import { Loading, PageFailure } from "../../components/Loading.tsx";
import { useClient } from "../../context.tsx";
import { useLive } from "../../hooks/useLive.ts";
import { formatBytes, formatCount, formatDuration } from "../../model/format.ts";
import { ruleLines, type Totals, totalsOf } from "../../model/overview.ts";
import { Causes } from "./Causes.tsx";
import { RuleLines } from "./RuleLines.tsx";

/** Is anything actually behind? Every rule of every bucket, and what failed, by cause. */
export default function Overview() {
  const client = useClient();
  const { data, error, reload } = useLive((signal) => replicationOverview(client, signal), [client]);
  const retry = () => void reload();
  if (!data) {
    return error === undefined ? (
      <Loading />
    ) : (
      <PageFailure
        title="Replication overview"
        what="The replication rules could not be read"
        error={error}
        onRetry={retry}
      />
    );
  }
  return (
    <ContentLayout
      header={
        <Header
          variant="h1"
          description="Every replication rule of every bucket that you may see."
          actions={<Button iconName="refresh" ariaLabel="Refresh overview" onClick={retry} />}
        >
          Replication overview
        </Header>
      }
    >
      <SpaceBetween size="l">
        <Now totals={totalsOf(data)} />
        <RuleLines lines={ruleLines(data)} />
        <Causes causes={data.flatMap(({ status }) => status?.causes ?? [])} onRetried={reload} />
      </SpaceBetween>
    </ContentLayout>
  );
}

function Now({ totals }: { totals: Totals }) {
  const large = (text: string) => <Box fontSize="heading-l">{text}</Box>;
  return (
    <Container header={<Header variant="h2">Now</Header>}>
      <KeyValuePairs
        columns={4}
        items={[
          { label: "Operations pending", value: large(formatCount(totals.operations)) },
          { label: "Bytes pending", value: large(formatBytes(totals.bytes)) },
          { label: "Oldest pending", value: large(totals.operations > 0 ? formatDuration(totals.oldestAgeS) : "-") },
          { label: "Failed", value: large(formatCount(totals.failed)) },
        ]}
      />
    </Container>
  );
}
