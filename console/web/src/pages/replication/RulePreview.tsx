import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import type { BucketPlace } from "../../api/buckets.ts";
import { Failure } from "../../components/Loading.tsx";
import { useClient } from "../../context.tsx";
import { formatBytes, formatCount } from "../../model/format.ts";
import { overlapsOf } from "../../model/overlaps.ts";
import { type Coverage, coverageOf, KEYS_MAX } from "../../api/coverage.ts";
import { type Rule, scopeText } from "../../model/replication.ts";
import { OverlapList } from "./OverlapList.tsx";

interface Properties {
  readonly bucket: BucketPlace;
  readonly rule: Rule;
  readonly others: readonly Rule[];
}

/** What the rule would cover, looked at on request; the overlaps with other rules always. */
export function RulePreview({ bucket, rule, others }: Properties) {
  const client = useClient();
  const [looked, setLooked] = useState<{ scope: string; coverage: Coverage }>();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const scope = scopeText(rule);
  const coverage = looked?.scope === scope ? looked.coverage : undefined;
  const look = async () => {
    setBusy(true);
    setError(undefined);
    try {
      setLooked({ scope, coverage: await coverageOf(client, bucket, rule) });
    } catch (refused) {
      setError(refused);
    }
    setBusy(false);
  };
  return (
    <Container
      header={
        <Header
          variant="h2"
          description="Nothing is changed by looking. A rule applies to objects that are uploaded from now on."
          actions={
            <Button formAction="none" loading={busy} onClick={() => void look()}>
              Preview
            </Button>
          }
        >
          What this rule covers
        </Header>
      }
    >
      <SpaceBetween size="m">
        {error !== undefined && <Failure what="The bucket could not be looked through" error={error} />}
        {coverage ? (
          <KeyValuePairs
            columns={2}
            items={[
              {
                label: "Objects now in scope",
                value: `${formatCount(coverage.objects)}${coverage.complete ? "" : ` or more (the first ${formatCount(KEYS_MAX)} keys were looked at)`}, ${formatBytes(coverage.bytes)}`,
              },
              { label: "Scope", value: scope },
              {
                label: "Keys in scope, for example",
                value: <Keys keys={coverage.inside} none="No object is in scope now." />,
              },
              {
                label: "Keys out of scope, for example",
                value: <Keys keys={coverage.outside} none="No object is out of scope." />,
              },
            ]}
          />
        ) : (
          <Box color="text-body-secondary">
            Scope: {scope}. Preview counts the objects that are in it now, and shows some that are and some that are
            not.
          </Box>
        )}
        <OverlapList overlaps={overlapsOf(rule, others)} rule={rule} />
      </SpaceBetween>
    </Container>
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
