import Box from "@cloudscape-design/components/box";
import type { BucketPlace } from "../../api/buckets.ts";
import type { Client } from "../../api/client.ts";
import { getRole, putInlinePolicy, updateTrustPolicy } from "../../api/iam.ts";
import { getReplication } from "../../api/replication.ts";
import { EditDialog } from "../../components/EditDialog.tsx";
import { JsonText } from "../../components/JsonText.tsx";
import { Failure, Loading } from "../../components/Loading.tsx";
import { useConsole } from "../../context.tsx";
import { useLoad } from "../../hooks/useLoad.ts";
import { byStrength } from "../../model/replication.ts";
import { replicationRolePolicy, S3_SERVICE, trustStatement, withStatements } from "../../model/rolePolicy.ts";

interface Properties {
  readonly bucket: BucketPlace;
  readonly onClose: () => void;
  readonly onMended: () => Promise<void>;
}

/** A policy with what the bucket's rules need, shown before the replication role gets it. */
export function MendRole({ bucket, onClose, onMended }: Properties) {
  const { client, tell } = useConsole();
  const lacking = useLoad((signal) => neededBy(client, bucket, signal), [client, bucket]);
  const policyName = `replication-of-${bucket.name}`;
  const save = async () => {
    if (!lacking.data) return;
    await give(client, lacking.data, policyName);
    tell({ type: "success", header: `Role "${lacking.data.role}" may do what the rules of "${bucket.name}" need` });
    await onMended();
  };
  return (
    <EditDialog
      header="Give the role what it lacks?"
      action="Put role policy"
      size="large"
      disabled={!lacking.data}
      onClose={onClose}
      onSave={save}
    >
      {lacking.error !== undefined && <Failure what="The role could not be read" error={lacking.error} />}
      {lacking.loading && <Loading />}
      {lacking.data && (
        <>
          <Box>
            Role <b>{lacking.data.role}</b> gets the inline policy <b>{policyName}</b>, which allows what the rules of
            this bucket need and nothing else{lacking.data.trust && ", and trusts Amazon S3 to assume it"}. It does not
            help against an explicit deny, a permissions boundary, or the bucket policy of another account.
          </Box>
          <JsonText text={lacking.data.policy} label="Policy" />
        </>
      )}
    </EditDialog>
  );
}

interface Needed {
  readonly role: string;
  readonly policy: string;
  /** A trust policy with S3 in it; undefined where S3 is trusted already. */
  readonly trust: string | undefined;
}

async function neededBy(client: Client, bucket: BucketPlace, signal: AbortSignal): Promise<Needed> {
  const configuration = await getReplication(client, bucket, signal);
  if (!configuration) throw new Error("The bucket has no replication rules any more.");
  if (!configuration.role.includes(`:${client.accountId}:role/`)) {
    throw new Error(`${configuration.role} is of another account, which alone can change it.`);
  }
  const name = configuration.role.slice(configuration.role.lastIndexOf("/") + 1);
  const role = await getRole(client, name, signal);
  const trusts = role.trustPolicy.includes(`"${S3_SERVICE}"`);
  return {
    role: name,
    policy: replicationRolePolicy(bucket.name, byStrength(configuration.rules)),
    trust: trusts ? undefined : withStatements(role.trustPolicy, [{ Sid: "Replication", ...trustStatement() }]),
  };
}

async function give(client: Client, { role, policy, trust }: Needed, policyName: string): Promise<void> {
  await putInlinePolicy(client, { kind: "Role", name: role }, policyName, policy);
  if (trust !== undefined) await updateTrustPolicy(client, role, trust);
}
