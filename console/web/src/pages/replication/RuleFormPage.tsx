import Button from "@cloudscape-design/components/button";
import { getVersioning } from "../../api/buckets.ts";
import { getReplication } from "../../api/replication.ts";
import { Loading, PageFailure } from "../../components/Loading.tsx";
import { useClient } from "../../context.tsx";
import { useBucket } from "../../hooks/useBucket.ts";
import { useLoad } from "../../hooks/useLoad.ts";
import { byStrength, type Configuration } from "../../model/replication.ts";
import { draftOf, newDraft } from "../../model/ruleDraft.ts";
import { href } from "../../router.ts";
import { EnableVersioning } from "./EnableVersioning.tsx";
import { RuleForm } from "./RuleForm.tsx";
import { PageAlert } from "../../components/PageAlert.tsx";

/** Create a rule (no rule id), or edit the one with the id. */
export default function RuleFormPage({ name, ruleId }: { name: string; ruleId: string | undefined }) {
  const client = useClient();
  const bucket = useBucket(name);
  const place = bucket.data;
  const standing = useLoad(
    async (signal) => {
      if (!place) return undefined;
      const [configuration, versioning] = await Promise.all([
        getReplication(client, place, signal),
        getVersioning(client, place, signal),
      ]);
      return { configuration, versioning };
    },
    [client, place],
  );
  if (bucket.error !== undefined)
    return (
      <PageFailure
        title={ruleId === undefined ? "Create replication rule" : "Edit replication rule"}
        what={`Bucket "${name}" cannot be opened`}
        error={bucket.error}
      />
    );
  if (standing.error !== undefined) {
    return (
      <PageFailure
        title={ruleId === undefined ? "Create replication rule" : "Edit replication rule"}
        what="The replication rules could not be read"
        error={standing.error}
        onRetry={() => void standing.reload()}
      />
    );
  }
  if (!place || !standing.data) return <Loading />;
  const { versioning } = standing.data;
  if (versioning !== "Enabled") {
    return (
      <PageAlert
        title={ruleId === undefined ? "Create replication rule" : "Edit replication rule"}
        type="warning"
        header="Source bucket does not have Bucket Versioning enabled"
        action={<EnableVersioning bucket={place} onEnabled={standing.reload} />}
      >
        Replication copies versions: enable Bucket Versioning on "{name}" to create a replication rule.
      </PageAlert>
    );
  }
  const configuration: Configuration = standing.data.configuration ?? { role: "", rules: [] };
  const rules = byStrength(configuration.rules);
  const edited = rules.find((rule) => rule.id === ruleId);
  if (ruleId !== undefined && !edited) {
    return (
      <PageAlert
        title={ruleId === undefined ? "Create replication rule" : "Edit replication rule"}
        type="warning"
        header={`There is no replication rule "${ruleId}"`}
        action={<Button href={href(`/buckets/${encodeURIComponent(name)}`, { tab: "management" })}>All rules</Button>}
      >
        It may have been deleted or renamed.
      </PageAlert>
    );
  }
  return (
    <RuleForm
      bucket={place}
      rules={rules}
      edited={edited}
      initial={
        edited
          ? draftOf(edited, configuration.role, client.accountId)
          : newDraft(rules, configuration.role || undefined)
      }
    />
  );
}
