import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Checkbox from "@cloudscape-design/components/checkbox";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import { useState } from "react";
import { type BucketPlace, getBucketPolicy, getVersioning, putBucketPolicy, putVersioning } from "../../api/buckets.ts";
import { EditDialog } from "../../components/EditDialog.tsx";
import { Failure, Loading } from "../../components/Loading.tsx";
import { JsonText } from "../../components/JsonText.tsx";
import { useConsole } from "../../context.tsx";
import { useLoad } from "../../hooks/useLoad.ts";
import { receivingStatements, withStatements } from "../../model/rolePolicy.ts";

const ROLE_ARN = /^arn:aws[a-z-]*:iam::\d{12}:role\/.+/;

/** Let another account's replication role write into this bucket: the policy that AWS's console generates. */
export function ReceiveObjects({ bucket, onClose }: { bucket: BucketPlace; onClose: () => void }) {
  const { client, tell } = useConsole();
  const policy = useLoad((signal) => getBucketPolicy(client, bucket, signal), [client, bucket]);
  const versioning = useLoad((signal) => getVersioning(client, bucket, signal), [client, bucket]);
  const [role, setRole] = useState("");
  const [ownerOverride, setOwnerOverride] = useState(true);
  const [checked, setChecked] = useState(false);
  const valid = ROLE_ARN.test(role.trim());
  const next = valid
    ? withStatements(policy.data, receivingStatements(bucket.name, role.trim(), ownerOverride))
    : undefined;

  const save = async () => {
    if (!next) return;
    if (versioning.data !== "Enabled") await putVersioning(client, bucket, "Enabled");
    await putBucketPolicy(client, bucket, next);
    tell({ type: "success", header: `Bucket "${bucket.name}" now receives replicas from ${role.trim()}` });
  };

  return (
    <EditDialog
      header="Receive replicated objects"
      size="large"
      disabled={policy.loading || policy.error !== undefined}
      isComplete={() => {
        setChecked(true);
        return valid;
      }}
      onClose={onClose}
      onSave={save}
    >
      <Box>
        A bucket policy lets the replication role of another account write replicas here. Within one account the role's
        own policy is enough.
      </Box>
      {policy.error !== undefined && <Failure what="The bucket policy could not be read" error={policy.error} />}
      {versioning.data && versioning.data !== "Enabled" && (
        <Alert type="info">Bucket Versioning is not enabled here. Saving enables it: a destination needs it.</Alert>
      )}
      <FormField
        label="ARN of the source account's replication role"
        errorText={
          checked && !valid
            ? "Enter a role ARN, like arn:aws:iam::111122223333:role/service-role/replication."
            : undefined
        }
      >
        <Input value={role} onChange={({ detail }) => setRole(detail.value)} spellcheck={false} />
      </FormField>
      <Checkbox checked={ownerOverride} onChange={({ detail }) => setOwnerOverride(detail.checked)}>
        Allow changing object ownership to the destination bucket owner
      </Checkbox>
      {policy.loading ? (
        <Loading />
      ) : (
        next && (
          <FormField label="Bucket policy after saving" stretch>
            <JsonText text={next} label="Bucket policy after saving" />
          </FormField>
        )
      )}
    </EditDialog>
  );
}
