import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { useState } from "react";
import { type BucketPlace, getVersioning, listBuckets } from "../../api/buckets.ts";
import { changeRules, getReplication } from "../../api/replication.ts";
import { Failure } from "../../components/Loading.tsx";
import { useConsole } from "../../context.tsx";
import { useLoad } from "../../hooks/useLoad.ts";
import { reorder } from "../../model/overlaps.ts";
import { byStrength, type Configuration, type Rule, type Switch } from "../../model/replication.ts";
import { href, navigate } from "../../router.ts";
import { DeleteRules } from "./DeleteRules.tsx";
import { EnableVersioning } from "./EnableVersioning.tsx";
import { ReceiveObjects } from "./ReceiveObjects.tsx";
import { ReorderRules } from "./ReorderRules.tsx";
import { ruleColumns } from "./ruleColumns.tsx";

type Dialog = "none" | "delete" | "delete-all" | "reorder" | "receive";

/** The bucket's replication rules, as the Management tab of the S3 console lists them. */
export default function ManagementTab({ bucket }: { bucket: BucketPlace }) {
  const { client, tell, tellError } = useConsole();
  const rules = useLoad((signal) => getReplication(client, bucket, signal), [client, bucket]);
  const versioning = useLoad((signal) => getVersioning(client, bucket, signal), [client, bucket]);
  const buckets = useLoad((signal) => listBuckets(client, signal), [client]);
  const [selectedId, setSelectedId] = useState<string>();
  const [dialog, setDialog] = useState<Dialog>("none");
  const [busy, setBusy] = useState(false);
  if (rules.error !== undefined && !rules.data) {
    return (
      <Failure what="The replication rules could not be read" error={rules.error} onRetry={() => void rules.reload()} />
    );
  }
  const configuration: Configuration = rules.data ?? { role: "", rules: [] };
  const sorted = byStrength(configuration.rules);
  const selected = sorted.find((rule) => rule.id === selectedId);
  const root = `/buckets/${encodeURIComponent(bucket.name)}`;
  const regions = new Map(buckets.data?.map((each) => [each.name, each.region]));

  const change = async (to: (standing: readonly Rule[]) => readonly Rule[], done: string) => {
    await changeRules(client, bucket, to);
    tell({ type: "success", header: done });
    await rules.reload();
  };
  const setStatus = async (status: Switch, only?: Rule) => {
    setBusy(true);
    try {
      await change(
        (standing) => standing.map((rule) => (!only || rule.id === only.id ? { ...rule, status } : rule)),
        only ? `Rule "${only.id}" is ${status.toLowerCase()}` : `All rules are ${status.toLowerCase()}`,
      );
    } catch (error) {
      tellError("The replication rules could not be changed", error);
    }
    setBusy(false);
  };
  const act = (id: string) => {
    if (id === "enable" && selected) void setStatus("Enabled", selected);
    if (id === "disable" && selected) void setStatus("Disabled", selected);
    if (id === "edit" && selected) navigate(href(`${root}/edit-replication-rule`, { rule: selected.id }));
    if (id === "enable-all") void setStatus("Enabled");
    if (id === "disable-all") void setStatus("Disabled");
    if (id === "reorder" || id === "receive" || id === "delete-all") setDialog(id);
  };

  return (
    <SpaceBetween size="l">
      {versioning.data && versioning.data !== "Enabled" && (
        <Alert
          type="warning"
          header="This bucket does not have Bucket Versioning enabled"
          action={<EnableVersioning bucket={bucket} onEnabled={versioning.reload} />}
        >
          Replication rules need versioning, on the source bucket and on the destination bucket.
        </Alert>
      )}
      <Table
        wrapLines
        stickyColumns={{ first: 2 }}
        items={sorted}
        trackBy="id"
        loading={rules.loading}
        loadingText="Loading replication rules"
        selectionType="single"
        selectedItems={selected ? [selected] : []}
        onSelectionChange={({ detail }) => setSelectedId(detail.selectedItems[0]?.id)}
        columnDefinitions={ruleColumns(bucket, regions)}
        ariaLabels={{
          tableLabel: "Replication rules",
          selectionGroupLabel: "Replication rules",
          itemSelectionLabel: (_, rule) => `Select ${rule.id}`,
        }}
        header={
          <Header
            variant="h2"
            counter={rules.data ? `(${sorted.length})` : undefined}
            description="Use replication rules to define options you want S3 to apply during replication, such as ownership, and replication to another destination. For each destination the matching rule with the highest priority applies."
            actions={
              <SpaceBetween direction="horizontal" size="xs">
                <Button disabled={!selected} href={selected && href(`${root}/replication-rule`, { rule: selected.id })}>
                  View details
                </Button>
                <Button
                  disabled={!selected}
                  href={selected && href(`${root}/edit-replication-rule`, { rule: selected.id })}
                >
                  Edit rule
                </Button>
                <Button disabled={!selected} onClick={() => setDialog("delete")}>
                  Delete
                </Button>
                <ButtonDropdown
                  loading={busy}
                  onItemClick={({ detail }) => act(detail.id)}
                  items={[
                    { id: "enable", text: "Enable rule", disabled: selected?.status !== "Disabled" },
                    { id: "disable", text: "Disable rule", disabled: selected?.status !== "Enabled" },
                    { id: "reorder", text: "Edit priorities", disabled: sorted.length < 2 },
                    { id: "receive", text: "Receive replicated objects" },
                    { id: "enable-all", text: "Enable all rules", disabled: sorted.length === 0 },
                    { id: "disable-all", text: "Disable all rules", disabled: sorted.length === 0 },
                    { id: "delete-all", text: "Delete all rules", disabled: sorted.length === 0 },
                  ]}
                >
                  Actions
                </ButtonDropdown>
                <Button variant="primary" href={href(`${root}/create-replication-rule`)}>
                  Create replication rule
                </Button>
              </SpaceBetween>
            }
          >
            Replication rules
          </Header>
        }
        empty={
          <Box textAlign="center" padding="m">
            <SpaceBetween size="m">
              <div>
                <b>No replication rules</b>
                <Box variant="p" color="text-body-secondary">
                  A rule copies new objects of this bucket to a destination bucket, by itself.
                </Box>
              </div>
              <Button href={href(`${root}/create-replication-rule`)}>Create replication rule</Button>
            </SpaceBetween>
          </Box>
        }
        footer={
          configuration.role ? (
            <Box color="text-body-secondary">
              IAM role: <span className="key">{configuration.role}</span>
            </Box>
          ) : undefined
        }
      />
      {dialog === "delete" && selected && (
        <DeleteRules
          rules={[selected]}
          onClose={() => setDialog("none")}
          onDelete={() =>
            change((standing) => standing.filter((rule) => rule.id !== selected.id), `Rule "${selected.id}" is deleted`)
          }
        />
      )}
      {dialog === "delete-all" && (
        <DeleteRules
          rules={configuration.rules}
          onClose={() => setDialog("none")}
          onDelete={() => change(() => [], "All rules are deleted")}
        />
      )}
      {dialog === "reorder" && (
        <ReorderRules
          rules={sorted}
          onClose={() => setDialog("none")}
          onSave={(order) => change((standing) => reorder(standing, order), "The priorities are changed")}
        />
      )}
      {dialog === "receive" && <ReceiveObjects bucket={bucket} onClose={() => setDialog("none")} />}
    </SpaceBetween>
  );
}
