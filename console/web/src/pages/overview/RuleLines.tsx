import { useCollection } from "@cloudscape-design/collection-hooks";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import Pagination from "@cloudscape-design/components/pagination";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator, { type StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import Table, { type TableProps } from "@cloudscape-design/components/table";
import TextFilter from "@cloudscape-design/components/text-filter";
import { formatBytes, formatCount, formatDuration, plural } from "../../model/format.ts";
import type { RuleLine, RuleState } from "../../model/overview.ts";
import { href } from "../../router.ts";

const PAGE_SIZE = 20;

export function RuleLines({ lines }: { lines: readonly RuleLine[] }) {
  const { items, collectionProps, filterProps, paginationProps } = useCollection(lines, {
    filtering: {
      filteringFunction: (line, text) =>
        [line.bucket.name, line.rule.id, line.rule.destination].some((part) => part.includes(text.trim())),
      empty: <NoRules />,
      noMatch: <Box textAlign="center">No bucket or rule has this text in its name.</Box>,
    },
    pagination: { pageSize: PAGE_SIZE },
    sorting: {},
  });
  return (
    <Table
      {...collectionProps}
      items={items}
      trackBy="id"
      wrapLines
      columnDefinitions={COLUMNS}
      ariaLabels={{ tableLabel: "Replication rules" }}
      header={
        <Header variant="h2" counter={`(${lines.length})`}>
          Replication rules
        </Header>
      }
      filter={
        <TextFilter
          {...filterProps}
          filteringPlaceholder="Find buckets and rules"
          filteringAriaLabel="Find buckets and rules"
        />
      }
      pagination={<Pagination {...paginationProps} />}
    />
  );
}

const STATES: Readonly<Record<RuleState, { type: StatusIndicatorProps.Type; text: string }>> = {
  unknown: { type: "pending", text: "-" },
  "up-to-date": { type: "success", text: "Up to date" },
  replicating: { type: "in-progress", text: "Replicating" },
  behind: { type: "warning", text: "Behind" },
  "held-up": { type: "warning", text: "Held up" },
  failing: { type: "error", text: "Failures" },
  disabled: { type: "stopped", text: "Disabled" },
};

/** Few enough columns for 768 pixels: a rule stands with its buckets, and how old what waits is with how much it is. */
const COLUMNS: TableProps.ColumnDefinition<RuleLine>[] = [
  {
    id: "rule",
    header: "Source bucket and rule",
    isRowHeader: true,
    minWidth: 115,
    sortingField: "id",
    cell: (line) => <WhichRule line={line} />,
  },
  {
    id: "state",
    header: "State",
    minWidth: 135,
    cell: ({ state, error }) => (
      <StatusIndicator type={STATES[state].type}>
        {STATES[state].text}
        {state === "held-up" && `: ${error}`}
      </StatusIndicator>
    ),
  },
  { id: "pending", header: "Pending", sortingField: "operations", cell: (line) => <Waiting line={line} /> },
  { id: "rate", header: "Per second", cell: (line) => formatCount(Math.round(line.operationsPerS)) },
  { id: "failed", header: "Failed", cell: (line) => formatCount(line.failed) },
  { id: "verified", header: "Verified", cell: (line) => <Verified line={line} /> },
];

function Waiting({ line: { operations, bytes, oldestAgeS } }: { line: RuleLine }) {
  if (operations === 0) return "0";
  return (
    <>
      {formatCount(operations)} ({formatBytes(bytes)})<div>oldest {formatDuration(oldestAgeS)}</div>
    </>
  );
}

function WhichRule({ line: { bucket, rule } }: { line: RuleLine }) {
  const source = `/buckets/${encodeURIComponent(bucket.name)}`;
  return (
    <div className="key">
      <Link href={href(source)}>{bucket.name}</Link>
      <div>
        <Link href={href(`${source}/replication-rule`, { rule: rule.id })}>{rule.id}</Link>
      </div>
      <div>
        to <Link href={href(`/buckets/${encodeURIComponent(rule.destination)}`)}>{rule.destination}</Link>
      </div>
    </div>
  );
}

/** What the last verification found, and when; it leads to where one is made. */
function Verified({ line: { bucket, rule, state, lastVerification } }: { line: RuleLine }) {
  const destination = rule.destination;
  const page = href(`/buckets/${encodeURIComponent(bucket.name)}/verify-replication`, { destination });
  const verify = (
    <Link href={page} ariaLabel={`Verify ${destination} of ${bucket.name}`}>
      Verify
    </Link>
  );
  if (state === "unknown") return "-";
  if (!lastVerification) return <>Never verified. {verify}</>;
  const { at, deep, equal, differences } = lastVerification;
  const ageS = at && Math.max(0, Date.now() - at.getTime()) / 1000;
  return (
    <>
      <StatusIndicator type={equal ? "success" : "error"}>
        {equal ? "Equal" : plural(differences, "difference")}
        {deep && ", every body read"}
      </StatusIndicator>{" "}
      {ageS !== undefined && `${formatDuration(Math.ceil(ageS))} ago`} {verify}
    </>
  );
}

function NoRules() {
  return (
    <Box textAlign="center" padding="m">
      <SpaceBetween size="m">
        <div>
          <b>No replication rules</b>
          <Box variant="p" color="text-body-secondary">
            Open a bucket, and create a rule on its Management tab.
          </Box>
        </div>
        <Button href={href("/buckets")}>Buckets</Button>
      </SpaceBetween>
    </Box>
  );
}
