import Box from "@cloudscape-design/components/box";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import Link from "@cloudscape-design/components/link";
import ProgressBar from "@cloudscape-design/components/progress-bar";
import Container from "@cloudscape-design/components/container";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import Table from "@cloudscape-design/components/table";
import { Copyable } from "../../components/Copyable.tsx";
import { formatCount, formatDuration, plural } from "../../model/format.ts";
import { type Counts, type Difference, differencesOf, type Verification } from "../../model/verification.ts";
import { href } from "../../router.ts";

interface Properties {
  readonly source: string;
  readonly found: Verification;
  readonly busy: boolean;
  readonly stopped: boolean;
}

export function VerificationResult({ source, found, busy, stopped }: Properties) {
  const { counts, differences, result } = found;
  const all = differencesOf(counts);
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2">Result</Header>}>
        <SpaceBetween size="m">
          <Verdict found={found} stopped={stopped} />
          {busy && (
            <ProgressBar
              ariaLabel="Verification"
              value={found.total ? (100 * counts.versions) / found.total : 0}
              description={`${formatCount(counts.versions)} of about ${plural(found.total ?? 0, "version")}`}
            />
          )}
          <KeyValuePairs columns={4} items={COUNTS.map(([label, of]) => ({ label, value: formatCount(of(counts)) }))} />
          {result && (
            <KeyValuePairs
              columns={2}
              items={[
                { label: "Took", value: formatDuration(result.tookS) },
                { label: "Digest", value: <Copyable text={result.digest} what="digest" /> },
              ]}
            />
          )}
        </SpaceBetween>
      </Container>
      {differences.length > 0 && (
        <Differences source={source} differences={differences} more={Math.max(0, all - differences.length)} />
      )}
    </SpaceBetween>
  );
}

const COUNTS: readonly (readonly [string, (counts: Counts) => number])[] = [
  ["Equal", (counts) => counts.equal],
  ["Pending", (counts) => counts.pending],
  ["Missing", (counts) => counts.missing],
  ["Different", (counts) => counts.different],
  ["Source damaged", (counts) => counts.sourceDamaged],
  ["Extra", (counts) => counts.extra],
  ["Not expected", (counts) => counts.notExpected],
  ["On their way again", (counts) => counts.repaired],
];

function Verdict({ found, stopped }: { found: Verification; stopped: boolean }) {
  const { result, broken, counts } = found;
  if (broken) return <StatusIndicator type="error">{broken}</StatusIndicator>;
  if (stopped) return <StatusIndicator type="stopped">Stopped. It is not kept as a verification.</StatusIndicator>;
  if (!result) return <StatusIndicator type="in-progress">Comparing</StatusIndicator>;
  if (!result.equal) {
    return <StatusIndicator type="error">Not equal: {plural(differencesOf(counts), "difference")}</StatusIndicator>;
  }
  return (
    <StatusIndicator type="success">
      Equal{counts.pending > 0 && `, with ${formatCount(counts.pending)} on their way`}
    </StatusIndicator>
  );
}

function Differences(properties: { source: string; differences: readonly Difference[]; more: number }) {
  const { source, differences, more } = properties;
  const root = `/buckets/${encodeURIComponent(source)}/object`;
  return (
    <Table
      wrapLines
      items={differences}
      ariaLabels={{ tableLabel: "Differences" }}
      header={
        <Header
          variant="h2"
          counter={`(${formatCount(differences.length + more)})`}
          description={more > 0 ? `The first ${formatCount(differences.length)} of them.` : undefined}
        >
          Differences
        </Header>
      }
      columnDefinitions={[
        { id: "kind", header: "Found", cell: (each) => each.kind },
        {
          id: "key",
          header: "Key",
          isRowHeader: true,
          cell: (each) =>
            each.kind === "EXTRA" ? (
              <span className="key">{each.key}</span>
            ) : (
              <Link href={href(root, { key: each.key, versionId: each.versionId })}>{each.key}</Link>
            ),
        },
        { id: "version", header: "Version ID", cell: (each) => <span className="key">{each.versionId}</span> },
        { id: "detail", header: "In what, or why", cell: (each) => each.detail || "-" },
        { id: "repair", header: "Repair", cell: (each) => <Repair of={each.repair} /> },
      ]}
      empty={<Box textAlign="center">No differences.</Box>}
    />
  );
}

function Repair({ of }: { of: string | undefined }) {
  if (of === "ON_ITS_WAY") return <StatusIndicator type="in-progress">On its way</StatusIndicator>;
  return of === "LEFT" ? <StatusIndicator type="stopped">Left as it is</StatusIndicator> : "-";
}
