import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { BucketPlace } from "../../api/buckets.ts";
import { messageOf } from "../../api/errors.ts";
import type { Preview, PreviewedOverlap, PreviewedRule } from "../../api/preview.ts";
import { Failure } from "../../components/Loading.tsx";
import { RoleSteps } from "../../components/RoleSteps.tsx";
import { usePreview } from "../../hooks/usePreview.ts";
import { formatBytes, formatCount, plural } from "../../model/format.ts";
import { overlapsOf } from "../../model/overlaps.ts";
import { type Rule, scopeText } from "../../model/replication.ts";
import { OverlapList } from "./OverlapList.tsx";

interface Properties {
  readonly bucket: BucketPlace;
  readonly rule: Rule;
  readonly others: readonly Rule[];
  /** What is missing before there is anything to look at. */
  readonly scopeProblem: string | undefined;
  /** undefined for one that is made when the rule is saved. */
  readonly role: string | undefined;
}

/** What the rule would cover, before it is saved; nothing is changed by looking. */
export function RulePreview({ bucket, rule, others, scopeProblem, role }: Properties) {
  const { preview, busy, error, look, name } = usePreview(bucket, rule, others, role);
  const previewed = preview?.rules.find((each) => each.rule === name);
  const steps = (role === undefined ? undefined : preview?.role.get(rule.destination.bucket)) ?? [];
  return (
    <Container
      header={
        <Header
          variant="h2"
          description="Were the bucket's objects written now. What is there already is not replicated by a rule, only by a Batch Operations job."
          actions={
            <Button
              formAction="none"
              loading={busy}
              disabled={rule.destination.bucket === "" || scopeProblem !== undefined}
              onClick={look}
            >
              Preview
            </Button>
          }
        >
          What this rule covers
        </Header>
      }
    >
      <SpaceBetween size="m">
        {error !== undefined && <Failure what="The rule could not be previewed" error={error} />}
        {preview?.errors.map((refusal) => (
          <Alert key={refusal.message} type="warning" header="S3 would refuse this">
            {refusal.code}: {messageOf(refusal)}
          </Alert>
        ))}
        {scopeProblem !== undefined ? (
          <Box color="text-body-secondary">{scopeProblem}</Box>
        ) : previewed && preview ? (
          <Coverage previewed={previewed} preview={preview} scope={scopeText(rule)} />
        ) : (
          <Box color="text-body-secondary">
            Scope: {scopeText(rule)}.
            {rule.destination.bucket === "" && " Choose a destination to see what the rule would cover."}
          </Box>
        )}
        {preview ? (
          <Overlaps overlaps={preview.overlaps.filter((each) => [each.winner, each.loser].includes(name))} />
        ) : (
          <OverlapList overlaps={overlapsOf(rule, others)} rule={rule} />
        )}
        {steps.length > 0 && (
          <ExpandableSection
            headerText={
              steps.every((step) => step.allowed)
                ? "The role may do all that is needed"
                : "The role may not do all that is needed"
            }
            defaultExpanded={steps.some((step) => !step.allowed)}
          >
            <RoleSteps steps={steps} />
          </ExpandableSection>
        )}
      </SpaceBetween>
    </Container>
  );
}

function Coverage({ previewed, preview, scope }: { previewed: PreviewedRule; preview: Preview; scope: string }) {
  const { covers, inside, outside, hint } = previewed;
  return (
    <SpaceBetween size="m">
      <KeyValuePairs
        columns={2}
        items={[
          {
            label: "Objects now in scope",
            value: (
              <span data-testid="objects-in-scope">
                {formatCount(covers.objects)}, {formatBytes(covers.objectBytes)}
                {!preview.complete && ` or more (${formatCount(preview.versions)} versions were looked at)`}
              </span>
            ),
          },
          { label: "Scope", value: `${scope} (${plural(covers.versions, "version")})` },
          { label: "Keys in scope, for example", value: <Keys keys={inside} none="No object is in scope now." /> },
          {
            label: "Keys out of scope, for example",
            value: (
              <Keys
                keys={outside.map((sample) => `${sample.key} (${sample.reason})`)}
                none="No object is out of scope."
              />
            ),
          },
        ]}
      />
      {hint && <Alert type="info">{hint}</Alert>}
    </SpaceBetween>
  );
}

function Overlaps({ overlaps }: { overlaps: readonly PreviewedOverlap[] }) {
  if (overlaps.length === 0) return null;
  return (
    <Alert type="info" header="Other rules with this destination cover some of the same objects">
      <ul>
        {overlaps.map((overlap) => (
          <li key={`${overlap.winner} ${overlap.loser}`}>
            "{overlap.winner}" wins over "{overlap.loser}" for {plural(overlap.versions, "version")}.
          </li>
        ))}
      </ul>
    </Alert>
  );
}

function Keys({ keys, none }: { keys: readonly string[]; none: string }) {
  if (keys.length === 0) return <Box color="text-body-secondary">{none}</Box>;
  return (
    <ul className="key">
      {keys.map((key) => (
        <li key={key}>{key}</li>
      ))}
    </ul>
  );
}
